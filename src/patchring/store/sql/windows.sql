-- name: missed
-- Windows updates with a KB that devices miss, by what decides what they would settle there.
select patch.kb, patch.title, patch.version, patch.known_from, device.os_name, device.os_version, device.architecture,
  min(missing.installed_version) as installed_version, array_agg(missing.device_id order by missing.device_id) as device_ids
from patchring.missing
join patchring.patch on patch.tenant_id = missing.tenant_id and patch.patch_id = missing.patch_id
join patchring.device on device.tenant_id = missing.tenant_id and device.device_id = missing.device_id
where missing.tenant_id = %(tenant_id)s and missing.known_to is null and device.state = 'active'
  and patch.provider = 'windows_update' and patch.kb <> ''
  and (%(device_ids)s::uuid[] is null or missing.device_id = any (%(device_ids)s::uuid[]))
group by 1, 2, 3, 4, 5, 6, 7
order by patch.kb, device.os_name, device.os_version;

-- name: updates
-- What MSRC says now of these KBs, in every month and product.
select body from patchring.catalogue
where feed = 'msrc' and body ->> 'kb' = any (%(kbs)s::text[]) and known_to is null
order by part, key;

-- name: rate
-- The vendor's own score, where it gives one.
update patchring.finding as held set cvss_tenths = new.cvss_tenths
from jsonb_to_recordset(%(rows)s) as new (cve text, package text, cvss_tenths smallint)
where held.tenant_id = %(tenant_id)s and held.device_id = any (%(device_ids)s::uuid[]) and held.known_to is null
  and held.cve = new.cve and held.package = new.package and held.cvss_tenths is distinct from new.cvss_tenths;

-- name: close
-- Of what updates settle: the devices miss neither the update nor one that replaces it any more.
update patchring.finding as held set known_to = %(at)s
where held.tenant_id = %(tenant_id)s and held.known_to is null and held.ecosystem = 'Windows'
  and (%(device_ids)s::uuid[] is null or held.device_id = any (%(device_ids)s::uuid[]))
  and not exists (select from jsonb_to_recordset(%(missed)s) as missed (device_id uuid, kb text)
    where missed.device_id = held.device_id and missed.kb = held.package);
