-- The domain. Tenant tables come first: tenant_id leads every key, and each is protected at the end of the file.
-- Codes are text with a check, never enums: equality on text is leakproof, so it reaches an index under row security.

create table patchring.tenant (
  tenant_id uuid primary key,
  slug text not null check (slug ~ '^[a-z0-9][a-z0-9-]{0,62}$'),
  name text not null,
  kind text not null check (kind in ('operator', 'client')),
  created_at timestamptz not null,
  row_version integer not null default 1
);

-- The tenant's chain of signed roots: which keys may approve and permit. Versions only rise.
create table patchring.tenant_root (
  tenant_id uuid not null references patchring.tenant,
  version integer not null check (version > 0),
  document jsonb not null,
  created_at timestamptz not null,
  primary key (tenant_id, version)
);

create table patchring.site (
  tenant_id uuid not null references patchring.tenant,
  site_id uuid not null,
  name text not null,
  zone text not null,
  created_at timestamptz not null,
  row_version integer not null default 1,
  primary key (tenant_id, site_id),
  unique (tenant_id, name)
);

create table patchring.enrolment_token (
  tenant_id uuid not null,
  token_id uuid not null,
  site_id uuid not null,
  secret_hash text not null,
  expires_at timestamptz not null,
  use_count_max integer not null check (use_count_max > 0),
  use_count integer not null default 0 check (use_count >= 0 and use_count <= use_count_max),
  created_at timestamptz not null,
  created_by text not null,
  revoked_at timestamptz,
  primary key (tenant_id, token_id),
  foreign key (tenant_id, site_id) references patchring.site (tenant_id, site_id)
);

-- `class` and what follows it are what people confirmed; null where nobody has yet (unknown exposure counts as exposed).
create table patchring.device (
  tenant_id uuid not null,
  device_id uuid not null,
  site_id uuid not null,
  name text not null,
  public_key text not null,
  state text not null default 'active' check (state in ('active', 'retired')),
  enrolled_at timestamptz not null,
  class text not null default 'workstation',
  roles text[] not null default '{}',
  criticality text not null default 'standard' check (criticality in ('low', 'standard', 'high', 'mission')),
  internet_facing boolean,
  redundancy_group text,
  groups text[] not null default '{}',
  sacrificial boolean not null default false,
  observe_only boolean not null default false,
  os_name text not null default '',
  os_version text not null default '',
  architecture text not null default '',
  row_version integer not null default 1,
  primary key (tenant_id, device_id),
  unique (tenant_id, public_key),
  foreign key (tenant_id, site_id) references patchring.site (tenant_id, site_id)
);
create index device_name on patchring.device (tenant_id, name, device_id);

-- The hot row of a device: written by every check-in, so it is narrow, has no second index, and leaves room for HOT.
create table patchring.device_contact (
  tenant_id uuid not null,
  device_id uuid not null,
  session_epoch integer not null default 1,
  last_seen_at timestamptz,
  silent_from_at timestamptz,
  returned_at timestamptz,
  boot_id text not null default '',
  uptime_s bigint not null default 0,
  scan_digest text not null default '',
  unsent_count integer not null default 0,
  agent_version text not null default '',
  busy_action_id text not null default '',
  scan_wanted boolean not null default true,
  primary key (tenant_id, device_id),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
) with (fillfactor = 50);
comment on column patchring.device_contact.returned_at is
  'When it was heard of again after its last silence of more than an hour, which began at silent_from_at.';

-- What the last acknowledged scan said, as it was said.
create table patchring.device_inventory (
  tenant_id uuid not null,
  device_id uuid not null,
  taken_at timestamptz not null,
  received_at timestamptz not null,
  report_id uuid not null,
  boot_id text not null,
  reboot_pending boolean not null,
  scan jsonb not null,
  package_set text not null default '',
  primary key (tenant_id, device_id),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
);

create index device_inventory_by_set on patchring.device_inventory (tenant_id, package_set);

-- Signed statements of devices. Kept: they are the evidence behind every state.
create table patchring.report (
  tenant_id uuid not null,
  device_id uuid not null,
  report_id uuid not null,
  sequence bigint not null,
  kind text not null check (kind in ('scan', 'progress')),
  made_at timestamptz not null,
  received_at timestamptz not null,
  body jsonb not null,
  signature text not null,
  processed_at timestamptz,
  problem text,
  primary key (tenant_id, device_id, report_id),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
);
create index report_unprocessed on patchring.report (tenant_id, device_id, sequence) where processed_at is null;

