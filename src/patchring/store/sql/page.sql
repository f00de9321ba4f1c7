-- name: tenants
-- The tenants in scope by name, the operator itself first: its devices are ring 0.
select tenant_id, slug, name, kind from patchring.tenant
where tenant_id = any (%(tenant_ids)s::uuid[])
order by kind = 'client', name;

-- name: rollouts
-- The newest rollouts before one of them (null: from the newest on), with their patch. Ids are made in the order of
-- time, so each tenant's newest are found at the end of its primary key, however long its history is.
select r.tenant_id, t.slug as tenant_slug, r.rollout_id, r.campaign_id, r.state, r.state_at, r.reasons, r.halt_scope,
  r.created_at, r.created_by, r.row_version, p.patch_id, p.patch_key, p.name as patch_name, p.version as patch_version,
  p.title, p.security, p.type, p.classification, p.reboot, p.kb, p.provider
from unnest(%(tenant_ids)s::uuid[]) as wanted (tenant_id)
cross join lateral (
  select * from patchring.rollout
  where tenant_id = wanted.tenant_id and (%(before_id)s::uuid is null or rollout_id < %(before_id)s::uuid)
  order by rollout_id desc limit %(limit)s
) as r
join patchring.tenant t on t.tenant_id = r.tenant_id
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
order by r.rollout_id desc
limit %(limit)s;

-- name: rollout
-- One rollout with its patch and the version of the policy that it runs under.
select r.tenant_id, t.slug as tenant_slug, r.rollout_id, r.campaign_id, r.state, r.state_at, r.reasons, r.halt_scope, r.created_at,
  r.created_by, r.row_version, p.patch_id, p.patch_key, p.name as patch_name, p.version as patch_version, p.title,
  p.security, p.type, p.classification, p.reboot, p.kb, p.provider, v.version as policy_version,
  v.fingerprint as policy_fingerprint
from patchring.rollout r
join patchring.tenant t on t.tenant_id = r.tenant_id
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
join patchring.policy_version v on v.tenant_id = r.tenant_id and v.policy_version_id = r.policy_version_id
where r.tenant_id = %(tenant_id)s and r.rollout_id = %(rollout_id)s;

-- name: rings
-- The rings of these rollouts with their counts, as the transactions that moved the devices kept them.
select tenant_id, rollout_id, ring, name, state, state_at, reasons, counts, device_count, opened_at,
  first_verified_at, last_verified_at, soak_until_at, passed_at
from patchring.rollout_ring
where tenant_id = any (%(tenant_ids)s::uuid[]) and rollout_id = any (%(rollout_ids)s::uuid[])
order by rollout_id, ring;

-- name: stops
-- What is stopped just now; keys name tenants and rollouts, so the caller keeps to those in its scope.
select stop_id, stop_key, reason, placed_at, placed_by from patchring.stop
where lifted_at is null
order by placed_at desc, stop_id desc
limit 200;

-- name: rollouts_named
-- Which of these rollouts are in scope, and what they are called: for stops that name a rollout.
select r.tenant_id, r.rollout_id, p.title, p.patch_key
from patchring.rollout r
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
where r.tenant_id = any (%(tenant_ids)s::uuid[]) and r.rollout_id = any (%(rollout_ids)s::uuid[]);

-- name: patches_named
-- Which of these patches are known to a tenant in scope, and what they are called.
select distinct on (patch_key) patch_key, title from patchring.patch
where tenant_id = any (%(tenant_ids)s::uuid[]) and patch_key = any (%(patch_keys)s::text[])
order by patch_key, tenant_id;

-- name: recent_events
-- The newest events of each tenant in scope over the months given, newest first, without the kinds that are details.
-- Details are looked for among the newest only, so that a tenant with nothing else costs no more.
select e.tenant_id, e.seq, e.at, e.actor, e.kind, e.subject_kind, e.subject_id, e.data
from unnest(%(tenant_ids)s::uuid[]) as wanted (tenant_id)
cross join lateral (
  select * from patchring.event
  where tenant_id = wanted.tenant_id and on_month = any (%(months)s::date[])
  order by on_month desc, seq desc limit %(look_at)s
) as e
where e.kind <> all (%(details)s::text[])
order by e.at desc, e.tenant_id, e.seq desc
limit %(limit)s;

-- name: subject_events
-- The newest events about one thing, newest first.
select tenant_id, seq, at, actor, kind, subject_kind, subject_id, data from patchring.event
where tenant_id = %(tenant_id)s and subject_kind = %(subject_kind)s and subject_id = %(subject_id)s
order by seq desc
limit %(limit)s;

