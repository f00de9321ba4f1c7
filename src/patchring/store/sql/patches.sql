-- name: listed
-- Patches of a tenant after a cursor by id, newest first. `missing_count` is counted up to 10000. `missing` true: only
-- those that some device misses now.
select p.patch_id, p.patch_key, p.provider, p.name, p.version, p.title, p.source, p.origin, p.label, p.suite, p.security,
  p.type, p.classification, p.reboot, p.kb, p.update_id, p.size_bytes, p.known_from, p.known_to, p.row_version,
  (select count(*) from (
    select from patchring.missing m
    where m.tenant_id = p.tenant_id and m.patch_id = p.patch_id and m.known_to is null limit 10000
  ) as counted) as missing_count,
  r.rollout_id, r.state as rollout_state
from patchring.patch p
left join lateral (
  select o.rollout_id, o.state from patchring.rollout o
  where o.tenant_id = p.tenant_id and o.patch_id = p.patch_id order by o.created_at desc limit 1
) r on true
where p.tenant_id = %(tenant_id)s
  and (%(before)s::uuid is null or p.patch_id < %(before)s::uuid)
  and (not %(missing)s::boolean or exists (
    select from patchring.missing m
    where m.tenant_id = p.tenant_id and m.patch_id = p.patch_id and m.known_to is null))
  and (%(security)s::boolean is null or p.security = %(security)s::boolean)
  and (%(words)s::text = '' or strpos(lower(p.title || ' ' || p.patch_key), lower(%(words)s::text)) > 0)
order by p.patch_id desc limit %(limit)s;

-- name: across
-- Patches of several tenants by key and tenant, after a place in that order (null: from the first).
select p.patch_key, p.tenant_id, t.slug as tenant, p.patch_id, p.title, p.security, p.classification, p.known_from,
  (select count(*) from (
    select from patchring.missing m
    where m.tenant_id = p.tenant_id and m.patch_id = p.patch_id and m.known_to is null limit 10000
  ) as counted) as missing_count,
  r.rollout_id, r.state as rollout_state
from patchring.patch p
join patchring.tenant t on t.tenant_id = p.tenant_id
left join lateral (
  select o.rollout_id, o.state from patchring.rollout o
  where o.tenant_id = p.tenant_id and o.patch_id = p.patch_id order by o.created_at desc limit 1
) r on true
where p.tenant_id = any (%(tenant_ids)s::uuid[])
  and (%(after_key)s::text is null or (p.patch_key, p.tenant_id) > (%(after_key)s::text, %(after_tenant)s::uuid))
  and (%(patch_key)s::text = '' or p.patch_key = %(patch_key)s::text)
  and (%(words)s::text = '' or strpos(lower(p.title || ' ' || p.patch_key), lower(%(words)s::text)) > 0)
order by p.patch_key, p.tenant_id limit %(limit)s;

-- name: one
-- A patch by id (null: the text is no id) or by key.
select patch_id, patch_key, provider, name, version, title, source, origin, label, suite, security, type, classification,
  reboot, kb, update_id, exploited, history, size_bytes, known_from, known_to, row_version
from patchring.patch
where tenant_id = %(tenant_id)s and (patch_id = %(patch_id)s::uuid or patch_key = %(patch_key)s)
order by patch_id = %(patch_id)s::uuid desc nulls last limit 1;

-- name: not_started
-- Why no rollout began when the patch was last decided; null: it was not decided yet.
select decision -> 'reasons' as reasons from patchring.patch
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s;

-- name: devices_missing
-- The devices that miss a patch, by name after a cursor of name and id.
select d.device_id, d.name, m.installed_version, m.held_back, m.known_from
from patchring.missing m
join patchring.device d on d.tenant_id = m.tenant_id and d.device_id = m.device_id
where m.tenant_id = %(tenant_id)s and m.patch_id = %(patch_id)s and m.known_to is null
  and (d.name, d.device_id) > (%(after_name)s::text, %(after_id)s::uuid)
