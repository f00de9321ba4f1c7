-- name: of_patch
-- What was seen of a patch in each ring, over all tenants.
select ring, tenant_count, device_count, verified_count, failed_count, first_verified_at, last_verified_at
from patchring.evidence where patch_key = %(patch_key)s;

-- name: add
-- What a tenant's ring saw since it was last added; nobody's name is in it.
insert into patchring.evidence as held (patch_key, ring, tenant_count, device_count, verified_count, failed_count,
  first_verified_at, last_verified_at)
select %(patch_key)s, new.ring, new.tenant_count, new.device_count, new.verified_count, new.failed_count,
  new.first_verified_at, new.last_verified_at
from jsonb_to_recordset(%(rows)s) as new (ring smallint, tenant_count integer, device_count integer,
  verified_count integer, failed_count integer, first_verified_at timestamptz, last_verified_at timestamptz)
order by new.ring
on conflict (patch_key, ring) do update
set tenant_count = held.tenant_count + excluded.tenant_count, device_count = held.device_count + excluded.device_count,
  verified_count = held.verified_count + excluded.verified_count,
  failed_count = held.failed_count + excluded.failed_count,
  first_verified_at = least(held.first_verified_at, excluded.first_verified_at),
  last_verified_at = greatest(held.last_verified_at, excluded.last_verified_at);

-- name: expect
-- Devices of a new rollout, before any was seen: rings that are empty elsewhere wait for them.
insert into patchring.evidence as held (patch_key, ring, tenant_count, device_count)
select %(patch_key)s, new.ring, new.tenant_count, new.device_count
from jsonb_to_recordset(%(rows)s) as new (ring smallint, tenant_count integer, device_count integer)
order by new.ring
on conflict (patch_key, ring) do update
set tenant_count = held.tenant_count + excluded.tenant_count, device_count = held.device_count + excluded.device_count;