-- name: subject_names
-- What devices, rollouts and patches are called, by id.
select device_id as id, name from patchring.device
where tenant_id = any (%(tenant_ids)s::uuid[]) and device_id = any (%(device_ids)s::uuid[])
union all
select r.rollout_id, p.title from patchring.rollout r
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
where r.tenant_id = any (%(tenant_ids)s::uuid[]) and r.rollout_id = any (%(rollout_ids)s::uuid[])
union all
select patch_id, title from patchring.patch
where tenant_id = any (%(tenant_ids)s::uuid[]) and patch_id = any (%(patch_ids)s::uuid[]);

-- name: census
-- How many devices each tenant has, how many only observe, and how many were not heard of since an instant.
select d.tenant_id, count(*) as device_count, count(*) filter (where d.observe_only) as observing_count,
  count(*) filter (where c.last_seen_at is null or c.last_seen_at < %(silent_before)s) as silent_count
from patchring.device d
join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
where d.tenant_id = any (%(tenant_ids)s::uuid[]) and d.state = 'active'
group by d.tenant_id;

-- name: observers
-- Devices that only observe, with what is pending on them.
select d.tenant_id, d.device_id, d.name, d.os_name, d.os_version, c.last_seen_at, pending.count as pending_count,
  pending.security_count
from patchring.device d
join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
cross join lateral (
  select count(*) as count, count(*) filter (where p.security) as security_count
  from patchring.missing m
  join patchring.patch p on p.tenant_id = m.tenant_id and p.patch_id = m.patch_id
  where m.tenant_id = d.tenant_id and m.device_id = d.device_id and m.known_to is null
) as pending
where d.tenant_id = any (%(tenant_ids)s::uuid[]) and d.observe_only and d.state = 'active'
order by d.name, d.device_id
limit %(limit)s;

-- name: silent
-- Devices that were not heard of since an instant, those silent longest first; null was never heard of.
select d.tenant_id, d.device_id, d.name, d.class, c.last_seen_at
from patchring.device d
join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
where d.tenant_id = any (%(tenant_ids)s::uuid[]) and d.state = 'active'
  and (c.last_seen_at is null or c.last_seen_at < %(silent_before)s)
order by c.last_seen_at nulls first, d.device_id
limit %(limit)s;

-- name: rollout_devices
-- One page of a rollout's devices in the order in which they get it, after a place in that order (null: from the first).
-- Each ring and state is read from the index as far as the page needs, so a page costs the same in a rollout of any size.
select rd.tenant_id, rd.device_id, rd.ring, rd.position, rd.segment, rd.state, rd.state_at, rd.from_version,
  rd.verified_at, rd.reasons, rd.attempt_count, d.name, d.class, d.os_name, d.os_version, c.last_seen_at, a.detail,
  n.reasons as denial_reasons
from (
  select one.* from patchring.rollout_ring g
  cross join unnest(%(states)s::text[]) as wanted (state)
  cross join lateral (
    select * from patchring.rollout_device
    where tenant_id = g.tenant_id and rollout_id = g.rollout_id and ring = g.ring and state = wanted.state
      and (%(after_ring)s::smallint is null or g.ring > %(after_ring)s::smallint
           or (position, device_id) > (%(after_position)s::integer, %(after_id)s::uuid))
    order by position, device_id limit %(limit)s
  ) as one
  where g.tenant_id = %(tenant_id)s and g.rollout_id = %(rollout_id)s
    and (%(ring)s::smallint is null or g.ring = %(ring)s::smallint)
    and (%(after_ring)s::smallint is null or g.ring >= %(after_ring)s::smallint)
  order by one.ring, one.position, one.device_id limit %(limit)s
) as rd
join patchring.device d on d.tenant_id = rd.tenant_id and d.device_id = rd.device_id
join patchring.device_contact c on c.tenant_id = rd.tenant_id and c.device_id = rd.device_id
left join patchring.action a on a.tenant_id = rd.tenant_id and a.action_id = rd.action_id
left join patchring.denial n on n.tenant_id = rd.tenant_id and n.action_id = rd.action_id and rd.state = 'offered'
order by rd.ring, rd.position, rd.device_id;

-- name: device
-- One device with its site, its last contact, and what its last scan said of the whole machine.
select d.*, d.name as device_name, t.kind as tenant_kind, s.name as site, s.name as site_name, s.zone, c.last_seen_at, c.boot_id, c.uptime_s, c.agent_version, c.unsent_count,
  i.taken_at, i.reboot_pending, i.scan -> 'facts' as facts, i.scan -> 'providers' as providers,
  i.scan -> 'reboot_reasons' as reboot_reasons, i.scan -> 'probes' as probes,
  jsonb_array_length(coalesce(i.scan -> 'installed', '[]')) as installed_count
