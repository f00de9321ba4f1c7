-- name: begin_device
-- The patch is about to be installed on a device: from now on what happens to it counts.
insert into patchring.gate_device as held (tenant_id, rollout_id, device_id, began_at)
values (%(tenant_id)s, %(rollout_id)s, %(device_id)s, %(at)s)
on conflict (tenant_id, rollout_id, device_id) do update set began_at = coalesce(held.began_at, excluded.began_at);

-- name: end_device
-- It failed: what happens to it afterwards says nothing more.
update patchring.gate_device set ended_at = %(at)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and device_id = %(device_id)s and ended_at is null;

-- name: end_taken_back
-- The same for devices that were taken back since the last look.
update patchring.gate_device as held set ended_at = placed.state_at
from patchring.rollout_device as placed
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.ended_at is null
  and held.began_at is not null and placed.tenant_id = held.tenant_id and placed.rollout_id = held.rollout_id
  and placed.device_id = held.device_id and placed.state in ('rolling_back', 'rolled_back', 'rollback_failed');

-- name: add_event
-- The first of its signal on the device counts, and only while it has the patch.
insert into patchring.gate_event (tenant_id, rollout_id, device_id, signal, at)
select held.tenant_id, held.rollout_id, held.device_id, %(signal)s, %(at)s
from patchring.gate_device as held
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.device_id = %(device_id)s
  and held.began_at is not null
on conflict do nothing;

-- name: add_silent
-- Servers that have the patch and were not heard of since an instant, though they were after it began.
insert into patchring.gate_event (tenant_id, rollout_id, device_id, signal, at)
select held.tenant_id, held.rollout_id, held.device_id, 'missing_heartbeat', %(at)s
from patchring.gate_device as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
join patchring.device_contact as contact
  on contact.tenant_id = held.tenant_id and contact.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.began_at is not null
  and held.ended_at is null and device.class = 'server' and device.state = 'active'
  and contact.last_seen_at < %(heard_before)s and contact.last_seen_at > held.began_at
on conflict do nothing;

-- name: control
-- Servers without the patch in the same hours: how many there are, and how many of them fell silent.
select count(*)::integer as device_count,
  count(*) filter (where contact.last_seen_at between %(heard_after)s and %(heard_before)s)::integer as silent_count
from patchring.rollout_device as placed
join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
join patchring.device_contact as contact
  on contact.tenant_id = placed.tenant_id and contact.device_id = placed.device_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and placed.state in ('waiting', 'offered', 'skipped') and device.class = 'server' and device.state = 'active';

-- name: unnamed
-- Devices of a rollout whose facets are not worked out yet, with what they are made of.
select device.device_id, device.name as device_name, device.class, device.roles, device.criticality,
  device.internet_facing, device.redundancy_group, device.groups, device.sacrificial, device.os_name,
  device.os_version, device.site_id, site.name as site, tenant.kind as tenant_kind,
  coalesce(inventory.scan -> 'facts' ->> 'manufacturer', '') as manufacturer,
  coalesce(inventory.scan -> 'facts' ->> 'model', '') as model,
  array(select package ->> 'name' from jsonb_array_elements(inventory.scan -> 'installed') as package
    where package ->> 'name' = any (%(applications)s::text[])) as packages
from patchring.rollout_device as placed
join patchring.device on device.tenant_id = placed.tenant_id and device.device_id = placed.device_id
join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
join patchring.tenant on tenant.tenant_id = device.tenant_id
left join patchring.device_inventory as inventory
  on inventory.tenant_id = device.tenant_id and inventory.device_id = device.device_id
where placed.tenant_id = %(tenant_id)s and placed.rollout_id = %(rollout_id)s
  and not exists (select from patchring.gate_device as held
    where held.tenant_id = placed.tenant_id and held.rollout_id = placed.rollout_id
      and held.device_id = placed.device_id and held.facets <> '{}')
order by device.device_id
limit %(count)s;