order by d.name, d.device_id limit %(limit)s;

-- name: add_approval
-- A decision of a person; an approval brings what was signed.
insert into patchring.approval (tenant_id, approval_id, patch_id, decision, segments, reason, statement, decided_at,
  decided_by, expires_at)
values (%(tenant_id)s, %(approval_id)s, %(patch_id)s, %(decision)s, %(segments)s, %(reason)s, %(statement)s, %(at)s,
  %(by)s, %(expires_at)s)
on conflict (tenant_id, approval_id) do nothing;

-- name: approvals
-- Decisions of people, newest first, before a cursor.
select a.approval_id, a.patch_id, p.patch_key, a.decision, a.segments, a.reason, a.decided_at, a.decided_by,
  a.expires_at, a.withdrawn_at
from patchring.approval a
join patchring.patch p on p.tenant_id = a.tenant_id and p.patch_id = a.patch_id
where a.tenant_id = %(tenant_id)s and (%(before)s::uuid is null or a.approval_id < %(before)s::uuid)
order by a.approval_id desc limit %(limit)s;

-- name: approval
-- One decision of a person.
select a.approval_id, a.patch_id, p.patch_key, a.decision, a.segments, a.reason, a.decided_at, a.decided_by,
  a.expires_at, a.withdrawn_at
from patchring.approval a
join patchring.patch p on p.tenant_id = a.tenant_id and p.patch_id = a.patch_id
where a.tenant_id = %(tenant_id)s and a.approval_id = %(approval_id)s;

-- name: withdraw_approval
-- No row when it was withdrawn before.
update patchring.approval set withdrawn_at = %(at)s
where tenant_id = %(tenant_id)s and approval_id = %(approval_id)s and withdrawn_at is null;

-- name: live_rollouts
-- Rollouts of a patch that can still move.
select o.rollout_id from patchring.rollout o
join patchring.patch p on p.tenant_id = o.tenant_id and p.patch_id = o.patch_id
where o.tenant_id = %(tenant_id)s and p.patch_key = %(patch_key)s
  and o.state in ('awaiting_approval', 'running', 'halted', 'rolling_back');

-- name: of_key
-- The patch of a key, where this tenant knows it.
select patch_id, patch_key from patchring.patch where tenant_id = %(tenant_id)s and patch_key = %(patch_key)s;

-- name: add_hold
-- A hold placed by a person, or taken from the MSP.
insert into patchring.hold (tenant_id, hold_id, patch_key, segment, reason, source, placed_at, placed_by)
values (%(tenant_id)s, %(hold_id)s, %(patch_key)s, %(segment)s, %(reason)s, %(source)s, %(at)s, %(by)s);

-- name: holds
-- Newest first, before a cursor; `all` false: only those in force.
select hold_id, patch_key, segment, reason, source, placed_at, placed_by, released_at, released_by, release_reason,
  row_version
from patchring.hold
where tenant_id = %(tenant_id)s and (%(before)s::uuid is null or hold_id < %(before)s::uuid)
  and (%(all)s::boolean or released_at is null)
order by hold_id desc limit %(limit)s;

-- name: release_hold
-- No row when it is not there, was released before, or was changed since it was read (row_version null: any).
update patchring.hold
set released_at = %(at)s, released_by = %(by)s, release_reason = %(reason)s, row_version = row_version + 1
where tenant_id = %(tenant_id)s and hold_id = %(hold_id)s and released_at is null
  and (%(row_version)s::integer is null or row_version = %(row_version)s::integer);

-- name: hold_by_id
-- One hold, also a released one.
select hold_id, patch_key, segment, reason, source, placed_at, placed_by, released_at, released_by, release_reason,
  row_version
from patchring.hold
where tenant_id = %(tenant_id)s and hold_id = %(hold_id)s;
