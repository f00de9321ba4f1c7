-- What the migrations add up to. Written by: python -m patchring.serve.schema --write
-- For reading and comparing; the database itself is built from src/patchring/store/migrations.

CREATE TABLE patchring.action (
  tenant_id uuid NOT NULL,
  action_id uuid NOT NULL,
  device_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  kind text NOT NULL,
  purpose text NOT NULL,
  packages jsonb NOT NULL,
  probes text[] NOT NULL DEFAULT '{}'::text[],
  reboot text NOT NULL DEFAULT 'if_required'::text,
  title text NOT NULL,
  state text NOT NULL,
  state_at timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL,
  detail text NOT NULL DEFAULT ''::text,
  boot_id_before text NOT NULL DEFAULT ''::text,
  started_at timestamp with time zone,
  acted_at timestamp with time zone,
  acted_sequence bigint,
  finished_report_id uuid,
  CONSTRAINT action_kind_check CHECK ((kind = ANY (ARRAY['install'::text, 'downgrade'::text, 'reboot'::text]))),
  CONSTRAINT action_pkey PRIMARY KEY (tenant_id, action_id),
  CONSTRAINT action_purpose_check CHECK ((purpose = ANY (ARRAY['patch'::text, 'remedy'::text]))),
  CONSTRAINT action_tenant_id_rollout_id_device_id_fkey FOREIGN KEY (tenant_id, rollout_id, device_id) REFERENCES patchring.rollout_device(tenant_id, rollout_id, device_id)
);
CREATE INDEX action_by_rollout ON patchring.action USING btree (tenant_id, rollout_id, device_id, created_at);
CREATE INDEX action_live ON patchring.action USING btree (tenant_id, device_id, created_at) WHERE (state = ANY (ARRAY['offered'::text, 'permitted'::text, 'started'::text, 'reboot_pending'::text]));
ALTER TABLE patchring.action ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.action FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.action TO patchring_dispatcher;
GRANT SELECT ON patchring.action TO patchring_ingest;
GRANT SELECT, UPDATE (state), UPDATE (state_at) ON patchring.action TO patchring_signer;
GRANT SELECT ON patchring.action TO patchring_staff;
GRANT SELECT ON patchring.action TO patchring_web;

CREATE TABLE patchring.advisory_line (
  feed text NOT NULL,
  part text NOT NULL,
  key text NOT NULL,
  known_from timestamp with time zone NOT NULL,
  number integer NOT NULL,
  known_to timestamp with time zone,
  ecosystem text NOT NULL,
  package text NOT NULL,
  introduced text NOT NULL,
  fixed text NOT NULL,
  last text NOT NULL,
  CONSTRAINT advisory_line_feed_part_key_known_from_fkey FOREIGN KEY (feed, part, key, known_from) REFERENCES patchring.catalogue(feed, part, key, known_from),
  CONSTRAINT advisory_line_pkey PRIMARY KEY (feed, part, key, known_from, number)
);
CREATE INDEX advisory_line_by_package ON patchring.advisory_line USING btree (ecosystem, package) WHERE (known_to IS NULL);
GRANT SELECT ON patchring.advisory_line TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.advisory_line TO patchring_feeder;
GRANT SELECT ON patchring.advisory_line TO patchring_staff;
GRANT SELECT ON patchring.advisory_line TO patchring_web;

CREATE TABLE patchring.approval (
  tenant_id uuid NOT NULL,
  approval_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  decision text NOT NULL,
  segments text[] NOT NULL DEFAULT '{}'::text[],
  reason text NOT NULL,
  statement jsonb,
  decided_at timestamp with time zone NOT NULL,
  decided_by text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  withdrawn_at timestamp with time zone,
  CONSTRAINT approval_check CHECK (((decision = 'reject'::text) OR (statement IS NOT NULL))),
  CONSTRAINT approval_decision_check CHECK ((decision = ANY (ARRAY['approve'::text, 'reject'::text]))),
  CONSTRAINT approval_pkey PRIMARY KEY (tenant_id, approval_id),
  CONSTRAINT approval_tenant_id_patch_id_fkey FOREIGN KEY (tenant_id, patch_id) REFERENCES patchring.patch(tenant_id, patch_id)
);
CREATE INDEX approval_by_patch ON patchring.approval USING btree (tenant_id, patch_id, decided_at);
ALTER TABLE patchring.approval ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.approval FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.approval TO patchring_dispatcher;
GRANT SELECT ON patchring.approval TO patchring_signer;
GRANT SELECT ON patchring.approval TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.approval TO patchring_web;

CREATE TABLE patchring.campaign (
  campaign_id uuid NOT NULL,
  patch_key text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT campaign_pkey PRIMARY KEY (campaign_id)
);
CREATE INDEX campaign_by_patch ON patchring.campaign USING btree (patch_key, created_at);
GRANT INSERT, SELECT ON patchring.campaign TO patchring_dispatcher;
GRANT SELECT ON patchring.campaign TO patchring_signer;
GRANT SELECT ON patchring.campaign TO patchring_staff;
GRANT INSERT, SELECT ON patchring.campaign TO patchring_web;

CREATE TABLE patchring.campaign_rollout (
  campaign_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  CONSTRAINT campaign_rollout_campaign_id_fkey FOREIGN KEY (campaign_id) REFERENCES patchring.campaign(campaign_id),
  CONSTRAINT campaign_rollout_pkey PRIMARY KEY (campaign_id, tenant_id)
);
GRANT INSERT, SELECT ON patchring.campaign_rollout TO patchring_dispatcher;
GRANT INSERT ON patchring.campaign_rollout TO patchring_web;

CREATE TABLE patchring.catalogue (
  feed text NOT NULL,
  part text NOT NULL,
  key text NOT NULL,
  known_from timestamp with time zone NOT NULL,
  known_to timestamp with time zone,
  body jsonb NOT NULL,
  CONSTRAINT catalogue_check CHECK ((known_to > known_from)),
  CONSTRAINT catalogue_pkey PRIMARY KEY (feed, part, key, known_from)
);
CREATE INDEX catalogue_by_cve ON patchring.catalogue USING gin (((body -> 'cves'::text)) jsonb_path_ops) WHERE (feed = ANY (ARRAY['osv'::text, 'sofa'::text]));
CREATE INDEX catalogue_by_kb ON patchring.catalogue USING btree (((body ->> 'kb'::text))) WHERE ((feed = 'msrc'::text) AND (known_to IS NULL));
CREATE INDEX catalogue_by_key ON patchring.catalogue USING btree (feed, key);
CREATE UNIQUE INDEX catalogue_now ON patchring.catalogue USING btree (feed, part, key) WHERE (known_to IS NULL);
GRANT SELECT ON patchring.catalogue TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.catalogue TO patchring_feeder;
GRANT SELECT ON patchring.catalogue TO patchring_staff;
GRANT SELECT ON patchring.catalogue TO patchring_web;

CREATE TABLE patchring.denial (
  tenant_id uuid NOT NULL,
  action_id uuid NOT NULL,
  denied_at timestamp with time zone NOT NULL,
  denial_count integer NOT NULL DEFAULT 1,
  reasons jsonb NOT NULL,
  CONSTRAINT denial_pkey PRIMARY KEY (tenant_id, action_id),
  CONSTRAINT denial_tenant_id_action_id_fkey FOREIGN KEY (tenant_id, action_id) REFERENCES patchring.action(tenant_id, action_id)
);
ALTER TABLE patchring.denial ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.denial FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.denial TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.denial TO patchring_signer;
GRANT SELECT ON patchring.denial TO patchring_staff;
GRANT SELECT ON patchring.denial TO patchring_web;

CREATE TABLE patchring.device (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  site_id uuid NOT NULL,
  name text NOT NULL,
  public_key text NOT NULL,
  state text NOT NULL DEFAULT 'active'::text,
  enrolled_at timestamp with time zone NOT NULL,
  class text NOT NULL DEFAULT 'workstation'::text,
  roles text[] NOT NULL DEFAULT '{}'::text[],
  criticality text NOT NULL DEFAULT 'standard'::text,
  internet_facing boolean,
  redundancy_group text,
  groups text[] NOT NULL DEFAULT '{}'::text[],
  sacrificial boolean NOT NULL DEFAULT false,
  observe_only boolean NOT NULL DEFAULT false,
  os_name text NOT NULL DEFAULT ''::text,
  os_version text NOT NULL DEFAULT ''::text,
  architecture text NOT NULL DEFAULT ''::text,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT device_criticality_check CHECK ((criticality = ANY (ARRAY['low'::text, 'standard'::text, 'high'::text, 'mission'::text]))),
  CONSTRAINT device_pkey PRIMARY KEY (tenant_id, device_id),
  CONSTRAINT device_state_check CHECK ((state = ANY (ARRAY['active'::text, 'retired'::text]))),
  CONSTRAINT device_tenant_id_public_key_key UNIQUE (tenant_id, public_key),
  CONSTRAINT device_tenant_id_site_id_fkey FOREIGN KEY (tenant_id, site_id) REFERENCES patchring.site(tenant_id, site_id)
);
CREATE INDEX device_name ON patchring.device USING btree (tenant_id, name, device_id);
ALTER TABLE patchring.device ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.device FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT, UPDATE ON patchring.device TO patchring_dispatcher;
GRANT INSERT, SELECT ON patchring.device TO patchring_ingest;
GRANT SELECT ON patchring.device TO patchring_signer;
GRANT SELECT ON patchring.device TO patchring_staff;
GRANT SELECT, UPDATE ON patchring.device TO patchring_web;