-- name: device
-- What the facets of one device are made of.
select device.device_id, device.name as device_name, device.class, device.roles, device.criticality,
  device.internet_facing, device.redundancy_group, device.groups, device.sacrificial, device.os_name,
  device.os_version, device.site_id, site.name as site, tenant.kind as tenant_kind,
  coalesce(inventory.scan -> 'facts' ->> 'manufacturer', '') as manufacturer,
  coalesce(inventory.scan -> 'facts' ->> 'model', '') as model,
  array(select package ->> 'name' from jsonb_array_elements(inventory.scan -> 'installed') as package
    where package ->> 'name' = any (%(applications)s::text[])) as packages
from patchring.device
join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
join patchring.tenant on tenant.tenant_id = device.tenant_id
left join patchring.device_inventory as inventory
  on inventory.tenant_id = device.tenant_id and inventory.device_id = device.device_id
where device.tenant_id = %(tenant_id)s and device.device_id = %(device_id)s;

-- name: name_devices
-- The facets of devices, worked out.
insert into patchring.gate_device as held (tenant_id, rollout_id, device_id, facets, build, role, application)
select %(tenant_id)s, %(rollout_id)s, new.device_id, array(select jsonb_array_elements_text(new.facets)), new.build,
  new.role, new.application
from jsonb_to_recordset(%(rows)s) as new (device_id uuid, facets jsonb, build text, role text, application text)
order by new.device_id
on conflict (tenant_id, rollout_id, device_id) do update
set facets = excluded.facets, build = excluded.build, role = excluded.role, application = excluded.application;

-- name: patched
-- Devices that have the patch or had it, by what they belong to and when that was.
select facets, began_at, ended_at, count(*)::integer as device_count
from patchring.gate_device
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and began_at is not null and facets <> '{}'
group by facets, began_at, ended_at
order by began_at, ended_at, facets;

-- name: events
-- First events with what their devices belong to, in the order of time.
select event.device_id, event.signal, event.at, held.facets
from patchring.gate_event as event
join patchring.gate_device as held on held.tenant_id = event.tenant_id and held.rollout_id = event.rollout_id
  and held.device_id = event.device_id
where event.tenant_id = %(tenant_id)s and event.rollout_id = %(rollout_id)s and held.facets <> '{}'
order by event.at, event.device_id;

-- name: members
-- How many devices of which facets each ring has, and on how many of those that are installed a signal is unread.
select held.facets, placed.ring, count(*)::integer as device_count,
  count(*) filter (where placed.state = 'installed'
    and placed.reasons @> '[{"code": "probe_unread"}]')::integer as probe_unread_count,
  count(*) filter (where placed.state = 'installed'
    and placed.reasons @> '[{"code": "boot_unread"}]')::integer as boot_unread_count
from patchring.gate_device as held
join patchring.rollout_device as placed on placed.tenant_id = held.tenant_id and placed.rollout_id = held.rollout_id
  and placed.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.facets <> '{}'
  and placed.state <> 'skipped'
group by held.facets, placed.ring
order by placed.ring, held.facets;

-- name: parts
-- What of each facet of a rollout is in the pool.
select facet, words, era, device_count, installed_count, pooled, last_ring, told, accepted_at from patchring.gate_part
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s
order by facet;

-- name: put_parts
-- What of each facet is in the pool now.
insert into patchring.gate_part (tenant_id, rollout_id, facet, words, era, device_count, installed_count, pooled,
  last_ring, told)
select %(tenant_id)s, %(rollout_id)s, new.facet, new.words, new.era, new.device_count, new.installed_count, new.pooled,
  new.last_ring, new.told
from jsonb_to_recordset(%(rows)s) as new (facet text, words text, era integer, device_count integer,
  installed_count integer, pooled jsonb, last_ring smallint, told text)
on conflict (tenant_id, rollout_id, facet) do update
set era = excluded.era, device_count = excluded.device_count, installed_count = excluded.installed_count,
  pooled = excluded.pooled, last_ring = excluded.last_ring, told = excluded.told;

-- name: facets
-- The facets of a patch over all tenants, without names of tenants.
select facet, kind, ordinal, words, era, tenant_count, device_count, installed_count, accepted_at
from patchring.gate_facet
where patch_key = %(patch_key)s
order by kind, ordinal;

