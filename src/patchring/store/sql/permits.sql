-- name: action_address
-- Where an action stands: what never changes about it, read before the locks are taken.
select a.action_id, a.rollout_id, r.ring, r.segment, p.patch_key
from patchring.action a
join patchring.rollout_device r on r.tenant_id = a.tenant_id and r.rollout_id = a.rollout_id and r.device_id = a.device_id
join patchring.rollout o on o.tenant_id = a.tenant_id and o.rollout_id = a.rollout_id
join patchring.patch p on p.tenant_id = o.tenant_id and p.patch_id = o.patch_id
where a.tenant_id = %(tenant_id)s and a.device_id = %(device_id)s and a.action_id = %(action_id)s;

-- name: device_key
-- The key a device signs with; no row for a device that is retired or is not there.
select public_key from patchring.device
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and state = 'active';

-- name: facts
-- Everything a permit is decided on, read in one statement after the locks are held.
select a.kind as action_kind, a.purpose, a.packages, a.state as action_state,
  o.rollout_id, o.state as rollout_state, o.policy_version_id, o.created_at as rollout_created_at,
  r.ring, r.segment, r.state as device_patch_state, g.state as ring_state,
  p.patch_id, p.patch_key, p.provider, p.name, p.version, p.title, p.source, p.origin, p.label, p.suite, p.security,
  p.type, p.classification, p.reboot, p.kb, p.update_id, p.exploited, p.history,
  d.name as device_name, d.class, d.roles, d.criticality, d.internet_facing, d.redundancy_group, d.groups,
  d.sacrificial, d.observe_only, d.os_name, d.os_version, d.site_id, s.name as site, s.zone, t.kind as tenant_kind
from patchring.action a
join patchring.rollout o on o.tenant_id = a.tenant_id and o.rollout_id = a.rollout_id
join patchring.rollout_device r on r.tenant_id = a.tenant_id and r.rollout_id = a.rollout_id and r.device_id = a.device_id
join patchring.rollout_ring g on g.tenant_id = r.tenant_id and g.rollout_id = r.rollout_id and g.ring = r.ring
join patchring.patch p on p.tenant_id = o.tenant_id and p.patch_id = o.patch_id
join patchring.device d on d.tenant_id = a.tenant_id and d.device_id = a.device_id
join patchring.site s on s.tenant_id = d.tenant_id and s.site_id = d.site_id
join patchring.tenant t on t.tenant_id = a.tenant_id
where a.tenant_id = %(tenant_id)s and a.device_id = %(device_id)s and a.action_id = %(action_id)s;

-- name: policy_in_force
-- The signed policy version of the highest number.
select policy_version_id, version, fingerprint, text, statement from patchring.policy_version
where tenant_id = %(tenant_id)s order by version desc limit 1;

-- name: root_in_force
-- The signed root of the highest version.
select version, document from patchring.tenant_root
where tenant_id = %(tenant_id)s order by version desc limit 1;

-- name: approvals_in_force
-- The newest decision first: a later rejection beats an earlier approval.
select approval_id, decision, segments, statement, decided_at, expires_at, decided_by, reason from patchring.approval
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s and withdrawn_at is null
order by decided_at desc, approval_id desc;

-- name: holds_in_force
-- Oldest first.
select hold_id, patch_key, segment, reason, source, placed_by, placed_at from patchring.hold
where tenant_id = %(tenant_id)s and patch_key = %(patch_key)s and released_at is null
order by placed_at;

-- name: live_permit
-- The permit that a device still holds, granted and not yet settled.
select permit_id, action_id, granted_at, expires_at from patchring.permit
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and settled_at is null;

-- name: slot_levels
-- How full the limits are, to say so in a refusal.
select slot_key, in_flight from patchring.slot
where tenant_id = %(tenant_id)s and slot_key = any (%(slot_keys)s::text[]);

-- name: take_slots
-- One of each, in the order of keys; a row that is full is not returned. The limit is the policy's of this moment.
insert into patchring.slot (tenant_id, slot_key, in_flight, in_flight_max)
select %(tenant_id)s, wanted.slot_key, 1, wanted.in_flight_max
from jsonb_to_recordset(%(slots)s) as wanted (slot_key text, in_flight_max integer)
where wanted.in_flight_max > 0
order by wanted.slot_key
on conflict (tenant_id, slot_key) do update
set in_flight = patchring.slot.in_flight + 1, in_flight_max = excluded.in_flight_max
where patchring.slot.in_flight < excluded.in_flight_max
returning slot_key;

-- name: claim_action
-- Only one request wins an offered action.
update patchring.action set state = 'permitted', state_at = %(at)s
where tenant_id = %(tenant_id)s and action_id = %(action_id)s and device_id = %(device_id)s and state = 'offered';

-- name: grant
-- Refused by the index permit_live when the device holds another, and by the nonce when it was answered before.
insert into patchring.permit (tenant_id, permit_id, device_id, action_id, nonce, granted_at, expires_at, plan_digest,
  request, document)
values (%(tenant_id)s, %(permit_id)s, %(device_id)s, %(action_id)s, %(nonce)s, %(granted_at)s, %(expires_at)s,
  %(plan_digest)s, %(request)s, %(document)s)
on conflict do nothing;

-- name: keep_slots
-- Which slots the permit took, so that they are given back by its result.
insert into patchring.permit_slot (tenant_id, permit_id, slot_key)
select %(tenant_id)s, %(permit_id)s, slot_key from unnest(%(slot_keys)s::text[]) as slot_key;

-- name: note_denial
-- The newest refusal of an action, for whoever asks why.
insert into patchring.denial (tenant_id, action_id, denied_at, reasons)
values (%(tenant_id)s, %(action_id)s, %(denied_at)s, %(reasons)s)
on conflict (tenant_id, action_id) do update
set denied_at = excluded.denied_at, reasons = excluded.reasons, denial_count = patchring.denial.denial_count + 1
where patchring.denial.tenant_id = %(tenant_id)s;

-- name: supersede
-- A device that asks anew for the same action says that it did not begin under the permit it was given before. A
-- request that was overtaken by the one of that permit says nothing.
update patchring.permit set settled_at = %(at)s, outcome = 'not_started'
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and action_id = %(action_id)s
  and settled_at is null and started_at is null and (request ->> 'number')::bigint < %(number)s
returning permit_id;

-- name: release_slots
-- Give back what a permit took; the second call gives back nothing.
with freed as (
  delete from patchring.permit_slot where tenant_id = %(tenant_id)s and permit_id = %(permit_id)s returning slot_key
)
update patchring.slot set in_flight = in_flight - 1
where tenant_id = %(tenant_id)s and slot_key in (select slot_key from freed);

-- name: offer_again
-- The action is as it was before the permit that was not used.
update patchring.action set state = 'offered', state_at = %(at)s
where tenant_id = %(tenant_id)s and action_id = %(action_id)s and state = 'permitted';

-- name: offered_to_device
-- Every patch that a device misses and its package manager would install.
select patch.* from patchring.missing
join patchring.patch on patch.tenant_id = missing.tenant_id and patch.patch_id = missing.patch_id
where missing.tenant_id = %(tenant_id)s and missing.device_id = %(device_id)s and missing.known_to is null
  and missing.held_back = ''
order by patch.patch_key;

-- name: installed_on_device
-- The packages of a device as its newest scan has them.
select package.provider, package.name, package.version
from patchring.device_inventory as held
cross join jsonb_to_recordset(held.scan -> 'installed') as package (provider text, name text, version text)
where held.tenant_id = %(tenant_id)s and held.device_id = %(device_id)s
order by package.provider, package.name, package.version;
