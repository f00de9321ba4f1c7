-- name: systems
-- What systems a tenant's active devices have, on how many of them, and the first names of those.
select os_name as name, os_version as version, count(*)::integer as device_count,
  (array_agg(device.name order by device.name))[1:%(names)s] as device_names
from patchring.device
where tenant_id = %(tenant_id)s and state = 'active'
group by 1, 2 order by 1, 2;

-- name: applications
-- The same of applications with such a name. Devices with one set of packages are looked at once.
with of_set as (
  select distinct on (held.package_set) held.package_set, held.scan -> 'installed' as installed
  from patchring.device_inventory as held
  join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
  where held.tenant_id = %(tenant_id)s and held.package_set <> '' and device.state = 'active'
  order by held.package_set, held.device_id
), found as (
  select distinct of_set.package_set, package ->> 'name' as name, package ->> 'version' as version
  from of_set cross join lateral jsonb_array_elements(of_set.installed) as package
  where package ->> 'name' ~ %(pattern)s
)
select found.name, found.version, count(*)::integer as device_count,
  (array_agg(device.name order by device.name))[1:%(names)s] as device_names
from found
join patchring.device_inventory as held on held.tenant_id = %(tenant_id)s and held.package_set = found.package_set
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where device.state = 'active'
group by 1, 2 order by 1, 2;