-- A patch as this tenant knows it. `patch_key` (provider:name=version, or provider:update id) is the same everywhere;
-- the row is the tenant's own until a feed confirms it, because package names of a house are nobody else's business.
create table patchring.patch (
  tenant_id uuid not null references patchring.tenant,
  patch_id uuid not null,
  patch_key text not null,
  provider text not null,
  name text not null,
  version text not null,
  title text not null,
  source text not null default '',
  origin text not null default '',
  label text not null default '',
  suite text not null default '',
  security boolean not null default false,
  type text not null,
  classification text not null,
  reboot text not null,
  size_bytes bigint not null default 0,
  kb text not null default '',
  update_id text not null default '',
  exploited boolean not null default false,
  known_from timestamptz not null,
  known_to timestamptz,
  decision jsonb not null default '{}',
  decided_at timestamptz,
  row_version integer not null default 1,
  primary key (tenant_id, patch_id),
  unique (tenant_id, patch_key)
);
comment on column patchring.patch.decision is
  'What the policy in force last said: outcome by segment with reasons, and the policy''s fingerprint.';

create index patch_by_update on patchring.patch (tenant_id, provider, name) where update_id = '';

create table patchring.missing (
  tenant_id uuid not null,
  device_id uuid not null,
  patch_id uuid not null,
  known_from timestamptz not null,
  known_to timestamptz,
  installed_version text not null,
  architecture text not null default '',
  held_back text not null default '',
  primary key (tenant_id, device_id, patch_id, known_from),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id),
  foreign key (tenant_id, patch_id) references patchring.patch (tenant_id, patch_id)
);
create unique index missing_now on patchring.missing (tenant_id, device_id, patch_id) where known_to is null;
create index missing_by_patch on patchring.missing (tenant_id, patch_id, device_id) where known_to is null;

-- A policy version: the text as it was signed. The highest version is in force.
create table patchring.policy_version (
  tenant_id uuid not null references patchring.tenant,
  policy_version_id uuid not null,
  version integer not null check (version > 0),
  fingerprint text not null,
  text text not null,
  statement jsonb not null,
  created_at timestamptz not null,
  created_by text not null,
  primary key (tenant_id, policy_version_id),
  unique (tenant_id, version)
);

create table patchring.approval (
  tenant_id uuid not null,
  approval_id uuid not null,
  patch_id uuid not null,
  decision text not null check (decision in ('approve', 'reject')),
  segments text[] not null default '{}',
  reason text not null,
  statement jsonb,
  decided_at timestamptz not null,
  decided_by text not null,
  expires_at timestamptz not null,
  withdrawn_at timestamptz,
  primary key (tenant_id, approval_id),
  foreign key (tenant_id, patch_id) references patchring.patch (tenant_id, patch_id),
  check (decision = 'reject' or statement is not null)
);
create index approval_by_patch on patchring.approval (tenant_id, patch_id, decided_at);

create table patchring.hold (
  tenant_id uuid not null references patchring.tenant,
  hold_id uuid not null,
  patch_key text not null,
  segment text,
  reason text not null,
  source text not null check (source in ('person', 'incident', 'feed')),
  placed_at timestamptz not null,
  placed_by text not null,
  released_at timestamptz,
  released_by text,
  release_reason text,
  row_version integer not null default 1,
  primary key (tenant_id, hold_id)
);
create index hold_in_force on patchring.hold (tenant_id, patch_key) where released_at is null;

-- Who is there when: data that people import from their calendars. A shift that is no longer in them is withdrawn.
create table patchring.shift (
  tenant_id uuid not null references patchring.tenant,
  shift_id uuid not null,
  person text not null,
  kind text not null check (kind in ('on_shift', 'on_call')),
  begins_at timestamptz not null,
  ends_at timestamptz not null,
  created_at timestamptz not null,
  created_by text not null,
  acknowledged_at timestamptz,
  withdrawn_at timestamptz,
  primary key (tenant_id, shift_id),
  check (ends_at > begins_at)
);
create unique index shift_once on patchring.shift (tenant_id, person, kind, begins_at, ends_at)
  where withdrawn_at is null;
