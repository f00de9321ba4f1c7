-- name: sets
-- The distinct sets of packages of a tenant's active devices, each with one device that has it.
select distinct on (held.package_set) held.package_set, held.device_id
from patchring.device_inventory as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.package_set <> '' and device.state = 'active'
order by held.package_set, held.device_id;

-- name: inventory
-- What a device has, as it said it.
select held.package_set, device.os_name, device.os_version, held.scan -> 'installed' as installed
from patchring.device_inventory as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.device_id = %(device_id)s;

-- name: devices_with_set
-- The active devices that have exactly this set of packages.
select held.device_id from patchring.device_inventory as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.package_set = %(package_set)s and device.state = 'active'
order by held.device_id;

-- name: lines
-- What advisories say now of these packages.
select line.key as advisory_id, line.ecosystem, line.package, line.introduced, line.fixed, line.last, line.known_from,
  catalogue.body -> 'cves' as cves, catalogue.body ->> 'severity' as severity,
  coalesce(catalogue.body -> 'vectors' ->> 0, '') as vector, (catalogue.body ->> 'published_at')::timestamptz as published_at
from patchring.advisory_line as line
join patchring.catalogue on catalogue.feed = line.feed and catalogue.part = line.part and catalogue.key = line.key
  and catalogue.known_from = line.known_from
where line.ecosystem = any (%(ecosystems)s::text[]) and line.package = any (%(packages)s::text[]) and line.known_to is null
  and catalogue.body ->> 'withdrawn_at' is null
order by line.key, line.part, line.number;

-- name: advisories_now
-- Which of these advisories a feed still has, withdrawn ones too.
select distinct key from patchring.catalogue
where feed = 'osv' and key = any (%(keys)s::text[]) and known_to is null;

-- name: open_of
-- What is open on these devices by advisories of packages, each once.
select distinct cve, package, fixed_version, advisory_id, ecosystem from patchring.finding
where tenant_id = %(tenant_id)s and device_id = any (%(device_ids)s::uuid[]) and known_to is null
  and ecosystem <> 'Windows';

-- name: open
-- Findings that these devices did not have; those that are open keep their beginning.
insert into patchring.finding (tenant_id, device_id, cve, package, known_from, installed_version, fixed_version,
  ecosystem, advisory_id, severity, vector, fixable_at)
select %(tenant_id)s, target.device_id, new.cve, new.package, %(at)s, new.installed_version, new.fixed_version, new.ecosystem,
  new.advisory_id, new.severity, new.vector, new.fixable_at
from unnest(%(device_ids)s::uuid[]) as target (device_id)
cross join jsonb_to_recordset(%(rows)s) as new (cve text, package text, installed_version text, fixed_version text,
  ecosystem text, advisory_id text, severity text, vector text, fixable_at timestamptz)
where not exists (select from patchring.finding as held
  where held.tenant_id = %(tenant_id)s and held.device_id = target.device_id and held.cve = new.cve
    and held.package = new.package and held.known_to is null)
on conflict do nothing;

-- name: renew
-- What is said of findings that are open, where it is said otherwise now.
update patchring.finding as held
set installed_version = new.installed_version, fixed_version = new.fixed_version, advisory_id = new.advisory_id,
  severity = new.severity, vector = new.vector
from jsonb_to_recordset(%(rows)s) as new (cve text, package text, installed_version text, fixed_version text,
  advisory_id text, severity text, vector text)
where held.tenant_id = %(tenant_id)s and held.device_id = any (%(device_ids)s::uuid[]) and held.known_to is null
  and held.cve = new.cve and held.package = new.package
  and (held.installed_version, held.fixed_version, held.advisory_id, held.severity, held.vector)
    is distinct from (new.installed_version, new.fixed_version, new.advisory_id, new.severity, new.vector);

-- name: close
-- The devices show that it is over.
update patchring.finding as held set known_to = %(at)s
from jsonb_to_recordset(%(rows)s) as gone (cve text, package text)
where held.tenant_id = %(tenant_id)s and held.device_id = any (%(device_ids)s::uuid[]) and held.known_to is null
  and held.cve = gone.cve and held.package = gone.package;

