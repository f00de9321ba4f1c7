-- name: of_update
-- The other releases of the same update that this tenant's devices reported, and whether a device here has one in effect.
-- Patches with an update id of their own are not compared.
select patch.*, exists (
    select from patchring.rollout
    join patchring.rollout_device as placed
      on placed.tenant_id = rollout.tenant_id and placed.rollout_id = rollout.rollout_id
    where rollout.tenant_id = patch.tenant_id and rollout.patch_id = patch.patch_id and placed.state = 'verified'
  ) as verified
from patchring.patch
where patch.tenant_id = %(tenant_id)s and patch.provider = %(provider)s and patch.name = %(name)s
  and patch.update_id = '' and patch.patch_id <> %(patch_id)s
order by patch.patch_id desc
limit %(limit)s;

-- name: seen
-- Other releases that may be of the same product, newest first, with what all tenants saw of each.
select patch.*, pooled.verified_count, pooled.failed_count
from patchring.patch
cross join lateral (
  select coalesce(sum(evidence.verified_count), 0)::integer as verified_count,
    coalesce(sum(evidence.failed_count), 0)::integer as failed_count
  from patchring.evidence where evidence.patch_key = patch.patch_key
) as pooled
where patch.tenant_id = %(tenant_id)s and patch.provider = %(provider)s and patch.patch_id <> %(patch_id)s
  and (patch.name = %(name)s or patch.update_id <> '')
order by patch.patch_id desc
limit %(limit)s;

-- name: set_history
-- What is known of earlier releases of the product.
update patchring.patch set history = %(history)s, row_version = row_version + 1
where tenant_id = %(tenant_id)s and patch_id = %(patch_id)s;

-- name: open_rollouts
-- Rollouts of these patches that wait for approval or run, with their rings in order.
select rollout.rollout_id, rollout.state, patch.version, (
    select jsonb_agg(
      jsonb_build_object('state', ring.state, 'counts', ring.counts, 'device_count', ring.device_count)
      order by ring.ring)
    from patchring.rollout_ring as ring
    where ring.tenant_id = rollout.tenant_id and ring.rollout_id = rollout.rollout_id
  ) as rings
from patchring.rollout
join patchring.patch on patch.tenant_id = rollout.tenant_id and patch.patch_id = rollout.patch_id
where rollout.tenant_id = %(tenant_id)s and rollout.patch_id = any (%(patch_ids)s::uuid[])
  and rollout.state in ('awaiting_approval', 'running')
order by rollout.rollout_id;

-- name: others_missing
-- Other releases of the update of a patch that some device misses now: they may have waited for this one.
select other.patch_id
from patchring.patch
join patchring.patch as other on other.tenant_id = patch.tenant_id and other.provider = patch.provider
  and other.name = patch.name and other.patch_id <> patch.patch_id
where patch.tenant_id = %(tenant_id)s and patch.patch_id = %(patch_id)s and patch.update_id = ''
  and exists (select from patchring.missing
    where missing.tenant_id = other.tenant_id and missing.patch_id = other.patch_id and missing.known_to is null)
order by other.patch_id
limit %(limit)s;