create index shift_by_end on patchring.shift (tenant_id, ends_at) where withdrawn_at is null;

create table patchring.rollout (
  tenant_id uuid not null,
  rollout_id uuid not null,
  campaign_id uuid not null,
  patch_id uuid not null,
  policy_version_id uuid not null,
  state text not null,
  state_at timestamptz not null,
  reasons jsonb not null,
  halt_scope text,
  halt_source text check (halt_source in ('failure', 'person')),
  rollback_requested_by text,
  created_at timestamptz not null,
  created_by text not null,
  row_version integer not null default 1,
  primary key (tenant_id, rollout_id),
  foreign key (tenant_id, patch_id) references patchring.patch (tenant_id, patch_id),
  foreign key (tenant_id, policy_version_id) references patchring.policy_version (tenant_id, policy_version_id),
  unique (tenant_id, campaign_id)
);
create index rollout_by_state on patchring.rollout (tenant_id, state, created_at);

-- One row for each ring with its counts, kept in the transaction that moves a device: no request counts devices.
create table patchring.rollout_ring (
  tenant_id uuid not null,
  rollout_id uuid not null,
  ring smallint not null check (ring >= 0),
  name text not null,
  state text not null,
  state_at timestamptz not null,
  reasons jsonb not null default '[]',
  counts jsonb not null default '{}',
  device_count integer not null default 0,
  segments jsonb not null default '{}',
  opened_at timestamptz,
  first_verified_at timestamptz,
  last_verified_at timestamptz,
  enough_verified_at timestamptz,
  verified_s_sum bigint not null default 0,
  soak_until_at timestamptz,
  passed_at timestamptz,
  forgiven_count integer not null default 0,
  pooled jsonb not null default '{}',
  primary key (tenant_id, rollout_id, ring),
  foreign key (tenant_id, rollout_id) references patchring.rollout (tenant_id, rollout_id)
);
comment on column patchring.rollout_ring.segments is 'How many devices of each segment the ring has.';
comment on column patchring.rollout_ring.enough_verified_at is
  'Since when as many devices are verified as the soak asks for; null while they are not.';
comment on column patchring.rollout_ring.verified_s_sum is
  'Seconds since 1970 of every verification in force, summed: with the count it gives device-hours at any instant.';
comment on column patchring.rollout_ring.forgiven_count is
  'Failures that a person accepted by resuming; only those beyond count against the budget.';
comment on column patchring.rollout_ring.pooled is 'What of this ring is in the pooled evidence already.';

create table patchring.rollout_device (
  tenant_id uuid not null,
  rollout_id uuid not null,
  device_id uuid not null,
  ring smallint not null,
  position integer not null,
  segment text not null,
  state text not null,
  state_at timestamptz not null,
  action_id uuid,
  attempt_count smallint not null default 0,
  from_version text not null default '',
  verified_at timestamptz,
  reasons jsonb not null default '[]',
  primary key (tenant_id, device_id, rollout_id),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
);
comment on table patchring.rollout_device is
  'A rollout has as many rows as devices, and they have to be there in two seconds: so the key also finds a device''s
rollouts, and the ring is joined by the one statement that adds rows instead of referred to (nobody may delete rings).';
create index rollout_device_next on patchring.rollout_device (tenant_id, rollout_id, ring, state, position);

-- Work offered to a device. An offer is no permission: what counts is the permit.
create table patchring.action (
  tenant_id uuid not null,
  action_id uuid not null,
  device_id uuid not null,
  rollout_id uuid not null,
  kind text not null check (kind in ('install', 'downgrade', 'reboot')),
  purpose text not null check (purpose in ('patch', 'remedy')),
  packages jsonb not null,
  probes text[] not null default '{}',
  reboot text not null default 'if_required',
  title text not null,
  state text not null,
  state_at timestamptz not null,
  created_at timestamptz not null,
  detail text not null default '',
  boot_id_before text not null default '',
  started_at timestamptz,
  acted_at timestamptz,
  acted_sequence bigint,
  finished_report_id uuid,
  primary key (tenant_id, action_id),
  foreign key (tenant_id, rollout_id, device_id)
    references patchring.rollout_device (tenant_id, rollout_id, device_id)
);
comment on column patchring.action.acted_at is 'When it was done, by the device''s own clock.';
comment on column patchring.action.acted_sequence is
  'The report that said so, in the device''s own order of reports: a scan with a higher number saw the result.';