CREATE TABLE patchring.device_contact (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  session_epoch integer NOT NULL DEFAULT 1,
  last_seen_at timestamp with time zone,
  silent_from_at timestamp with time zone,
  returned_at timestamp with time zone,
  boot_id text NOT NULL DEFAULT ''::text,
  uptime_s bigint NOT NULL DEFAULT 0,
  scan_digest text NOT NULL DEFAULT ''::text,
  unsent_count integer NOT NULL DEFAULT 0,
  agent_version text NOT NULL DEFAULT ''::text,
  busy_action_id text NOT NULL DEFAULT ''::text,
  scan_wanted boolean NOT NULL DEFAULT true,
  CONSTRAINT device_contact_pkey PRIMARY KEY (tenant_id, device_id),
  CONSTRAINT device_contact_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id)
) WITH (fillfactor=50);
ALTER TABLE patchring.device_contact ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.device_contact FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT, UPDATE ON patchring.device_contact TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.device_contact TO patchring_ingest;
GRANT SELECT ON patchring.device_contact TO patchring_signer;
GRANT SELECT ON patchring.device_contact TO patchring_staff;
GRANT SELECT, UPDATE ON patchring.device_contact TO patchring_web;

CREATE TABLE patchring.device_inventory (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  taken_at timestamp with time zone NOT NULL,
  received_at timestamp with time zone NOT NULL,
  report_id uuid NOT NULL,
  boot_id text NOT NULL,
  reboot_pending boolean NOT NULL,
  scan jsonb NOT NULL,
  package_set text NOT NULL DEFAULT ''::text,
  CONSTRAINT device_inventory_pkey PRIMARY KEY (tenant_id, device_id),
  CONSTRAINT device_inventory_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id)
);
CREATE INDEX device_inventory_by_set ON patchring.device_inventory USING btree (tenant_id, package_set);
ALTER TABLE patchring.device_inventory ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.device_inventory FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.device_inventory TO patchring_dispatcher;
GRANT SELECT ON patchring.device_inventory TO patchring_signer;
GRANT SELECT ON patchring.device_inventory TO patchring_staff;
GRANT SELECT ON patchring.device_inventory TO patchring_web;

CREATE TABLE patchring.due (
  tenant_id uuid NOT NULL,
  kind text NOT NULL,
  id uuid NOT NULL,
  wake_at timestamp with time zone NOT NULL,
  lease_until timestamp with time zone,
  lease_token uuid,
  attempt_count smallint NOT NULL DEFAULT 0,
  CONSTRAINT due_pkey PRIMARY KEY (tenant_id, kind, id)
);
CREATE INDEX due_abandoned ON patchring.due USING btree (tenant_id, lease_until) WHERE (lease_until IS NOT NULL);
CREATE INDEX due_next ON patchring.due USING btree (tenant_id, wake_at);
GRANT DELETE, INSERT, SELECT, UPDATE ON patchring.due TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.due TO patchring_feeder;
GRANT INSERT, SELECT, UPDATE ON patchring.due TO patchring_ingest;
GRANT INSERT, SELECT, UPDATE ON patchring.due TO patchring_signer;
GRANT SELECT ON patchring.due TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.due TO patchring_web;

CREATE TABLE patchring.enrolment_token (
  tenant_id uuid NOT NULL,
  token_id uuid NOT NULL,
  site_id uuid NOT NULL,
  secret_hash text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  use_count_max integer NOT NULL,
  use_count integer NOT NULL DEFAULT 0,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  revoked_at timestamp with time zone,
  CONSTRAINT enrolment_token_check CHECK (((use_count >= 0) AND (use_count <= use_count_max))),
  CONSTRAINT enrolment_token_pkey PRIMARY KEY (tenant_id, token_id),
  CONSTRAINT enrolment_token_tenant_id_site_id_fkey FOREIGN KEY (tenant_id, site_id) REFERENCES patchring.site(tenant_id, site_id),
  CONSTRAINT enrolment_token_use_count_max_check CHECK ((use_count_max > 0))
);
ALTER TABLE patchring.enrolment_token ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.enrolment_token FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT, UPDATE ON patchring.enrolment_token TO patchring_ingest;
GRANT INSERT, SELECT, UPDATE ON patchring.enrolment_token TO patchring_web;

CREATE TABLE patchring.event (
  tenant_id uuid NOT NULL,
  on_month date NOT NULL,
  seq bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  actor text NOT NULL,
  kind text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  data jsonb NOT NULL,
  schema_version smallint NOT NULL,
  policy_fingerprint text NOT NULL DEFAULT ''::text,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id(),
  CONSTRAINT event_pkey PRIMARY KEY (tenant_id, on_month, seq),
  CONSTRAINT event_seq_check CHECK ((seq > 0)),
  CONSTRAINT event_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
) PARTITION BY RANGE (on_month);
CREATE INDEX event_by_subject ON ONLY patchring.event USING btree (tenant_id, subject_kind, subject_id, seq);
ALTER TABLE patchring.event ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.event FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT ON patchring.event TO patchring_dispatcher;
GRANT INSERT ON patchring.event TO patchring_ingest;
GRANT INSERT ON patchring.event TO patchring_signer;
GRANT SELECT ON patchring.event TO patchring_staff;
GRANT INSERT, SELECT ON patchring.event TO patchring_web;