-- name: exploited
-- Which of these CVEs a catalogue lists as exploited now, and since which day.
select key as cve, body ->> 'listed_on' as listed_on from patchring.catalogue
where feed = 'kev' and key = any (%(cves)s::text[]) and known_to is null;

-- name: kinds_of_due
-- The open findings of these devices (null: all of the tenant), grouped by everything that a due date follows from.
select held.cve, held.known_from, held.fixable_at, held.severity, held.vector, held.cvss_tenths, device.internet_facing,
  held.exploited_at, held.due_at, held.triage, held.due_reasons, count(*)::integer as device_count
from patchring.finding as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.known_to is null
  and (%(device_ids)s::uuid[] is null or held.device_id = any (%(device_ids)s::uuid[]))
group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11
order by held.cve, held.known_from;

-- name: set_due
-- New due dates, by what they follow from.
update patchring.finding as held
set exploited_at = new.exploited_at, due_at = new.due_at, triage = new.triage, due_reasons = new.due_reasons
from jsonb_to_recordset(%(rows)s) as new (cve text, known_from timestamptz, fixable_at timestamptz, severity text,
  vector text, cvss_tenths smallint, internet_facing boolean, exploited_at timestamptz, due_at timestamptz,
  triage boolean, due_reasons jsonb)
join patchring.device on device.tenant_id = %(tenant_id)s
  and device.internet_facing is not distinct from new.internet_facing
where held.tenant_id = %(tenant_id)s and held.device_id = device.device_id and held.known_to is null
  and held.cve = new.cve and held.known_from = new.known_from and held.fixable_at = new.fixable_at
  and held.severity = new.severity and held.vector = new.vector
  and held.cvss_tenths is not distinct from new.cvss_tenths
  and (%(device_ids)s::uuid[] is null or held.device_id = any (%(device_ids)s::uuid[]));

-- name: ranked_kinds
-- The open findings of a tenant with what an order of work follows from, grouped: how many devices of which criticality.
select held.cve, device.internet_facing, device.criticality, held.severity, held.vector, held.cvss_tenths,
  held.exploited_at, min(held.known_from) as found_at, min(held.fixable_at) as fixable_at,
  array_agg(distinct held.package) as packages, count(distinct held.device_id)::integer as device_count,
  (array_agg(device.name order by device.name))[1] as device_name, score.epss_millionths
from patchring.finding as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
left join patchring.score on score.cve = held.cve
where held.tenant_id = %(tenant_id)s and held.known_to is null
group by 1, 2, 3, 4, 5, 6, 7, score.epss_millionths
order by held.cve;

-- name: exploited_fixes
-- Which version of what settles an exploited weakness that this tenant has.
select distinct package, fixed_version, ecosystem from patchring.finding
where tenant_id = %(tenant_id)s and known_to is null and exploited_at is not null;

-- name: patches_missing
-- Patches of these package managers that some device misses.
select patch.patch_id, patch.provider, patch.name, patch.source, patch.version, patch.kb, patch.exploited
from patchring.patch
where patch.tenant_id = %(tenant_id)s and patch.provider = any (%(providers)s::text[])
  and exists (select from patchring.missing
    where missing.tenant_id = patch.tenant_id and missing.patch_id = patch.patch_id and missing.known_to is null)
order by patch.patch_id;

-- name: set_exploited
-- Whether these patches settle something that is exploited.
update patchring.patch set exploited = %(exploited)s, row_version = row_version + 1
where tenant_id = %(tenant_id)s and patch_id = any (%(patch_ids)s::uuid[]) and exploited <> %(exploited)s
returning patch_id, patch_key;

-- name: listed
-- Open findings by CVE, device and package, after such a triple.
select held.device_id, device.name as device_name, held.cve, held.package, held.installed_version, held.fixed_version,
  held.advisory_id, held.severity, held.known_from, held.fixable_at, held.exploited_at, held.due_at, held.triage,
  held.due_reasons
from patchring.finding as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.known_to is null
  and (%(cve)s = '' or held.cve = %(cve)s) and (%(device_id)s::uuid is null or held.device_id = %(device_id)s::uuid)
  and (held.cve, held.device_id, held.package) > (%(after_cve)s, %(after_device)s::uuid, %(after_package)s)
order by held.cve, held.device_id, held.package
limit %(limit)s;