-- name: put_facets
-- How many devices each facet has over all tenants, and of which era its evidence is.
insert into patchring.gate_facet (patch_key, facet, kind, ordinal, words, era, tenant_count, device_count,
  installed_count)
select %(patch_key)s, new.facet, new.kind, new.ordinal, new.words, new.era, new.tenant_count, new.device_count,
  new.installed_count
from jsonb_to_recordset(%(rows)s) as new (facet text, kind text, ordinal integer, words text, era integer,
  tenant_count integer, device_count integer, installed_count integer)
order by new.facet
on conflict (patch_key, facet) do update
set era = excluded.era, tenant_count = excluded.tenant_count, device_count = excluded.device_count,
  installed_count = excluded.installed_count;

-- name: evidence
-- What was seen of a patch in the present eras of its facets.
select held.facet, held.signal, held.era, held.step_count, held.tenant_count, held.unread_count, held.evidence
from patchring.gate_evidence as held
join patchring.gate_facet as facet on facet.patch_key = held.patch_key and facet.facet = held.facet
  and facet.era = held.era
where held.patch_key = %(patch_key)s
order by held.facet, held.signal;

-- name: put_evidence
-- What was seen, with the newest step.
insert into patchring.gate_evidence (patch_key, facet, signal, era, step_count, tenant_count, unread_count, evidence)
select %(patch_key)s, new.facet, new.signal, new.era, new.step_count, new.tenant_count, new.unread_count, new.evidence
from jsonb_to_recordset(%(rows)s) as new (facet text, signal text, era integer, step_count integer,
  tenant_count integer, unread_count integer, evidence jsonb)
order by new.facet, new.signal
on conflict (patch_key, facet, signal, era) do update
set step_count = excluded.step_count, tenant_count = excluded.tenant_count, unread_count = excluded.unread_count,
  evidence = excluded.evidence;

-- name: add_records
-- What each verdict was given on.
insert into patchring.gate_record (patch_key, facet, signal, era, number, at, record, code_version)
select %(patch_key)s, new.facet, new.signal, new.era, new.number, %(at)s, new.record, %(code_version)s
from jsonb_to_recordset(%(rows)s) as new (facet text, signal text, era integer, number integer, record jsonb);

-- name: own
-- The same of one tenant's devices together.
select signal, era, step_count, evidence from patchring.gate_own
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s and era = %(era)s
order by signal;

-- name: put_own
-- The same with the newest step.
insert into patchring.gate_own (tenant_id, rollout_id, signal, era, step_count, evidence)
select %(tenant_id)s, %(rollout_id)s, new.signal, new.era, new.step_count, new.evidence
from jsonb_to_recordset(%(rows)s) as new (signal text, era integer, step_count integer, evidence jsonb)
on conflict (tenant_id, rollout_id, signal, era) do update
set step_count = excluded.step_count, evidence = excluded.evidence;

-- name: add_own_records
-- What each verdict on one tenant's devices was given on.
insert into patchring.gate_own_record (tenant_id, rollout_id, signal, era, number, at, record, code_version)
select %(tenant_id)s, %(rollout_id)s, new.signal, new.era, new.number, %(at)s, new.record, %(code_version)s
from jsonb_to_recordset(%(rows)s) as new (signal text, era integer, number integer, record jsonb);

-- name: fan_out
-- Have every tenant's share in a patch looked at again. It reads ids alone.
insert into patchring.due (tenant_id, kind, id, wake_at)
select held.tenant_id, 'gate', held.rollout_id, %(wake_at)s
from patchring.campaign
join patchring.campaign_rollout as held using (campaign_id)
where campaign.patch_key = %(patch_key)s and held.tenant_id <> %(tenant_id)s
order by held.tenant_id, held.rollout_id
on conflict (tenant_id, kind, id) do update set wake_at = least(patchring.due.wake_at, excluded.wake_at);

-- name: rollout
-- The patch of a rollout.
select patch.patch_key from patchring.rollout
join patchring.patch on patch.tenant_id = rollout.tenant_id and patch.patch_id = rollout.patch_id
where rollout.tenant_id = %(tenant_id)s and rollout.rollout_id = %(rollout_id)s;