CREATE TABLE patchring.event_head (
  tenant_id uuid NOT NULL,
  seq bigint NOT NULL,
  hash text NOT NULL,
  CONSTRAINT event_head_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT event_head_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
ALTER TABLE patchring.event_head ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.event_head FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.event_head TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.event_head TO patchring_ingest;
GRANT INSERT, SELECT, UPDATE ON patchring.event_head TO patchring_signer;
GRANT SELECT ON patchring.event_head TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.event_head TO patchring_web;

CREATE TABLE patchring.event_rest (
  tenant_id uuid NOT NULL,
  on_month date NOT NULL,
  seq bigint NOT NULL,
  at timestamp with time zone NOT NULL,
  actor text NOT NULL,
  kind text NOT NULL,
  subject_kind text NOT NULL,
  subject_id text NOT NULL,
  data jsonb NOT NULL,
  schema_version smallint NOT NULL,
  policy_fingerprint text NOT NULL DEFAULT ''::text,
  previous_hash text NOT NULL,
  hash text NOT NULL,
  transaction xid8 NOT NULL DEFAULT pg_current_xact_id()
) PARTITION OF patchring.event DEFAULT;
ALTER TABLE patchring.event_rest ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.event_rest FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.event_rest TO patchring_dispatcher;
GRANT SELECT ON patchring.event_rest TO patchring_staff;
GRANT SELECT ON patchring.event_rest TO patchring_web;

CREATE TABLE patchring.evidence (
  patch_key text NOT NULL,
  ring smallint NOT NULL,
  tenant_count integer NOT NULL DEFAULT 0,
  device_count integer NOT NULL DEFAULT 0,
  verified_count integer NOT NULL DEFAULT 0,
  failed_count integer NOT NULL DEFAULT 0,
  first_verified_at timestamp with time zone,
  last_verified_at timestamp with time zone,
  CONSTRAINT evidence_pkey PRIMARY KEY (patch_key, ring)
);
GRANT INSERT, SELECT, UPDATE ON patchring.evidence TO patchring_dispatcher;
GRANT SELECT ON patchring.evidence TO patchring_signer;
GRANT SELECT ON patchring.evidence TO patchring_staff;
GRANT INSERT (device_count), INSERT (patch_key), INSERT (ring), INSERT (tenant_count), SELECT, UPDATE (device_count), UPDATE (tenant_count) ON patchring.evidence TO patchring_web;

CREATE TABLE patchring.feed (
  feed text NOT NULL,
  part text NOT NULL DEFAULT ''::text,
  observed_at timestamp with time zone,
  published_at timestamp with time zone,
  version text NOT NULL DEFAULT ''::text,
  sha256 text NOT NULL DEFAULT ''::text,
  size_bytes bigint NOT NULL DEFAULT 0,
  row_count integer NOT NULL DEFAULT 0,
  etag text NOT NULL DEFAULT ''::text,
  last_modified text NOT NULL DEFAULT ''::text,
  tried_at timestamp with time zone,
  problem_kind text NOT NULL DEFAULT ''::text,
  problem text NOT NULL DEFAULT ''::text,
  failure_count integer NOT NULL DEFAULT 0,
  CONSTRAINT feed_pkey PRIMARY KEY (feed, part)
);
GRANT SELECT ON patchring.feed TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.feed TO patchring_feeder;
GRANT SELECT ON patchring.feed TO patchring_staff;
GRANT SELECT ON patchring.feed TO patchring_web;

CREATE TABLE patchring.feed_observation (
  feed text NOT NULL,
  part text NOT NULL,
  observed_at timestamp with time zone NOT NULL,
  outcome text NOT NULL,
  version text NOT NULL DEFAULT ''::text,
  sha256 text NOT NULL DEFAULT ''::text,
  appeared_count integer NOT NULL DEFAULT 0,
  changed_count integer NOT NULL DEFAULT 0,
  vanished_count integer NOT NULL DEFAULT 0,
  problem_kind text NOT NULL DEFAULT ''::text,
  problem text NOT NULL DEFAULT ''::text,
  CONSTRAINT feed_observation_outcome_check CHECK ((outcome = ANY (ARRAY['taken'::text, 'refused'::text]))),
  CONSTRAINT feed_observation_pkey PRIMARY KEY (feed, part, observed_at)
);
GRANT SELECT ON patchring.feed_observation TO patchring_dispatcher;
GRANT INSERT, SELECT ON patchring.feed_observation TO patchring_feeder;
GRANT SELECT ON patchring.feed_observation TO patchring_staff;
GRANT SELECT ON patchring.feed_observation TO patchring_web;

CREATE TABLE patchring.finding (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  cve text NOT NULL,
  package text NOT NULL,
  known_from timestamp with time zone NOT NULL,
  known_to timestamp with time zone,
  installed_version text NOT NULL,
  fixed_version text NOT NULL,
  ecosystem text NOT NULL,
  advisory_id text NOT NULL,
  severity text NOT NULL,
  vector text NOT NULL,
  cvss_tenths smallint,
  fixable_at timestamp with time zone NOT NULL,
  exploited_at timestamp with time zone,
  due_at timestamp with time zone,
  triage boolean NOT NULL DEFAULT false,
  due_reasons jsonb NOT NULL DEFAULT '[]'::jsonb,
  CONSTRAINT finding_pkey PRIMARY KEY (tenant_id, device_id, cve, package, known_from),
  CONSTRAINT finding_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id)
);
CREATE INDEX finding_by_cve ON patchring.finding USING btree (tenant_id, cve) WHERE (known_to IS NULL);
CREATE UNIQUE INDEX finding_now ON patchring.finding USING btree (tenant_id, device_id, cve, package) WHERE (known_to IS NULL);
ALTER TABLE patchring.finding ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.finding FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.finding TO patchring_dispatcher;
GRANT SELECT ON patchring.finding TO patchring_staff;
GRANT SELECT ON patchring.finding TO patchring_web;

CREATE TABLE patchring.gate_device (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  device_id uuid NOT NULL,
  facets text[] NOT NULL DEFAULT '{}'::text[],
  build text NOT NULL DEFAULT ''::text,
  role text NOT NULL DEFAULT ''::text,
  application text NOT NULL DEFAULT ''::text,
  began_at timestamp with time zone,
  ended_at timestamp with time zone,
  CONSTRAINT gate_device_pkey PRIMARY KEY (tenant_id, rollout_id, device_id),
  CONSTRAINT gate_device_tenant_id_rollout_id_device_id_fkey FOREIGN KEY (tenant_id, rollout_id, device_id) REFERENCES patchring.rollout_device(tenant_id, rollout_id, device_id)
);
ALTER TABLE patchring.gate_device ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.gate_device FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.gate_device TO patchring_dispatcher;
GRANT SELECT ON patchring.gate_device TO patchring_web;

CREATE TABLE patchring.gate_event (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  device_id uuid NOT NULL,
  signal text NOT NULL,
  at timestamp with time zone NOT NULL,
  CONSTRAINT gate_event_pkey PRIMARY KEY (tenant_id, rollout_id, device_id, signal),
  CONSTRAINT gate_event_tenant_id_rollout_id_device_id_fkey FOREIGN KEY (tenant_id, rollout_id, device_id) REFERENCES patchring.gate_device(tenant_id, rollout_id, device_id)
);
ALTER TABLE patchring.gate_event ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.gate_event FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT ON patchring.gate_event TO patchring_dispatcher;

CREATE TABLE patchring.gate_evidence (
  patch_key text NOT NULL,
  facet text NOT NULL,
  signal text NOT NULL,
  era integer NOT NULL,
  step_count integer NOT NULL,
  tenant_count integer NOT NULL,
  unread_count integer NOT NULL,
  evidence jsonb NOT NULL,
  CONSTRAINT gate_evidence_pkey PRIMARY KEY (patch_key, facet, signal, era)
);
GRANT INSERT, SELECT, UPDATE ON patchring.gate_evidence TO patchring_dispatcher;
GRANT SELECT ON patchring.gate_evidence TO patchring_web;

CREATE TABLE patchring.gate_facet (
  patch_key text NOT NULL,
  facet text NOT NULL,
  kind text NOT NULL,
  ordinal integer NOT NULL,
  words text NOT NULL,
  era integer NOT NULL DEFAULT 1,
  tenant_count integer NOT NULL DEFAULT 0,
  device_count integer NOT NULL DEFAULT 0,
  installed_count integer NOT NULL DEFAULT 0,
  accepted_at timestamp with time zone,
  CONSTRAINT gate_facet_ordinal_check CHECK ((ordinal > 0)),
  CONSTRAINT gate_facet_patch_key_kind_ordinal_key UNIQUE (patch_key, kind, ordinal),
  CONSTRAINT gate_facet_pkey PRIMARY KEY (patch_key, facet)
);
GRANT INSERT, SELECT, UPDATE ON patchring.gate_facet TO patchring_dispatcher;
GRANT SELECT, UPDATE (accepted_at), UPDATE (era) ON patchring.gate_facet TO patchring_web;

CREATE TABLE patchring.gate_own (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  signal text NOT NULL,
  era integer NOT NULL,
  step_count integer NOT NULL,
  evidence jsonb NOT NULL,
  CONSTRAINT gate_own_pkey PRIMARY KEY (tenant_id, rollout_id, signal, era),
  CONSTRAINT gate_own_tenant_id_rollout_id_fkey FOREIGN KEY (tenant_id, rollout_id) REFERENCES patchring.rollout(tenant_id, rollout_id)
);
ALTER TABLE patchring.gate_own ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.gate_own FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.gate_own TO patchring_dispatcher;
GRANT SELECT ON patchring.gate_own TO patchring_web;

CREATE TABLE patchring.gate_own_record (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  signal text NOT NULL,
  era integer NOT NULL,
  number integer NOT NULL,
  at timestamp with time zone NOT NULL,
  record jsonb NOT NULL,
  code_version text NOT NULL,
  CONSTRAINT gate_own_record_pkey PRIMARY KEY (tenant_id, rollout_id, signal, era, number),
  CONSTRAINT gate_own_record_tenant_id_rollout_id_fkey FOREIGN KEY (tenant_id, rollout_id) REFERENCES patchring.rollout(tenant_id, rollout_id)
);
ALTER TABLE patchring.gate_own_record ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.gate_own_record FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT ON patchring.gate_own_record TO patchring_dispatcher;
GRANT SELECT ON patchring.gate_own_record TO patchring_web;

