-- The gate: what was seen after a patch, by part of the fleet (facet) and signal, and what was concluded from it.

-- Which facets a device of a rollout belongs to, and since when it has the patch, until it failed or was taken back.
create table patchring.gate_device (
  tenant_id uuid not null,
  rollout_id uuid not null,
  device_id uuid not null,
  facets text[] not null default '{}',
  build text not null default '',
  role text not null default '',
  application text not null default '',
  began_at timestamptz,
  ended_at timestamptz,
  primary key (tenant_id, rollout_id, device_id),
  foreign key (tenant_id, rollout_id, device_id)
    references patchring.rollout_device (tenant_id, rollout_id, device_id)
);
comment on column patchring.gate_device.facets is 'Empty: not worked out yet.';

-- The first event of each signal on a device that has the patch.
create table patchring.gate_event (
  tenant_id uuid not null,
  rollout_id uuid not null,
  device_id uuid not null,
  signal text not null,
  at timestamptz not null,
  primary key (tenant_id, rollout_id, device_id, signal),
  foreign key (tenant_id, rollout_id, device_id)
    references patchring.gate_device (tenant_id, rollout_id, device_id)
);

-- What of a facet of one rollout is in the pool already, and what its tenant was told of it.
create table patchring.gate_part (
  tenant_id uuid not null,
  rollout_id uuid not null,
  facet text not null,
  words text not null,
  era integer not null,
  device_count integer not null,
  installed_count integer not null,
  pooled jsonb not null,
  last_ring smallint not null,
  told text not null default '' check (told in ('', 'slower', 'held')),
  accepted_at timestamptz,
  primary key (tenant_id, rollout_id, facet),
  foreign key (tenant_id, rollout_id) references patchring.rollout (tenant_id, rollout_id)
);
comment on column patchring.gate_part.pooled is 'By signal: events, device-days, tried, matured by onset, unread.';

comment on column patchring.gate_part.accepted_at is 'What was seen of the own facet up to then was accepted by a person.';

-- All devices of one tenant together: judged apart, and kept with the tenant.
create table patchring.gate_own (
  tenant_id uuid not null,
  rollout_id uuid not null,
  signal text not null,
  era integer not null,
  step_count integer not null,
  evidence jsonb not null,
  primary key (tenant_id, rollout_id, signal, era),
  foreign key (tenant_id, rollout_id) references patchring.rollout (tenant_id, rollout_id)
);
create table patchring.gate_own_record (
  tenant_id uuid not null,
  rollout_id uuid not null,
  signal text not null,
  era integer not null,
  number integer not null,
  at timestamptz not null,
  record jsonb not null,
  code_version text not null,
  primary key (tenant_id, rollout_id, signal, era, number),
  foreign key (tenant_id, rollout_id) references patchring.rollout (tenant_id, rollout_id)
);

select patchring_private.protect(format('patchring.%I', name)::regclass)
from unnest(array['gate_device', 'gate_event', 'gate_part', 'gate_own', 'gate_own_record']) as name;

-- Pooled over tenants without their names. `era`: evidence begins anew when a person releases a hold, and when another
-- facet that is held explains what was seen.
create table patchring.gate_facet (
  patch_key text not null,
  facet text not null,
  kind text not null,
  ordinal integer not null check (ordinal > 0),
  words text not null,
  era integer not null default 1,
  tenant_count integer not null default 0,
  device_count integer not null default 0,
  installed_count integer not null default 0,
  accepted_at timestamptz,
  primary key (patch_key, facet),
  unique (patch_key, kind, ordinal)
);
create table patchring.gate_evidence (
  patch_key text not null,
  facet text not null,
  signal text not null,
  era integer not null,
  step_count integer not null,
  tenant_count integer not null,
  unread_count integer not null,
  evidence jsonb not null,
  primary key (patch_key, facet, signal, era)
);
comment on column patchring.gate_evidence.evidence is
  'Events, expected, and the logarithms exactly; the verdict with its sentence, and the one that other tenants may read.';
create table patchring.gate_record (
  patch_key text not null,
  facet text not null,
  signal text not null,
  era integer not null,
  number integer not null,
  at timestamptz not null,
  record jsonb not null,
  code_version text not null,
  primary key (patch_key, facet, signal, era, number)
);
comment on column patchring.gate_record.record is
  'Everything that the verdict was given on, and the verdict: asked again, it gives the same, bit for bit.';

grant select on patchring.gate_device, patchring.gate_part, patchring.gate_own, patchring.gate_own_record, patchring.gate_facet,
  patchring.gate_evidence, patchring.gate_record to patchring_web, patchring_dispatcher;
grant select on patchring.gate_event to patchring_dispatcher;
grant insert on patchring.gate_device, patchring.gate_event, patchring.gate_part, patchring.gate_own,
  patchring.gate_own_record, patchring.gate_facet, patchring.gate_evidence, patchring.gate_record to patchring_dispatcher;
grant update on patchring.gate_device, patchring.gate_part, patchring.gate_own, patchring.gate_facet,
  patchring.gate_evidence to patchring_dispatcher;
-- A person who releases a hold lets its evidence begin anew.
grant update (era, accepted_at) on patchring.gate_facet to patchring_web;
grant update (era, accepted_at, pooled) on patchring.gate_part to patchring_web;