create index action_live on patchring.action (tenant_id, device_id, created_at)
  where state in ('offered', 'permitted', 'started', 'reboot_pending');
create index action_by_rollout on patchring.action (tenant_id, rollout_id, device_id, created_at);

-- The database holds the invariant: at most one live permit for each device, and no nonce is answered twice.
create table patchring.permit (
  tenant_id uuid not null,
  permit_id uuid not null,
  device_id uuid not null,
  action_id uuid not null,
  nonce text not null,
  granted_at timestamptz not null,
  expires_at timestamptz not null,
  plan_digest text not null,
  request jsonb not null,
  document jsonb not null,
  started_at timestamptz,
  settled_at timestamptz,
  outcome text check (outcome in ('installed', 'failed', 'not_started')),
  primary key (tenant_id, permit_id),
  unique (tenant_id, device_id, nonce),
  foreign key (tenant_id, action_id) references patchring.action (tenant_id, action_id),
  check ((settled_at is null) = (outcome is null))
);
create unique index permit_live on patchring.permit (tenant_id, device_id) where settled_at is null;
create index permit_by_action on patchring.permit (tenant_id, action_id);

-- Limits are rows: a permit takes one of each, a result or the proof that nothing started gives it back.
create table patchring.slot (
  tenant_id uuid not null references patchring.tenant,
  slot_key text not null,
  in_flight integer not null default 0 check (in_flight >= 0),
  in_flight_max integer not null check (in_flight_max >= 0),
  primary key (tenant_id, slot_key)
);
create table patchring.permit_slot (
  tenant_id uuid not null,
  permit_id uuid not null,
  slot_key text not null,
  primary key (tenant_id, permit_id, slot_key),
  foreign key (tenant_id, permit_id) references patchring.permit (tenant_id, permit_id),
  foreign key (tenant_id, slot_key) references patchring.slot (tenant_id, slot_key)
);

-- Why the newest request for an action was refused, in the signer's own words.
create table patchring.denial (
  tenant_id uuid not null,
  action_id uuid not null,
  denied_at timestamptz not null,
  denial_count integer not null default 1,
  reasons jsonb not null,
  primary key (tenant_id, action_id),
  foreign key (tenant_id, action_id) references patchring.action (tenant_id, action_id)
);

-- The append-only, hash-chained record. `transaction` is the watermark that readers follow: ids and times miss late commits.
create table patchring.event (
  tenant_id uuid not null references patchring.tenant,
  on_month date not null,
  seq bigint not null check (seq > 0),
  at timestamptz not null,
  actor text not null,
  kind text not null,
  subject_kind text not null,
  subject_id text not null,
  data jsonb not null,
  schema_version smallint not null,
  policy_fingerprint text not null default '',
  previous_hash text not null,
  hash text not null,
  transaction xid8 not null default pg_current_xact_id(),
  primary key (tenant_id, on_month, seq)
) partition by range (on_month);
create table patchring.event_rest partition of patchring.event default;
create index event_by_subject on patchring.event (tenant_id, subject_kind, subject_id, seq);

create table patchring.event_head (
  tenant_id uuid primary key references patchring.tenant,
  seq bigint not null,
  hash text not null
);

create table patchring.outbox (
  tenant_id uuid not null references patchring.tenant,
  outbox_id uuid not null,
  kind text not null,
  idempotency_key text not null,
  payload jsonb not null,
  created_at timestamptz not null,
  next_try_at timestamptz not null,
  attempt_count smallint not null default 0,
  attempt_count_max smallint not null default 20,
  delivered_at timestamptz,
  last_error text not null default '',
  primary key (tenant_id, outbox_id),
  unique (tenant_id, idempotency_key)
);

-- Operator tables: no client data in any of them.

-- Names which tenants exist, so that a short name finds its id before a scope can be set.
create table patchring.tenant_directory (
  tenant_id uuid primary key,
  slug text not null unique
);