CREATE TABLE patchring.gate_part (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  facet text NOT NULL,
  words text NOT NULL,
  era integer NOT NULL,
  device_count integer NOT NULL,
  installed_count integer NOT NULL,
  pooled jsonb NOT NULL,
  last_ring smallint NOT NULL,
  told text NOT NULL DEFAULT ''::text,
  accepted_at timestamp with time zone,
  CONSTRAINT gate_part_pkey PRIMARY KEY (tenant_id, rollout_id, facet),
  CONSTRAINT gate_part_tenant_id_rollout_id_fkey FOREIGN KEY (tenant_id, rollout_id) REFERENCES patchring.rollout(tenant_id, rollout_id),
  CONSTRAINT gate_part_told_check CHECK ((told = ANY (ARRAY[''::text, 'slower'::text, 'held'::text])))
);
ALTER TABLE patchring.gate_part ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.gate_part FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.gate_part TO patchring_dispatcher;
GRANT SELECT, UPDATE (accepted_at), UPDATE (era), UPDATE (pooled) ON patchring.gate_part TO patchring_web;

CREATE TABLE patchring.gate_record (
  patch_key text NOT NULL,
  facet text NOT NULL,
  signal text NOT NULL,
  era integer NOT NULL,
  number integer NOT NULL,
  at timestamp with time zone NOT NULL,
  record jsonb NOT NULL,
  code_version text NOT NULL,
  CONSTRAINT gate_record_pkey PRIMARY KEY (patch_key, facet, signal, era, number)
);
GRANT INSERT, SELECT ON patchring.gate_record TO patchring_dispatcher;
GRANT SELECT ON patchring.gate_record TO patchring_web;

