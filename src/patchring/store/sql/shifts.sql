-- name: listed
-- Shifts in force by their begin, after a cursor of whole seconds and id; those that are over only when asked for.
select shift_id, person, kind, begins_at, ends_at, created_at, created_by, acknowledged_at,
  floor(extract(epoch from begins_at))::bigint as begins_s
from patchring.shift
where tenant_id = %(tenant_id)s and withdrawn_at is null and (%(past)s or ends_at > %(now)s)
  and (floor(extract(epoch from begins_at))::bigint, shift_id) > (%(after_s)s, %(after_id)s)
order by begins_s, shift_id limit %(limit)s;

-- name: coming
-- What a calendar of one person brought in before and is not over: locked, so that two imports do not cross.
select shift_id, begins_at, ends_at from patchring.shift
where tenant_id = %(tenant_id)s and person = %(person)s and kind = %(kind)s and withdrawn_at is null
  and ends_at > %(now)s and begins_at < %(until)s
order by shift_id for update;

-- name: add
-- One row each; those that are there already stay as they are.
insert into patchring.shift (tenant_id, shift_id, person, kind, begins_at, ends_at, created_at, created_by)
select %(tenant_id)s, said.shift_id, %(person)s, %(kind)s, said.begins_at, said.ends_at, %(at)s, %(by)s
from jsonb_to_recordset(%(shifts)s) as said (shift_id uuid, begins_at timestamptz, ends_at timestamptz)
on conflict do nothing;

-- name: withdraw
update patchring.shift set withdrawn_at = %(at)s
where tenant_id = %(tenant_id)s and shift_id = any (%(shift_ids)s::uuid[]) and withdrawn_at is null;

-- name: one
-- A shift in force by its id.
select shift_id, person, kind, begins_at, ends_at, created_at, created_by, acknowledged_at from patchring.shift
where tenant_id = %(tenant_id)s and shift_id = %(shift_id)s and withdrawn_at is null;

-- name: acknowledge
-- The first time counts.
update patchring.shift set acknowledged_at = coalesce(acknowledged_at, %(at)s)
where tenant_id = %(tenant_id)s and shift_id = %(shift_id)s and withdrawn_at is null
returning shift_id, person, kind, begins_at, ends_at, created_at, created_by, acknowledged_at;

-- name: present
-- Shifts that are not over, and the ones just before, by their begin: enough to say who is there and who comes next.
select person, kind, begins_at, ends_at, acknowledged_at is not null as acknowledged from patchring.shift
where tenant_id = %(tenant_id)s and withdrawn_at is null and ends_at > %(over_before)s
order by begins_at, shift_id limit %(limit)s;

-- name: silence
-- When a device was away last; no row when it never was for more than an hour.
select silent_from_at, returned_at from patchring.device_contact
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and returned_at is not null;