-- People and programs. A token is kept as its SHA-256 only.
create table patchring.principal (
  principal_id uuid primary key,
  name text not null unique,
  kind text not null check (kind in ('staff', 'client', 'system')),
  role text not null,
  all_tenants boolean not null default false,
  token_hash text not null unique,
  created_at timestamptz not null,
  expires_at timestamptz,
  revoked_at timestamptz
);
create table patchring.principal_tenant (
  principal_id uuid not null references patchring.principal,
  tenant_id uuid not null references patchring.tenant_directory,
  primary key (principal_id, tenant_id)
);

-- One patch on its way through the tenants; each has a rollout of its own that names the campaign.
create table patchring.campaign (
  campaign_id uuid primary key,
  patch_key text not null,
  created_at timestamptz not null,
  created_by text not null
);

-- Which rollouts a campaign is made of, by id alone: how a tenant's evidence reaches the others without a look at them.
create table patchring.campaign_rollout (
  campaign_id uuid not null references patchring.campaign,
  tenant_id uuid not null,
  rollout_id uuid not null,
  primary key (campaign_id, tenant_id)
);
create index campaign_by_patch on patchring.campaign (patch_key, created_at);

-- What must not start. Keys: everything, patch:KEY, tenant:ID, rollout:ID, ring:ROLLOUT:N, segment:TENANT:NAME.
create table patchring.stop (
  stop_id uuid primary key,
  stop_key text not null,
  reason text not null,
  placed_at timestamptz not null,
  placed_by text not null,
  lifted_at timestamptz,
  lifted_by text,
  lift_reason text,
  check ((lifted_at is null) = (lifted_by is null))
);
create unique index stop_in_force on patchring.stop (stop_key) where lifted_at is null;

-- What is due to be looked at again, and when. It carries no decision and no content.
create table patchring.due (
  tenant_id uuid not null,
  kind text not null,
  id uuid not null,
  wake_at timestamptz not null,
  lease_until timestamptz,
  lease_token uuid,
  attempt_count smallint not null default 0,
  primary key (tenant_id, kind, id)
);
create index due_next on patchring.due (tenant_id, wake_at);
create index due_abandoned on patchring.due (tenant_id, lease_until) where lease_until is not null;

-- What was seen of a patch in a ring, pooled over tenants without naming them.
create table patchring.evidence (
  patch_key text not null,
  ring smallint not null,
  tenant_count integer not null default 0,
  device_count integer not null default 0,
  verified_count integer not null default 0,
  failed_count integer not null default 0,
  first_verified_at timestamptz,
  last_verified_at timestamptz,
  primary key (patch_key, ring)
);

create table patchring.idempotency (
  principal_id uuid not null references patchring.principal,
  idempotency_key text not null,
  request_digest text not null,
  status smallint not null,
  response jsonb not null,
  made_at timestamptz not null,
  primary key (principal_id, idempotency_key)
);
create index idempotency_by_age on patchring.idempotency (made_at);

-- Messages that were refused, counted by day: never a 5xx, never unseen.
create table patchring.refusal_count (
  on_day date not null,
  route text not null,
  kind text not null,
  count bigint not null,
  primary key (on_day, route, kind)
);

-- Every tenant table: row security on, forced, one form of policy.
select patchring_private.protect(format('patchring.%I', name)::regclass)
from unnest(array[
  'tenant', 'tenant_root', 'site', 'enrolment_token', 'device', 'device_contact', 'device_inventory', 'report',
  'patch', 'missing', 'policy_version', 'approval', 'hold', 'shift', 'rollout', 'rollout_ring', 'rollout_device', 'action',
  'permit', 'slot', 'permit_slot', 'denial', 'event', 'event_rest', 'event_head', 'outbox'
]) as name;

-- Who may do what. Nobody may delete but where a line below says so; nobody owns, nobody truncates.

-- web: people's use cases. It reads what pages show and writes what people decide. It never writes a permit.
grant select on all tables in schema patchring to patchring_web;
revoke select on patchring.campaign_rollout from patchring_web;
grant insert on patchring.tenant, patchring.tenant_root, patchring.site, patchring.enrolment_token, patchring.approval,
  patchring.policy_version, patchring.hold, patchring.shift, patchring.rollout, patchring.rollout_ring,
  patchring.rollout_device, patchring.slot, patchring.event, patchring.event_head, patchring.outbox, patchring.tenant_directory,
  patchring.principal, patchring.principal_tenant, patchring.campaign, patchring.campaign_rollout, patchring.stop,
  patchring.due, patchring.idempotency, patchring.refusal_count to patchring_web;