CREATE TABLE patchring.hold (
  tenant_id uuid NOT NULL,
  hold_id uuid NOT NULL,
  patch_key text NOT NULL,
  segment text,
  reason text NOT NULL,
  source text NOT NULL,
  placed_at timestamp with time zone NOT NULL,
  placed_by text NOT NULL,
  released_at timestamp with time zone,
  released_by text,
  release_reason text,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT hold_pkey PRIMARY KEY (tenant_id, hold_id),
  CONSTRAINT hold_source_check CHECK ((source = ANY (ARRAY['person'::text, 'incident'::text, 'feed'::text, 'msp'::text]))),
  CONSTRAINT hold_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
CREATE INDEX hold_in_force ON patchring.hold USING btree (tenant_id, patch_key) WHERE (released_at IS NULL);
ALTER TABLE patchring.hold ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.hold FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT ON patchring.hold TO patchring_dispatcher;
GRANT SELECT ON patchring.hold TO patchring_signer;
GRANT SELECT ON patchring.hold TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.hold TO patchring_web;

CREATE TABLE patchring.idempotency (
  principal_id uuid NOT NULL,
  idempotency_key text NOT NULL,
  request_digest text NOT NULL,
  status smallint NOT NULL,
  response jsonb NOT NULL,
  made_at timestamp with time zone NOT NULL,
  CONSTRAINT idempotency_pkey PRIMARY KEY (principal_id, idempotency_key),
  CONSTRAINT idempotency_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES patchring.principal(principal_id)
);
CREATE INDEX idempotency_by_age ON patchring.idempotency USING btree (made_at);
GRANT DELETE, INSERT, SELECT, UPDATE ON patchring.idempotency TO patchring_web;

-- patches, devices: field -> values, in the words of the policy.
CREATE TABLE patchring.known_issue (
  issue_id uuid NOT NULL,
  name text NOT NULL,
  patches jsonb NOT NULL,
  devices jsonb NOT NULL,
  reason text NOT NULL,
  source_kind text NOT NULL,
  source text NOT NULL,
  release_when text NOT NULL,
  fixed_in text NOT NULL DEFAULT ''::text,
  until_on date,
  state text NOT NULL,
  placed_at timestamp with time zone NOT NULL,
  placed_by text NOT NULL,
  decided_at timestamp with time zone,
  decided_by text,
  ended_at timestamp with time zone,
  ended_by text,
  end_reason text,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT known_issue_check CHECK (((jsonb_typeof(patches) = 'object'::text) AND (patches <> '{}'::jsonb) AND (jsonb_typeof(devices) = 'object'::text))),
  CONSTRAINT known_issue_check1 CHECK (((decided_at IS NULL) = (decided_by IS NULL))),
  CONSTRAINT known_issue_check2 CHECK (((ended_at IS NOT NULL) = (state = ANY (ARRAY['released'::text, 'declined'::text])))),
  CONSTRAINT known_issue_check3 CHECK ((((ended_at IS NULL) = (ended_by IS NULL)) AND ((ended_at IS NULL) = (end_reason IS NULL)))),
  CONSTRAINT known_issue_pkey PRIMARY KEY (issue_id),
  CONSTRAINT known_issue_source_kind_check CHECK ((source_kind = ANY (ARRAY['person'::text, 'import'::text, 'evidence'::text]))),
  CONSTRAINT known_issue_state_check CHECK ((state = ANY (ARRAY['proposed'::text, 'in_force'::text, 'released'::text, 'declined'::text])))
);
CREATE UNIQUE INDEX known_issue_by_name ON patchring.known_issue USING btree (name) WHERE (state = ANY (ARRAY['proposed'::text, 'in_force'::text]));
GRANT INSERT, SELECT ON patchring.known_issue TO patchring_dispatcher;
GRANT SELECT ON patchring.known_issue TO patchring_signer;
GRANT SELECT ON patchring.known_issue TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (decided_at), UPDATE (decided_by), UPDATE (devices), UPDATE (end_reason), UPDATE (ended_at), UPDATE (ended_by), UPDATE (fixed_in), UPDATE (patches), UPDATE (reason), UPDATE (release_when), UPDATE (row_version), UPDATE (source), UPDATE (state), UPDATE (until_on) ON patchring.known_issue TO patchring_web;

CREATE TABLE patchring.known_issue_waiver (
  tenant_id uuid NOT NULL,
  issue_id uuid NOT NULL,
  reason text NOT NULL,
  waived_at timestamp with time zone NOT NULL,
  waived_by text NOT NULL,
  CONSTRAINT known_issue_waiver_issue_id_fkey FOREIGN KEY (issue_id) REFERENCES patchring.known_issue(issue_id),
  CONSTRAINT known_issue_waiver_pkey PRIMARY KEY (tenant_id, issue_id),
  CONSTRAINT known_issue_waiver_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
ALTER TABLE patchring.known_issue_waiver ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.known_issue_waiver FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.known_issue_waiver TO patchring_dispatcher;
GRANT SELECT ON patchring.known_issue_waiver TO patchring_signer;
GRANT SELECT ON patchring.known_issue_waiver TO patchring_staff;
GRANT DELETE, INSERT, SELECT ON patchring.known_issue_waiver TO patchring_web;

CREATE TABLE patchring.missing (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  known_from timestamp with time zone NOT NULL,
  known_to timestamp with time zone,
  installed_version text NOT NULL,
  architecture text NOT NULL DEFAULT ''::text,
  held_back text NOT NULL DEFAULT ''::text,
  CONSTRAINT missing_pkey PRIMARY KEY (tenant_id, device_id, patch_id, known_from),
  CONSTRAINT missing_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id),
  CONSTRAINT missing_tenant_id_patch_id_fkey FOREIGN KEY (tenant_id, patch_id) REFERENCES patchring.patch(tenant_id, patch_id)
);
CREATE INDEX missing_by_patch ON patchring.missing USING btree (tenant_id, patch_id, device_id) WHERE (known_to IS NULL);
CREATE UNIQUE INDEX missing_now ON patchring.missing USING btree (tenant_id, device_id, patch_id) WHERE (known_to IS NULL);
ALTER TABLE patchring.missing ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.missing FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.missing TO patchring_dispatcher;
GRANT SELECT ON patchring.missing TO patchring_signer;
GRANT SELECT ON patchring.missing TO patchring_staff;
GRANT SELECT ON patchring.missing TO patchring_web;

CREATE TABLE patchring.outbox (
  tenant_id uuid NOT NULL,
  outbox_id uuid NOT NULL,
  kind text NOT NULL,
  idempotency_key text NOT NULL,
  payload jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  next_try_at timestamp with time zone NOT NULL,
  attempt_count smallint NOT NULL DEFAULT 0,
  attempt_count_max smallint NOT NULL DEFAULT 20,
  delivered_at timestamp with time zone,
  last_error text NOT NULL DEFAULT ''::text,
  CONSTRAINT outbox_pkey PRIMARY KEY (tenant_id, outbox_id),
  CONSTRAINT outbox_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT outbox_tenant_id_idempotency_key_key UNIQUE (tenant_id, idempotency_key)
);
ALTER TABLE patchring.outbox ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.outbox FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.outbox TO patchring_dispatcher;
GRANT SELECT ON patchring.outbox TO patchring_staff;
GRANT INSERT, SELECT ON patchring.outbox TO patchring_web;

CREATE TABLE patchring.patch (
  tenant_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  patch_key text NOT NULL,
  provider text NOT NULL,
  name text NOT NULL,
  version text NOT NULL,
  title text NOT NULL,
  source text NOT NULL DEFAULT ''::text,
  origin text NOT NULL DEFAULT ''::text,
  label text NOT NULL DEFAULT ''::text,
  suite text NOT NULL DEFAULT ''::text,
  security boolean NOT NULL DEFAULT false,
  type text NOT NULL,
  classification text NOT NULL,
  reboot text NOT NULL,
  size_bytes bigint NOT NULL DEFAULT 0,
  kb text NOT NULL DEFAULT ''::text,
  update_id text NOT NULL DEFAULT ''::text,
  exploited boolean NOT NULL DEFAULT false,
  known_from timestamp with time zone NOT NULL,
  known_to timestamp with time zone,
  decision jsonb NOT NULL DEFAULT '{}'::jsonb,
  decided_at timestamp with time zone,
  row_version integer NOT NULL DEFAULT 1,
  history text NOT NULL DEFAULT ''::text,
  CONSTRAINT patch_pkey PRIMARY KEY (tenant_id, patch_id),
  CONSTRAINT patch_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT patch_tenant_id_patch_key_key UNIQUE (tenant_id, patch_key)
);
CREATE INDEX patch_by_update ON patchring.patch USING btree (tenant_id, provider, name) WHERE (update_id = ''::text);
ALTER TABLE patchring.patch ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.patch FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.patch TO patchring_dispatcher;
GRANT SELECT ON patchring.patch TO patchring_signer;
GRANT SELECT ON patchring.patch TO patchring_staff;
GRANT SELECT ON patchring.patch TO patchring_web;

CREATE TABLE patchring.permit (
  tenant_id uuid NOT NULL,
  permit_id uuid NOT NULL,
  device_id uuid NOT NULL,
  action_id uuid NOT NULL,
  nonce text NOT NULL,
  granted_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  plan_digest text NOT NULL,
  request jsonb NOT NULL,
  document jsonb NOT NULL,
  started_at timestamp with time zone,
  settled_at timestamp with time zone,
  outcome text,
  CONSTRAINT permit_check CHECK (((settled_at IS NULL) = (outcome IS NULL))),
  CONSTRAINT permit_outcome_check CHECK ((outcome = ANY (ARRAY['installed'::text, 'failed'::text, 'not_started'::text]))),
  CONSTRAINT permit_pkey PRIMARY KEY (tenant_id, permit_id),
  CONSTRAINT permit_tenant_id_action_id_fkey FOREIGN KEY (tenant_id, action_id) REFERENCES patchring.action(tenant_id, action_id),
  CONSTRAINT permit_tenant_id_device_id_nonce_key UNIQUE (tenant_id, device_id, nonce)
);
CREATE INDEX permit_by_action ON patchring.permit USING btree (tenant_id, action_id);
CREATE UNIQUE INDEX permit_live ON patchring.permit USING btree (tenant_id, device_id) WHERE (settled_at IS NULL);
ALTER TABLE patchring.permit ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.permit FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT, UPDATE (outcome), UPDATE (settled_at), UPDATE (started_at) ON patchring.permit TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE (outcome), UPDATE (settled_at) ON patchring.permit TO patchring_signer;
GRANT SELECT ON patchring.permit TO patchring_staff;
GRANT SELECT ON patchring.permit TO patchring_web;

CREATE TABLE patchring.permit_slot (
  tenant_id uuid NOT NULL,
  permit_id uuid NOT NULL,
  slot_key text NOT NULL,
  CONSTRAINT permit_slot_pkey PRIMARY KEY (tenant_id, permit_id, slot_key),
  CONSTRAINT permit_slot_tenant_id_permit_id_fkey FOREIGN KEY (tenant_id, permit_id) REFERENCES patchring.permit(tenant_id, permit_id),
  CONSTRAINT permit_slot_tenant_id_slot_key_fkey FOREIGN KEY (tenant_id, slot_key) REFERENCES patchring.slot(tenant_id, slot_key)
);
ALTER TABLE patchring.permit_slot ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.permit_slot FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT DELETE, SELECT ON patchring.permit_slot TO patchring_dispatcher;
GRANT DELETE, INSERT, SELECT ON patchring.permit_slot TO patchring_signer;
GRANT SELECT ON patchring.permit_slot TO patchring_staff;
GRANT SELECT ON patchring.permit_slot TO patchring_web;

CREATE TABLE patchring.policy_version (
  tenant_id uuid NOT NULL,
  policy_version_id uuid NOT NULL,
  version integer NOT NULL,
  fingerprint text NOT NULL,
  text text NOT NULL,
  statement jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  CONSTRAINT policy_version_pkey PRIMARY KEY (tenant_id, policy_version_id),
  CONSTRAINT policy_version_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT policy_version_tenant_id_version_key UNIQUE (tenant_id, version),
  CONSTRAINT policy_version_version_check CHECK ((version > 0))
);
ALTER TABLE patchring.policy_version ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.policy_version FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.policy_version TO patchring_dispatcher;
GRANT SELECT ON patchring.policy_version TO patchring_signer;
GRANT SELECT ON patchring.policy_version TO patchring_staff;
GRANT INSERT, SELECT ON patchring.policy_version TO patchring_web;

CREATE TABLE patchring.principal (
  principal_id uuid NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  role text NOT NULL,
  all_tenants boolean NOT NULL DEFAULT false,
  token_hash text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  expires_at timestamp with time zone,
  revoked_at timestamp with time zone,
  CONSTRAINT principal_kind_check CHECK ((kind = ANY (ARRAY['staff'::text, 'client'::text, 'system'::text]))),
  CONSTRAINT principal_name_key UNIQUE (name),
  CONSTRAINT principal_pkey PRIMARY KEY (principal_id),
  CONSTRAINT principal_token_hash_key UNIQUE (token_hash)
);
GRANT INSERT, SELECT, UPDATE ON patchring.principal TO patchring_web;

CREATE TABLE patchring.principal_tenant (
  principal_id uuid NOT NULL,
  tenant_id uuid NOT NULL,
  CONSTRAINT principal_tenant_pkey PRIMARY KEY (principal_id, tenant_id),
  CONSTRAINT principal_tenant_principal_id_fkey FOREIGN KEY (principal_id) REFERENCES patchring.principal(principal_id),
  CONSTRAINT principal_tenant_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant_directory(tenant_id)
);
GRANT SELECT ON patchring.principal_tenant TO patchring_staff;
GRANT DELETE, INSERT, SELECT ON patchring.principal_tenant TO patchring_web;

CREATE TABLE patchring.proposal (
  proposal_id uuid NOT NULL,
  patch_key text NOT NULL,
  kind text NOT NULL,
  reason text NOT NULL,
  source text NOT NULL,
  proposed_at timestamp with time zone NOT NULL,
  proposed_by text NOT NULL,
  withdrawn_at timestamp with time zone,
  withdrawn_by text,
  withdraw_reason text,
  CONSTRAINT proposal_check CHECK (((withdrawn_at IS NULL) = (withdrawn_by IS NULL))),
  CONSTRAINT proposal_kind_check CHECK ((kind = ANY (ARRAY['hold'::text, 'expedite'::text, 'approve'::text]))),
  CONSTRAINT proposal_pkey PRIMARY KEY (proposal_id),
  CONSTRAINT proposal_source_check CHECK ((source = ANY (ARRAY['person'::text, 'incident'::text, 'feed'::text])))
);
GRANT SELECT ON patchring.proposal TO patchring_dispatcher;
GRANT SELECT ON patchring.proposal TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (withdraw_reason), UPDATE (withdrawn_at), UPDATE (withdrawn_by) ON patchring.proposal TO patchring_web;

CREATE TABLE patchring.proposal_answer (
  tenant_id uuid NOT NULL,
  proposal_id uuid NOT NULL,
  state text NOT NULL,
  reason text NOT NULL,
  policy_version_id uuid,
  rule text NOT NULL,
  line integer NOT NULL,
  answered_at timestamp with time zone NOT NULL,
  hold_id uuid,
  decided_at timestamp with time zone,
  decided_by text,
  decision_reason text,
  withdrawn_at timestamp with time zone,
  CONSTRAINT proposal_answer_check CHECK (((decided_at IS NULL) = (decided_by IS NULL))),
  CONSTRAINT proposal_answer_check1 CHECK (((decided_at IS NULL) = (state = ANY (ARRAY['taken'::text, 'open'::text, 'refused'::text])))),
  CONSTRAINT proposal_answer_check2 CHECK (((hold_id IS NULL) OR (state = ANY (ARRAY['taken'::text, 'accepted'::text])))),
  CONSTRAINT proposal_answer_pkey PRIMARY KEY (tenant_id, proposal_id),
  CONSTRAINT proposal_answer_proposal_id_fkey FOREIGN KEY (proposal_id) REFERENCES patchring.proposal(proposal_id),
  CONSTRAINT proposal_answer_state_check CHECK ((state = ANY (ARRAY['taken'::text, 'open'::text, 'refused'::text, 'accepted'::text, 'declined'::text]))),
  CONSTRAINT proposal_answer_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT proposal_answer_tenant_id_hold_id_fkey FOREIGN KEY (tenant_id, hold_id) REFERENCES patchring.hold(tenant_id, hold_id),
  CONSTRAINT proposal_answer_tenant_id_policy_version_id_fkey FOREIGN KEY (tenant_id, policy_version_id) REFERENCES patchring.policy_version(tenant_id, policy_version_id)
);
ALTER TABLE patchring.proposal_answer ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.proposal_answer FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.proposal_answer TO patchring_dispatcher;
GRANT SELECT ON patchring.proposal_answer TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (decided_at), UPDATE (decided_by), UPDATE (decision_reason), UPDATE (hold_id), UPDATE (state), UPDATE (withdrawn_at) ON patchring.proposal_answer TO patchring_web;

CREATE TABLE patchring.refusal_count (
  on_day date NOT NULL,
  route text NOT NULL,
  kind text NOT NULL,
  count bigint NOT NULL,
  CONSTRAINT refusal_count_pkey PRIMARY KEY (on_day, route, kind)
);
GRANT SELECT ON patchring.refusal_count TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.refusal_count TO patchring_ingest;
GRANT SELECT ON patchring.refusal_count TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.refusal_count TO patchring_web;

CREATE TABLE patchring.report (
  tenant_id uuid NOT NULL,
  device_id uuid NOT NULL,
  report_id uuid NOT NULL,
  sequence bigint NOT NULL,
  kind text NOT NULL,
  made_at timestamp with time zone NOT NULL,
  received_at timestamp with time zone NOT NULL,
  body jsonb NOT NULL,
  signature text NOT NULL,
  processed_at timestamp with time zone,
  problem text,
  CONSTRAINT report_kind_check CHECK ((kind = ANY (ARRAY['scan'::text, 'progress'::text]))),
  CONSTRAINT report_pkey PRIMARY KEY (tenant_id, device_id, report_id),
  CONSTRAINT report_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id)
);
CREATE INDEX report_unprocessed ON patchring.report USING btree (tenant_id, device_id, sequence) WHERE (processed_at IS NULL);
ALTER TABLE patchring.report ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.report FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT, UPDATE ON patchring.report TO patchring_dispatcher;
GRANT INSERT, SELECT ON patchring.report TO patchring_ingest;
GRANT SELECT ON patchring.report TO patchring_staff;
GRANT SELECT ON patchring.report TO patchring_web;

