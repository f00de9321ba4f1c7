-- name: edition
-- What a printed version (null: the one in force) is made from: its text, the tenant's name, the zone of its first site
-- (null: it has none).
select policy.version, policy.text, policy.created_at, tenant.name as tenant_name, tenant.kind as tenant_kind,
  (select site.zone from patchring.site
   where site.tenant_id = policy.tenant_id order by site.created_at, site.site_id limit 1) as zone
from patchring.policy_version policy
join patchring.tenant on tenant.tenant_id = policy.tenant_id
where policy.tenant_id = %(tenant_id)s and (%(version)s::integer is null or policy.version = %(version)s::integer)
order by policy.version desc limit 1;
-- name: devices
-- Active devices by id, after one, with what a policy looks at, their site's zone. The
-- devices of a fleet are read page by page.
select device.device_id, device.name as device_name, device.site_id, site.name as site, site.zone, device.class,
  device.roles, device.criticality, device.internet_facing, device.redundancy_group, device.groups, device.sacrificial,
  device.os_name, device.os_version, tenant.kind as tenant_kind
from patchring.device
join patchring.site on site.tenant_id = device.tenant_id and site.site_id = device.site_id
join patchring.tenant on tenant.tenant_id = device.tenant_id
where device.tenant_id = %(tenant_id)s and device.state = 'active' and not device.observe_only
  and device.device_id > %(after)s
order by device.device_id limit %(limit)s;

-- name: patches
-- Patches that some device misses now, by id, after one.
select patch_id, patch_key, provider, name, version, title, source, origin, label, suite, security, type,
  classification, reboot, kb, update_id, exploited, history
from patchring.patch
where tenant_id = %(tenant_id)s and patch_id > %(after)s and exists (
  select from patchring.missing
  where missing.tenant_id = patch.tenant_id and missing.patch_id = patch.patch_id and missing.known_to is null)
order by patch_id limit %(limit)s;

-- name: missing
-- Which device misses which patch now, by both, after a pair; what the package manager holds back is left out.
select device_id, patch_id from patchring.missing
where tenant_id = %(tenant_id)s and known_to is null and held_back = ''
  and (patch_id, device_id) > (%(after_patch)s, %(after_device)s)
order by patch_id, device_id limit %(limit)s;

-- name: holds
-- Holds in force, oldest first.
select patch_key, segment, reason, source from patchring.hold
where tenant_id = %(tenant_id)s and released_at is null order by placed_at, hold_id;
