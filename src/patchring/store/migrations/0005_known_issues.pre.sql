-- What is known to break devices of some kind. Nobody's data: it stands for every tenant that did not set it aside.
create table patchring.known_issue (
  issue_id uuid primary key,
  name text not null,
  patches jsonb not null,
  devices jsonb not null,
  reason text not null,
  source_kind text not null check (source_kind in ('person', 'import', 'evidence')),
  source text not null,
  release_when text not null,
  fixed_in text not null default '',
  until_on date,
  state text not null check (state in ('proposed', 'in_force', 'released', 'declined')),
  placed_at timestamptz not null,
  placed_by text not null,
  decided_at timestamptz,
  decided_by text,
  ended_at timestamptz,
  ended_by text,
  end_reason text,
  row_version integer not null default 1,
  check (jsonb_typeof(patches) = 'object' and patches <> '{}' and jsonb_typeof(devices) = 'object'),
  check ((decided_at is null) = (decided_by is null)),
  check ((ended_at is not null) = (state in ('released', 'declined'))),
  check ((ended_at is null) = (ended_by is null) and (ended_at is null) = (end_reason is null))
);
comment on table patchring.known_issue is 'patches, devices: field -> values, in the words of the policy.';
comment on column patchring.known_issue.until_on is 'The last day, UTC; null: it ends by a person only.';
comment on column patchring.known_issue.decided_at is 'When a person put in force, or declined, what was proposed; null: not yet, or nobody had to.';
create unique index known_issue_by_name on patchring.known_issue (name) where state in ('proposed', 'in_force');

-- A tenant that takes the risk, by name: the issue does not stand for it.
create table patchring.known_issue_waiver (
  tenant_id uuid not null references patchring.tenant,
  issue_id uuid not null references patchring.known_issue,
  reason text not null,
  waived_at timestamptz not null,
  waived_by text not null,
  primary key (tenant_id, issue_id)
);

select patchring_private.protect('patchring.known_issue_waiver'::regclass);

grant select on patchring.known_issue, patchring.known_issue_waiver
  to patchring_web, patchring_staff, patchring_dispatcher, patchring_signer;
grant insert on patchring.known_issue to patchring_web, patchring_dispatcher;
grant update (patches, devices, reason, source, release_when, fixed_in, until_on, state, decided_at, decided_by, ended_at,
  ended_by, end_reason, row_version) on patchring.known_issue to patchring_web;
grant insert, delete on patchring.known_issue_waiver to patchring_web;

-- What rules see of a device, as far as they look at it (`fields`): devices of one kind have one answer.
create function patchring.kind_of(device patchring.device, site_name text, fields text[]) returns text
language sql immutable
return jsonb_build_array(
  case when 'class' = any (fields) then (device).class end,
  case when 'role' = any (fields) then (device).roles end,
  case when 'criticality' = any (fields) then (device).criticality end,
  case when 'exposed' = any (fields) then (device).internet_facing end,
  case when 'redundancy_group' = any (fields) then (device).redundancy_group end,
  case when 'group' = any (fields) then (device).groups end,
  case when 'name' = any (fields) then (device).name end,
  case when 'os' = any (fields) then (device).os_name end,
  case when 'os_version' = any (fields) then (device).os_version end,
  case when 'site' = any (fields) then site_name end,
  (device).sacrificial
)::text;
grant execute on function patchring.kind_of(patchring.device, text, text[]) to patchring_web, patchring_dispatcher;