CREATE TABLE patchring.rollout (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  campaign_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  policy_version_id uuid NOT NULL,
  state text NOT NULL,
  state_at timestamp with time zone NOT NULL,
  reasons jsonb NOT NULL,
  halt_scope text,
  halt_source text,
  rollback_requested_by text,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT rollout_halt_source_check CHECK ((halt_source = ANY (ARRAY['failure'::text, 'person'::text]))),
  CONSTRAINT rollout_pkey PRIMARY KEY (tenant_id, rollout_id),
  CONSTRAINT rollout_tenant_id_campaign_id_key UNIQUE (tenant_id, campaign_id),
  CONSTRAINT rollout_tenant_id_patch_id_fkey FOREIGN KEY (tenant_id, patch_id) REFERENCES patchring.patch(tenant_id, patch_id),
  CONSTRAINT rollout_tenant_id_policy_version_id_fkey FOREIGN KEY (tenant_id, policy_version_id) REFERENCES patchring.policy_version(tenant_id, policy_version_id)
);
CREATE INDEX rollout_by_state ON patchring.rollout USING btree (tenant_id, state, created_at);
ALTER TABLE patchring.rollout ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.rollout FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.rollout TO patchring_dispatcher;
GRANT SELECT ON patchring.rollout TO patchring_signer;
GRANT SELECT ON patchring.rollout TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.rollout TO patchring_web;

-- A rollout has as many rows as devices, and they have to be there in two seconds: so the key also finds a device's
rollouts, and the ring is joined by the one statement that adds rows instead of referred to (nobody may delete rings).
CREATE TABLE patchring.rollout_device (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  device_id uuid NOT NULL,
  ring smallint NOT NULL,
  position integer NOT NULL,
  segment text NOT NULL,
  state text NOT NULL,
  state_at timestamp with time zone NOT NULL,
  action_id uuid,
  attempt_count smallint NOT NULL DEFAULT 0,
  from_version text NOT NULL DEFAULT ''::text,
  verified_at timestamp with time zone,
  reasons jsonb NOT NULL DEFAULT '[]'::jsonb,
  CONSTRAINT rollout_device_pkey PRIMARY KEY (tenant_id, device_id, rollout_id),
  CONSTRAINT rollout_device_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id)
);
CREATE INDEX rollout_device_next ON patchring.rollout_device USING btree (tenant_id, rollout_id, ring, state, "position");
ALTER TABLE patchring.rollout_device ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.rollout_device FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.rollout_device TO patchring_dispatcher;
GRANT SELECT ON patchring.rollout_device TO patchring_signer;
GRANT SELECT ON patchring.rollout_device TO patchring_staff;
GRANT INSERT, SELECT ON patchring.rollout_device TO patchring_web;

CREATE TABLE patchring.rollout_ring (
  tenant_id uuid NOT NULL,
  rollout_id uuid NOT NULL,
  ring smallint NOT NULL,
  name text NOT NULL,
  state text NOT NULL,
  state_at timestamp with time zone NOT NULL,
  reasons jsonb NOT NULL DEFAULT '[]'::jsonb,
  counts jsonb NOT NULL DEFAULT '{}'::jsonb,
  device_count integer NOT NULL DEFAULT 0,
  segments jsonb NOT NULL DEFAULT '{}'::jsonb,
  opened_at timestamp with time zone,
  first_verified_at timestamp with time zone,
  last_verified_at timestamp with time zone,
  enough_verified_at timestamp with time zone,
  verified_s_sum bigint NOT NULL DEFAULT 0,
  soak_until_at timestamp with time zone,
  passed_at timestamp with time zone,
  forgiven_count integer NOT NULL DEFAULT 0,
  pooled jsonb NOT NULL DEFAULT '{}'::jsonb,
  CONSTRAINT rollout_ring_pkey PRIMARY KEY (tenant_id, rollout_id, ring),
  CONSTRAINT rollout_ring_ring_check CHECK ((ring >= 0)),
  CONSTRAINT rollout_ring_tenant_id_rollout_id_fkey FOREIGN KEY (tenant_id, rollout_id) REFERENCES patchring.rollout(tenant_id, rollout_id)
);
ALTER TABLE patchring.rollout_ring ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.rollout_ring FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.rollout_ring TO patchring_dispatcher;
GRANT SELECT ON patchring.rollout_ring TO patchring_signer;
GRANT SELECT ON patchring.rollout_ring TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (counts), UPDATE (device_count), UPDATE (forgiven_count), UPDATE (opened_at), UPDATE (passed_at), UPDATE (pooled), UPDATE (reasons), UPDATE (segments), UPDATE (soak_until_at), UPDATE (state), UPDATE (state_at) ON patchring.rollout_ring TO patchring_web;

CREATE TABLE patchring.scanner_finding (
  tenant_id uuid NOT NULL,
  scanner text NOT NULL,
  host text NOT NULL,
  cve text NOT NULL,
  check_id text NOT NULL,
  port text NOT NULL,
  known_from timestamp with time zone NOT NULL,
  known_to timestamp with time zone,
  severity text NOT NULL,
  title text NOT NULL,
  CONSTRAINT scanner_finding_check CHECK ((known_to > known_from)),
  CONSTRAINT scanner_finding_pkey PRIMARY KEY (tenant_id, scanner, host, cve, check_id, port, known_from),
  CONSTRAINT scanner_finding_severity_check CHECK ((severity = ANY (ARRAY[''::text, 'info'::text, 'low'::text, 'medium'::text, 'high'::text, 'critical'::text]))),
  CONSTRAINT scanner_finding_tenant_id_scanner_host_fkey FOREIGN KEY (tenant_id, scanner, host) REFERENCES patchring.scanner_host(tenant_id, scanner, host)
);
CREATE INDEX scanner_finding_by_cve ON patchring.scanner_finding USING btree (tenant_id, cve) WHERE (known_to IS NULL);
CREATE UNIQUE INDEX scanner_finding_now ON patchring.scanner_finding USING btree (tenant_id, scanner, host, cve, check_id, port) WHERE (known_to IS NULL);
ALTER TABLE patchring.scanner_finding ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.scanner_finding FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.scanner_finding TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.scanner_finding TO patchring_web;