-- name: other_parts
-- What earlier rollouts of the same patch brought into the pool: a tenant counts once.
select part.facet, part.era, part.pooled from patchring.gate_part as part
join patchring.rollout as other on other.tenant_id = part.tenant_id and other.rollout_id = part.rollout_id
join patchring.rollout as this on this.tenant_id = other.tenant_id and this.patch_id = other.patch_id
where part.tenant_id = %(tenant_id)s and this.rollout_id = %(rollout_id)s and part.rollout_id <> %(rollout_id)s
order by part.facet, part.era, part.rollout_id;

-- name: of_facets
-- Devices of these facets (or every one) that wait for the patch or are offered it.
select held.device_id from patchring.gate_device as held
join patchring.rollout_device as placed on placed.tenant_id = held.tenant_id and placed.rollout_id = held.rollout_id
  and placed.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and placed.state in ('waiting', 'offered')
  and (%(every)s or held.facets && %(facets)s::text[])
order by held.device_id;

-- name: slowed
-- Devices of these facets that wait, but for the next one when no other of them is under way.
with near as (
  select placed.device_id, placed.state, placed.ring, placed.position
  from patchring.gate_device as held
  join patchring.rollout_device as placed on placed.tenant_id = held.tenant_id and placed.rollout_id = held.rollout_id
    and placed.device_id = held.device_id
  where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.facets && %(facets)s::text[]
    and placed.state in ('waiting', 'offered', 'permitted', 'installing', 'installed', 'reboot_pending')
), numbered as (
  select device_id, state,
    row_number() over (partition by state = 'waiting' order by ring, position)
      + count(*) filter (where state <> 'waiting') over () as turn
  from near
)
select device_id from numbered where state = 'waiting' and turn > 1 order by device_id;

-- name: kinds
-- Devices of a rollout by kind and ring, and how many of them are verified.
select held.build, held.role, held.application, placed.ring, count(*)::integer as count,
  count(*) filter (where placed.state = 'verified')::integer as verified
from patchring.gate_device as held
join patchring.rollout_device as placed on placed.tenant_id = held.tenant_id and placed.rollout_id = held.rollout_id
  and placed.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.rollout_id = %(rollout_id)s and held.facets <> '{}'
  and placed.state <> 'skipped'
group by held.build, held.role, held.application, placed.ring
order by placed.ring, held.build, held.role, held.application;

-- name: accept
-- A person accepted what was seen of a facet up to now: its evidence begins anew from here.
update patchring.gate_facet set era = era + 1, accepted_at = %(at)s
where patch_key = %(patch_key)s and facet = %(facet)s;

-- name: accept_own
-- The same for one tenant's devices together.
update patchring.gate_part as part set era = part.era + 1, accepted_at = %(at)s, pooled = '{}'
from patchring.rollout
where rollout.tenant_id = %(tenant_id)s and rollout.patch_id = %(patch_id)s and part.tenant_id = rollout.tenant_id
  and part.rollout_id = rollout.rollout_id and part.facet = 'own';

-- name: records
-- Every verdict on pooled evidence of a patch, in its order, with the evidence that they add up to.
select held.facet, held.signal, held.era, held.evidence,
  (select jsonb_agg(kept.record order by kept.number) from patchring.gate_record as kept
    where kept.patch_key = held.patch_key and kept.facet = held.facet and kept.signal = held.signal
      and kept.era = held.era) as records
from patchring.gate_evidence as held
where held.patch_key = %(patch_key)s
order by held.facet, held.signal, held.era;

-- name: own_records
-- The same of one tenant's devices together.
select 'own' as facet, held.signal, held.era, held.evidence,
  (select jsonb_agg(kept.record order by kept.number) from patchring.gate_own_record as kept
    where kept.tenant_id = held.tenant_id and kept.rollout_id = held.rollout_id and kept.signal = held.signal
      and kept.era = held.era) as records
from patchring.gate_own as held
join patchring.rollout on rollout.tenant_id = held.tenant_id and rollout.rollout_id = held.rollout_id
where held.tenant_id = %(tenant_id)s and rollout.patch_id = %(patch_id)s
order by held.rollout_id, held.signal, held.era;