grant update on patchring.tenant, patchring.site, patchring.enrolment_token, patchring.device, patchring.device_contact,
  patchring.approval, patchring.hold, patchring.rollout, patchring.slot, patchring.event_head, patchring.principal,
  patchring.stop, patchring.due, patchring.idempotency, patchring.refusal_count to patchring_web;
grant update (acknowledged_at, withdrawn_at) on patchring.shift to patchring_web;
-- Starting fills rings; resuming opens those that were halted, and accepts the failures seen so far.
grant update (state, state_at, reasons, counts, device_count, segments, opened_at, passed_at, soak_until_at,
  forgiven_count, pooled) on patchring.rollout_ring to patchring_web;
-- How many devices a new rollout has: others wait for them. What was verified or failed is not web's to write.
grant insert (patch_key, ring, tenant_count, device_count), update (tenant_count, device_count) on patchring.evidence
  to patchring_web;
grant delete on patchring.idempotency, patchring.principal_tenant to patchring_web;

-- staff: reads over the tenants that a person was given, and nothing else.
grant select on all tables in schema patchring to patchring_staff;
revoke select on patchring.principal, patchring.enrolment_token, patchring.idempotency, patchring.campaign_rollout
  from patchring_staff;

-- ingest: what devices say.
grant select on patchring.tenant_root, patchring.site, patchring.enrolment_token, patchring.device,
  patchring.device_contact, patchring.action, patchring.report, patchring.event_head, patchring.due,
  patchring.refusal_count to patchring_ingest;
grant insert on patchring.device, patchring.device_contact, patchring.report, patchring.event, patchring.event_head,
  patchring.due, patchring.refusal_count to patchring_ingest;
grant update on patchring.enrolment_token, patchring.device_contact, patchring.event_head, patchring.due,
  patchring.refusal_count to patchring_ingest;

-- signer: checks everything again and grants. It cannot change what it checks.
grant select on patchring.tenant, patchring.tenant_root, patchring.site, patchring.device, patchring.device_contact,
  patchring.device_inventory, patchring.patch, patchring.missing, patchring.policy_version, patchring.approval,
  patchring.hold, patchring.shift, patchring.rollout, patchring.rollout_ring, patchring.rollout_device,
  patchring.action, patchring.permit, patchring.slot, patchring.permit_slot, patchring.event_head, patchring.stop,
  patchring.evidence, patchring.campaign to patchring_signer;
grant insert on patchring.permit, patchring.permit_slot, patchring.slot, patchring.denial, patchring.event,
  patchring.event_head, patchring.due to patchring_signer;
grant update (state, state_at) on patchring.action to patchring_signer;
grant update (settled_at, outcome) on patchring.permit to patchring_signer;
grant delete on patchring.permit_slot to patchring_signer;
grant update on patchring.slot, patchring.denial, patchring.event_head, patchring.due to patchring_signer;
grant select on patchring.denial, patchring.due to patchring_signer;

-- dispatcher: the worker. It moves what is due and settles permits; it never grants one.
grant select on all tables in schema patchring to patchring_dispatcher;
revoke select on patchring.principal, patchring.principal_tenant, patchring.enrolment_token, patchring.idempotency
  from patchring_dispatcher;
grant insert on patchring.device_inventory, patchring.patch, patchring.missing, patchring.hold, patchring.action,
  patchring.campaign, patchring.campaign_rollout, patchring.rollout, patchring.rollout_ring,
  patchring.slot, patchring.event, patchring.event_head, patchring.outbox, patchring.stop, patchring.due,
  patchring.evidence, patchring.rollout_device to patchring_dispatcher;
grant update on patchring.device, patchring.device_contact, patchring.device_inventory, patchring.report, patchring.patch,
  patchring.missing, patchring.rollout, patchring.rollout_ring, patchring.rollout_device, patchring.action,
  patchring.slot, patchring.event_head, patchring.outbox, patchring.due, patchring.evidence to patchring_dispatcher;
grant update (started_at, settled_at, outcome) on patchring.permit to patchring_dispatcher;
grant delete on patchring.permit_slot, patchring.due to patchring_dispatcher;