CREATE TABLE patchring.scanner_host (
  tenant_id uuid NOT NULL,
  scanner text NOT NULL,
  host text NOT NULL,
  names text[] NOT NULL,
  device_id uuid,
  looked_at timestamp with time zone NOT NULL,
  imported_at timestamp with time zone NOT NULL,
  imported_by text NOT NULL,
  CONSTRAINT scanner_host_pkey PRIMARY KEY (tenant_id, scanner, host),
  CONSTRAINT scanner_host_tenant_id_device_id_fkey FOREIGN KEY (tenant_id, device_id) REFERENCES patchring.device(tenant_id, device_id),
  CONSTRAINT scanner_host_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
CREATE INDEX scanner_host_by_device ON patchring.scanner_host USING btree (tenant_id, device_id) WHERE (device_id IS NOT NULL);
ALTER TABLE patchring.scanner_host ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.scanner_host FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.scanner_host TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.scanner_host TO patchring_web;

CREATE TABLE patchring.score (
  cve text NOT NULL,
  epss_millionths integer NOT NULL,
  percentile_millionths integer NOT NULL,
  scored_on date NOT NULL,
  observed_at timestamp with time zone NOT NULL,
  CONSTRAINT score_epss_millionths_check CHECK (((epss_millionths >= 0) AND (epss_millionths <= 1000000))),
  CONSTRAINT score_percentile_millionths_check CHECK (((percentile_millionths >= 0) AND (percentile_millionths <= 1000000))),
  CONSTRAINT score_pkey PRIMARY KEY (cve)
);
GRANT SELECT ON patchring.score TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.score TO patchring_feeder;
GRANT SELECT ON patchring.score TO patchring_staff;
GRANT SELECT ON patchring.score TO patchring_web;

CREATE TABLE patchring.shift (
  tenant_id uuid NOT NULL,
  shift_id uuid NOT NULL,
  person text NOT NULL,
  kind text NOT NULL,
  begins_at timestamp with time zone NOT NULL,
  ends_at timestamp with time zone NOT NULL,
  created_at timestamp with time zone NOT NULL,
  created_by text NOT NULL,
  acknowledged_at timestamp with time zone,
  withdrawn_at timestamp with time zone,
  CONSTRAINT shift_check CHECK ((ends_at > begins_at)),
  CONSTRAINT shift_kind_check CHECK ((kind = ANY (ARRAY['on_shift'::text, 'on_call'::text]))),
  CONSTRAINT shift_pkey PRIMARY KEY (tenant_id, shift_id),
  CONSTRAINT shift_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
CREATE INDEX shift_by_end ON patchring.shift USING btree (tenant_id, ends_at) WHERE (withdrawn_at IS NULL);
CREATE UNIQUE INDEX shift_once ON patchring.shift USING btree (tenant_id, person, kind, begins_at, ends_at) WHERE (withdrawn_at IS NULL);
ALTER TABLE patchring.shift ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.shift FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.shift TO patchring_dispatcher;
GRANT SELECT ON patchring.shift TO patchring_signer;
GRANT SELECT ON patchring.shift TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (acknowledged_at), UPDATE (withdrawn_at) ON patchring.shift TO patchring_web;

CREATE TABLE patchring.site (
  tenant_id uuid NOT NULL,
  site_id uuid NOT NULL,
  name text NOT NULL,
  zone text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT site_pkey PRIMARY KEY (tenant_id, site_id),
  CONSTRAINT site_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT site_tenant_id_name_key UNIQUE (tenant_id, name)
);
ALTER TABLE patchring.site ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.site FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.site TO patchring_dispatcher;
GRANT SELECT ON patchring.site TO patchring_ingest;
GRANT SELECT ON patchring.site TO patchring_signer;
GRANT SELECT ON patchring.site TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.site TO patchring_web;

CREATE TABLE patchring.slot (
  tenant_id uuid NOT NULL,
  slot_key text NOT NULL,
  in_flight integer NOT NULL DEFAULT 0,
  in_flight_max integer NOT NULL,
  CONSTRAINT slot_in_flight_check CHECK ((in_flight >= 0)),
  CONSTRAINT slot_in_flight_max_check CHECK ((in_flight_max >= 0)),
  CONSTRAINT slot_pkey PRIMARY KEY (tenant_id, slot_key),
  CONSTRAINT slot_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id)
);
ALTER TABLE patchring.slot ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.slot FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT INSERT, SELECT, UPDATE ON patchring.slot TO patchring_dispatcher;
GRANT INSERT, SELECT, UPDATE ON patchring.slot TO patchring_signer;
GRANT SELECT ON patchring.slot TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.slot TO patchring_web;

CREATE TABLE patchring.stop (
  stop_id uuid NOT NULL,
  stop_key text NOT NULL,
  reason text NOT NULL,
  placed_at timestamp with time zone NOT NULL,
  placed_by text NOT NULL,
  lifted_at timestamp with time zone,
  lifted_by text,
  lift_reason text,
  CONSTRAINT stop_check CHECK (((lifted_at IS NULL) = (lifted_by IS NULL))),
  CONSTRAINT stop_pkey PRIMARY KEY (stop_id)
);
CREATE UNIQUE INDEX stop_in_force ON patchring.stop USING btree (stop_key) WHERE (lifted_at IS NULL);
GRANT INSERT, SELECT ON patchring.stop TO patchring_dispatcher;
GRANT SELECT ON patchring.stop TO patchring_signer;
GRANT SELECT ON patchring.stop TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.stop TO patchring_web;

CREATE TABLE patchring.tenant (
  tenant_id uuid NOT NULL,
  slug text NOT NULL,
  name text NOT NULL,
  kind text NOT NULL,
  created_at timestamp with time zone NOT NULL,
  row_version integer NOT NULL DEFAULT 1,
  CONSTRAINT tenant_kind_check CHECK ((kind = ANY (ARRAY['operator'::text, 'client'::text]))),
  CONSTRAINT tenant_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_slug_check CHECK ((slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'::text))
);
ALTER TABLE patchring.tenant ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.tenant FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.tenant TO patchring_dispatcher;
GRANT SELECT ON patchring.tenant TO patchring_signer;
GRANT SELECT ON patchring.tenant TO patchring_staff;
GRANT INSERT, SELECT, UPDATE ON patchring.tenant TO patchring_web;

CREATE TABLE patchring.tenant_directory (
  tenant_id uuid NOT NULL,
  slug text NOT NULL,
  CONSTRAINT tenant_directory_pkey PRIMARY KEY (tenant_id),
  CONSTRAINT tenant_directory_slug_key UNIQUE (slug)
);
GRANT SELECT ON patchring.tenant_directory TO patchring_dispatcher;
GRANT SELECT ON patchring.tenant_directory TO patchring_feeder;
GRANT SELECT ON patchring.tenant_directory TO patchring_staff;
GRANT INSERT, SELECT ON patchring.tenant_directory TO patchring_web;

CREATE TABLE patchring.tenant_root (
  tenant_id uuid NOT NULL,
  version integer NOT NULL,
  document jsonb NOT NULL,
  created_at timestamp with time zone NOT NULL,
  CONSTRAINT tenant_root_pkey PRIMARY KEY (tenant_id, version),
  CONSTRAINT tenant_root_tenant_id_fkey FOREIGN KEY (tenant_id) REFERENCES patchring.tenant(tenant_id),
  CONSTRAINT tenant_root_version_check CHECK ((version > 0))
);
ALTER TABLE patchring.tenant_root ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.tenant_root FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.tenant_root TO patchring_dispatcher;
GRANT SELECT ON patchring.tenant_root TO patchring_ingest;
GRANT SELECT ON patchring.tenant_root TO patchring_signer;
GRANT SELECT ON patchring.tenant_root TO patchring_staff;
GRANT INSERT, SELECT ON patchring.tenant_root TO patchring_web;

CREATE TABLE patchring.test_record (
  tenant_id uuid NOT NULL,
  test_record_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  segment text NOT NULL,
  devices text[] NOT NULL,
  results jsonb NOT NULL,
  passed boolean NOT NULL,
  recorded_at timestamp with time zone NOT NULL,
  recorded_by text NOT NULL,
  CONSTRAINT test_record_devices_check CHECK ((cardinality(devices) > 0)),
  CONSTRAINT test_record_pkey PRIMARY KEY (tenant_id, test_record_id),
  CONSTRAINT test_record_tenant_id_patch_id_fkey FOREIGN KEY (tenant_id, patch_id) REFERENCES patchring.patch(tenant_id, patch_id)
);
CREATE INDEX test_record_by_patch ON patchring.test_record USING btree (tenant_id, patch_id, segment);
ALTER TABLE patchring.test_record ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.test_record FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.test_record TO patchring_dispatcher;
GRANT SELECT ON patchring.test_record TO patchring_signer;
GRANT SELECT ON patchring.test_record TO patchring_staff;
GRANT INSERT, SELECT ON patchring.test_record TO patchring_web;

CREATE TABLE patchring.test_waiver (
  tenant_id uuid NOT NULL,
  test_waiver_id uuid NOT NULL,
  patch_id uuid NOT NULL,
  segment text NOT NULL,
  reason text NOT NULL,
  expires_at timestamp with time zone NOT NULL,
  asked_at timestamp with time zone NOT NULL,
  asked_by text NOT NULL,
  asked_by_id uuid NOT NULL,
  confirmed_at timestamp with time zone,
  confirmed_by text,
  confirmed_by_id uuid,
  CONSTRAINT test_waiver_check CHECK ((expires_at > asked_at)),
  CONSTRAINT test_waiver_check1 CHECK (((confirmed_at IS NULL) = (confirmed_by IS NULL))),
  CONSTRAINT test_waiver_check2 CHECK (((confirmed_at IS NULL) = (confirmed_by_id IS NULL))),
  CONSTRAINT test_waiver_check3 CHECK ((confirmed_by_id <> asked_by_id)),
  CONSTRAINT test_waiver_pkey PRIMARY KEY (tenant_id, test_waiver_id),
  CONSTRAINT test_waiver_reason_check CHECK ((reason <> ''::text)),
  CONSTRAINT test_waiver_tenant_id_patch_id_fkey FOREIGN KEY (tenant_id, patch_id) REFERENCES patchring.patch(tenant_id, patch_id)
);
CREATE INDEX test_waiver_by_patch ON patchring.test_waiver USING btree (tenant_id, patch_id, segment);
ALTER TABLE patchring.test_waiver ENABLE FORCE ROW LEVEL SECURITY;
CREATE POLICY tenant_scope ON patchring.test_waiver FOR ALL TO PUBLIC USING (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[])) WITH CHECK (tenant_id = ANY (( SELECT patchring.scope() AS scope)::uuid[]));
GRANT SELECT ON patchring.test_waiver TO patchring_dispatcher;
GRANT SELECT ON patchring.test_waiver TO patchring_signer;
GRANT SELECT ON patchring.test_waiver TO patchring_staff;
GRANT INSERT, SELECT, UPDATE (confirmed_at), UPDATE (confirmed_by), UPDATE (confirmed_by_id) ON patchring.test_waiver TO patchring_web;

-- Which migrations ran, and the SHA-256 of each file at that time.
CREATE TABLE patchring_private.migration (
  number smallint NOT NULL,
  phase text NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamp with time zone NOT NULL,
  CONSTRAINT migration_pkey PRIMARY KEY (number, phase)
);

-- The key that signs tenant scopes, as the two pads of HMAC-SHA-256 (RFC 2104). patchring.scope() alone reads it.
CREATE TABLE patchring_private.scope_key (
  only_row boolean NOT NULL,
  inner_pad bytea NOT NULL,
  outer_pad bytea NOT NULL,
  CONSTRAINT scope_key_inner_pad_check CHECK ((length(inner_pad) = 64)),
  CONSTRAINT scope_key_only_row_check CHECK (only_row),
  CONSTRAINT scope_key_outer_pad_check CHECK ((length(outer_pad) = 64)),
  CONSTRAINT scope_key_pkey PRIMARY KEY (only_row)
);

CREATE OR REPLACE FUNCTION patchring.kind_of(device patchring.device, site_name text, fields text[])
 RETURNS text
 LANGUAGE sql
 IMMUTABLE
RETURN (jsonb_build_array(CASE WHEN ('class'::text = ANY (fields)) THEN (device).class ELSE NULL::text END, CASE WHEN ('role'::text = ANY (fields)) THEN (device).roles ELSE NULL::text[] END, CASE WHEN ('criticality'::text = ANY (fields)) THEN (device).criticality ELSE NULL::text END, CASE WHEN ('exposed'::text = ANY (fields)) THEN (device).internet_facing ELSE NULL::boolean END, CASE WHEN ('redundancy_group'::text = ANY (fields)) THEN (device).redundancy_group ELSE NULL::text END, CASE WHEN ('group'::text = ANY (fields)) THEN (device).groups ELSE NULL::text[] END, CASE WHEN ('name'::text = ANY (fields)) THEN (device).name ELSE NULL::text END, CASE WHEN ('os'::text = ANY (fields)) THEN (device).os_name ELSE NULL::text END, CASE WHEN ('os_version'::text = ANY (fields)) THEN (device).os_version ELSE NULL::text END, CASE WHEN ('site'::text = ANY (fields)) THEN site_name ELSE NULL::text END, (device).sacrificial))::text;

CREATE OR REPLACE FUNCTION patchring.scope()
 RETURNS uuid[]
 LANGUAGE plpgsql
 STABLE PARALLEL SAFE SECURITY DEFINER
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  presented text := current_setting('patchring.scope', true);
  part text[] := string_to_array(presented, '|');
  expected bytea;
BEGIN
  -- After a transaction the setting is '' and not NULL: a pooled connection had a scope before.
  IF presented IS NULL OR presented = '' THEN
    RAISE EXCEPTION 'no tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF array_length(part, 1) IS DISTINCT FROM 5 OR part[1] <> '1' OR part[5] !~ '^[0-9a-f]{64}$' THEN
    RAISE EXCEPTION 'malformed tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  SELECT sha256(held.outer_pad || sha256(held.inner_pad || convert_to(array_to_string(part[1:4], '|'), 'UTF8')))
    INTO expected FROM patchring_private.scope_key AS held;
  -- Compared as hashes of both, so that the time it takes tells nothing about the right MAC.
  IF expected IS NULL OR sha256(expected) <> sha256(decode(part[5], 'hex')) THEN
    RAISE EXCEPTION 'forged tenant scope' USING ERRCODE = 'insufficient_privilege';
  END IF;
  IF part[2] <> session_user THEN
    RAISE EXCEPTION 'tenant scope of role %, presented by %', part[2], session_user
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  -- The one place where SQL reads the clock: expiries of security use real time, whatever time the rules live in.
  IF to_timestamp(part[3]::bigint) <= statement_timestamp() THEN
    RAISE EXCEPTION 'expired tenant scope; are the clocks of the database and the programs in step?'
      USING ERRCODE = 'insufficient_privilege';
  END IF;
  RETURN string_to_array(part[4], ',')::uuid[];
END
$function$;

CREATE OR REPLACE FUNCTION patchring_private.protect(tenant_table regclass)
 RETURNS void
 LANGUAGE plpgsql
 SET search_path TO 'pg_catalog', 'pg_temp'
AS $function$
DECLARE
  -- The subquery is evaluated once for a query, and the index on tenant_id stays usable.
  mine constant text := 'tenant_id = ANY ((SELECT patchring.scope())::uuid[])';
BEGIN
  EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('ALTER TABLE %s FORCE ROW LEVEL SECURITY', tenant_table);
  EXECUTE format('CREATE POLICY tenant_scope ON %s USING (%s) WITH CHECK (%s)', tenant_table, mine, mine);
END
$function$;

GRANT EXECUTE ON FUNCTION patchring.kind_of(device patchring.device, site_name text, fields text[]) TO patchring_dispatcher;
GRANT EXECUTE ON FUNCTION patchring.kind_of(device patchring.device, site_name text, fields text[]) TO patchring_web;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_dispatcher;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_feeder;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_ingest;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_pooler;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_signer;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_staff;
GRANT EXECUTE ON FUNCTION patchring.scope() TO patchring_web;
GRANT USAGE ON SCHEMA patchring TO patchring_dispatcher;
GRANT USAGE ON SCHEMA patchring TO patchring_feeder;
GRANT USAGE ON SCHEMA patchring TO patchring_ingest;
GRANT USAGE ON SCHEMA patchring TO patchring_pooler;
GRANT USAGE ON SCHEMA patchring TO patchring_signer;
GRANT USAGE ON SCHEMA patchring TO patchring_staff;
GRANT USAGE ON SCHEMA patchring TO patchring_web;
