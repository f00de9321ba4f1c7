-- name: rollouts
-- Rollouts of a tenant, newest first, before a cursor; `state` empty: any.
select o.rollout_id, o.campaign_id, o.state, o.state_at, o.reasons, o.halt_scope, o.halt_source, o.created_at,
  o.created_by, o.row_version, p.patch_id, p.patch_key, p.title
from patchring.rollout o
join patchring.patch p on p.tenant_id = o.tenant_id and p.patch_id = o.patch_id
where o.tenant_id = %(tenant_id)s and (%(before)s::uuid is null or o.rollout_id < %(before)s::uuid)
  and (%(state)s::text = '' or o.state = %(state)s::text)
order by o.rollout_id desc limit %(limit)s;

-- name: rollout
-- One rollout with its patch.
select o.rollout_id, o.campaign_id, o.state, o.state_at, o.reasons, o.halt_scope, o.halt_source,
  o.rollback_requested_by, o.policy_version_id, o.created_at, o.created_by, o.row_version, p.patch_id, p.patch_key, p.title
from patchring.rollout o
join patchring.patch p on p.tenant_id = o.tenant_id and p.patch_id = o.patch_id
where o.tenant_id = %(tenant_id)s and o.rollout_id = %(rollout_id)s;

-- name: rings
-- Its rings with their counts.
select ring, name, state, state_at, reasons, counts, device_count, opened_at, first_verified_at, last_verified_at,
  soak_until_at, passed_at, forgiven_count
from patchring.rollout_ring
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s order by ring;

-- name: devices
-- Its devices in the order in which they go, after a cursor.
select r.device_id, d.name, r.ring, r.position, r.segment, r.state, r.state_at, r.from_version, r.attempt_count,
  r.verified_at, r.reasons, n.reasons as denial_reasons
from patchring.rollout_device r
join patchring.device d on d.tenant_id = r.tenant_id and d.device_id = r.device_id
left join patchring.denial n on n.tenant_id = r.tenant_id and n.action_id = r.action_id
where r.tenant_id = %(tenant_id)s and r.rollout_id = %(rollout_id)s
  and (r.ring, r.position, r.device_id)
    > (%(after_ring)s::integer, %(after_position)s::integer, %(after_id)s::uuid)
  and (%(state)s::text = '' or r.state = %(state)s::text)
order by r.ring, r.position, r.device_id limit %(limit)s;

-- name: request_rollback
-- A person asked for the way back.
update patchring.rollout set rollback_requested_by = %(by)s
where tenant_id = %(tenant_id)s and rollout_id = %(rollout_id)s;

-- name: stops
-- What is stopped, newest first, before a cursor; `all` false: only what is in force.
select stop_id, stop_key, reason, placed_at, placed_by, lifted_at, lifted_by, lift_reason from patchring.stop
where (%(before)s::uuid is null or stop_id < %(before)s::uuid) and (%(all)s::boolean or lifted_at is null)
order by stop_id desc limit %(limit)s;