from patchring.device d
join patchring.tenant t on t.tenant_id = d.tenant_id
join patchring.site s on s.tenant_id = d.tenant_id and s.site_id = d.site_id
join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
left join patchring.device_inventory i on i.tenant_id = d.tenant_id and i.device_id = d.device_id
where d.tenant_id = %(tenant_id)s and d.device_id = %(device_id)s;

-- name: device_missing
-- What is missing on a device, security first, with the newest rollout of it that has the device.
select p.patch_id, p.patch_key, p.name, p.version, p.title, p.security, p.type, p.classification, p.reboot, p.kb,
  p.decision, m.installed_version, m.known_from, m.held_back, r.rollout_id, r.state as rollout_state, r.reasons as rollout_reasons,
  r.device_state, r.ring, r.segment, r.device_reasons, r.ring_reasons,
  (select h.reason from patchring.hold h
   where h.tenant_id = p.tenant_id and h.patch_key = p.patch_key and h.released_at is null
   order by h.placed_at desc limit 1) as hold_reason
from patchring.missing m
join patchring.patch p on p.tenant_id = m.tenant_id and p.patch_id = m.patch_id
left join lateral (
  select rd.rollout_id, ro.state, ro.reasons, rd.state as device_state, rd.ring, rd.segment, rd.reasons as device_reasons,
    rr.reasons as ring_reasons
  from patchring.rollout_device rd
  join patchring.rollout ro on ro.tenant_id = rd.tenant_id and ro.rollout_id = rd.rollout_id
  join patchring.rollout_ring rr
    on rr.tenant_id = rd.tenant_id and rr.rollout_id = rd.rollout_id and rr.ring = rd.ring
  where rd.tenant_id = m.tenant_id and rd.device_id = m.device_id and ro.patch_id = m.patch_id
  order by ro.created_at desc limit 1
) as r on true
where m.tenant_id = %(tenant_id)s and m.device_id = %(device_id)s and m.known_to is null
order by p.security desc, p.title, p.patch_id
limit %(limit)s;

-- name: held_back
-- Patches that some device misses and takes part in rollouts, and that the policy lets nowhere, with its reasons.
select p.tenant_id, p.patch_id, p.patch_key, p.title, p.security, p.decision, p.decided_at, wanting.count as device_count
from patchring.patch p
cross join lateral (
  select count(*) as count from (
    select 1 from patchring.missing m
    join patchring.device d on d.tenant_id = m.tenant_id and d.device_id = m.device_id
    where m.tenant_id = p.tenant_id and m.patch_id = p.patch_id and m.known_to is null and not d.observe_only
    limit %(devices_max)s
  ) as taken
) as wanting
where p.tenant_id = any (%(tenant_ids)s::uuid[]) and p.decided_at is not null and p.known_to is null
  and jsonb_array_length(coalesce(p.decision -> 'reasons', '[]')) > 0 and wanting.count > 0
order by p.decided_at desc, p.patch_id desc
limit %(limit)s;

-- name: policy_text
-- The text of the policy in force: the highest version.
select text from patchring.policy_version where tenant_id = %(tenant_id)s order by version desc limit 1;

-- name: device_rollouts
-- The rollouts that a device is or was in, newest first.
select rd.rollout_id, rd.ring, rd.segment, rd.state, rd.state_at, rd.from_version, rd.reasons, p.title, p.version,
  p.patch_key
from patchring.rollout_device rd
join patchring.rollout r on r.tenant_id = rd.tenant_id and r.rollout_id = rd.rollout_id
join patchring.patch p on p.tenant_id = r.tenant_id and p.patch_id = r.patch_id
where rd.tenant_id = %(tenant_id)s and rd.device_id = %(device_id)s
order by r.created_at desc, r.rollout_id desc
limit %(limit)s;

-- name: version
-- A fingerprint of what the board shows: it changes when something on it did.
select md5(concat_ws('|',
  (select string_agg(tenant_id || ':' || seq, ',' order by tenant_id) from patchring.event_head
   where tenant_id = any (%(tenant_ids)s::uuid[])),
  (select string_agg(concat_ws(':', rr.rollout_id, rr.ring, rr.state, rr.counts, rr.reasons, r.state, r.reasons), ','
     order by rr.rollout_id, rr.ring)
   from patchring.rollout_ring rr
   join patchring.rollout r on r.tenant_id = rr.tenant_id and r.rollout_id = rr.rollout_id
   where rr.tenant_id = any (%(tenant_ids)s::uuid[]) and r.state <> all (%(final_states)s::text[])),
  (select string_agg(stop_key, ',' order by stop_key) from patchring.stop where lifted_at is null)
)) as version;
