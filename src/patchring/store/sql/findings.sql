-- name: state_of_advisories
-- Something else as soon as a feed of advisories is. The cluster and the database are part of it.
select pg_postmaster_start_time() as started_at, database.oid::bigint as database,
  (select string_agg(concat_ws(' ', feed.part, feed.sha256, feed.observed_at::text), ', ' order by feed.part)
    from patchring.feed where feed.feed = 'osv') as feeds
from pg_catalog.pg_database as database where database.datname = current_database();

-- name: sets
-- The distinct sets of packages of a tenant's active devices, and how many devices have each.
select held.package_set, count(*)::integer as device_count
from patchring.device_inventory as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.package_set <> '' and device.state = 'active'
group by held.package_set order by held.package_set;

-- name: inventory
-- What a device has, as it said it.
select held.package_set, device.os_name, device.os_version, held.scan -> 'installed' as installed
from patchring.device_inventory as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.device_id = %(device_id)s;

-- name: inventories_of_sets
-- The same of one device for each of these sets.
select held.package_set, device.os_name, device.os_version, held.scan -> 'installed' as installed
from (select distinct on (package_set) tenant_id, device_id from patchring.device_inventory
  where tenant_id = %(tenant_id)s and package_set = any (%(sets)s::text[]) order by package_set, device_id) as one
join patchring.device_inventory as held using (tenant_id, device_id)
join patchring.device using (tenant_id, device_id);

-- name: lines
-- What advisories say now of these packages.
select line.part, line.key as advisory_id, line.ecosystem, line.package, line.introduced, line.fixed, line.last
from patchring.advisory_line as line
where line.ecosystem = any (%(ecosystems)s::text[]) and line.package = any (%(packages)s::text[]) and line.known_to is null
  and line.feed = 'osv'
order by line.key, line.part, line.number;

-- name: advisories_said
-- What these advisories say now; those that are withdrawn say nothing.
select part, key as advisory_id, known_from, body -> 'cves' as cves, body ->> 'severity' as severity,
  coalesce(body -> 'vectors' ->> 0, '') as vector, (body ->> 'published_at')::timestamptz as published_at
from patchring.catalogue
where feed = 'osv' and key = any (%(keys)s::text[]) and known_to is null and body ->> 'withdrawn_at' is null;

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

-- name: open_by_set
-- What is open by advisories of packages on the active devices that have these sets, and on how many of them.
select inventory.package_set, held.cve, held.package, held.installed_version, held.fixed_version, held.ecosystem,
  held.advisory_id, held.severity, held.vector, count(*)::integer as device_count
from patchring.device_inventory as inventory
join patchring.device on device.tenant_id = inventory.tenant_id and device.device_id = inventory.device_id
join patchring.finding as held on held.tenant_id = inventory.tenant_id and held.device_id = inventory.device_id
where inventory.tenant_id = %(tenant_id)s and inventory.package_set = any (%(sets)s::text[]) and device.state = 'active'
  and held.known_to is null and held.ecosystem <> 'Windows'
group by 1, 2, 3, 4, 5, 6, 7, 8, 9;

-- name: close_by_set
-- The active devices with these sets show that it is over.
update patchring.finding as held set known_to = %(at)s
from jsonb_to_recordset(%(rows)s) as gone (package_set text, cve text, package text)
join patchring.device_inventory as inventory
  on inventory.tenant_id = %(tenant_id)s and inventory.package_set = gone.package_set
join patchring.device on device.tenant_id = %(tenant_id)s and device.device_id = inventory.device_id
where held.tenant_id = %(tenant_id)s and held.device_id = inventory.device_id and device.state = 'active'
  and held.known_to is null and held.cve = gone.cve and held.package = gone.package;

-- name: renew_by_set
-- What is said of findings that are open on the active devices with these sets, where it is said otherwise now.
update patchring.finding as held
set installed_version = new.installed_version, fixed_version = new.fixed_version, advisory_id = new.advisory_id,
  severity = new.severity, vector = new.vector
from jsonb_to_recordset(%(rows)s) as new (package_set text, cve text, package text, installed_version text,
  fixed_version text, advisory_id text, severity text, vector text)
join patchring.device_inventory as inventory
  on inventory.tenant_id = %(tenant_id)s and inventory.package_set = new.package_set
join patchring.device on device.tenant_id = %(tenant_id)s and device.device_id = inventory.device_id
where held.tenant_id = %(tenant_id)s and held.device_id = inventory.device_id and device.state = 'active'
  and held.known_to is null and held.cve = new.cve and held.package = new.package
  and (held.installed_version, held.fixed_version, held.advisory_id, held.severity, held.vector)
    is distinct from (new.installed_version, new.fixed_version, new.advisory_id, new.severity, new.vector);

-- name: open_for_sets
-- Findings that active devices with these sets did not have, with the due date that follows from how each is exposed.
-- Those that are open keep their beginning.
insert into patchring.finding (tenant_id, device_id, cve, package, known_from, installed_version, fixed_version,
  ecosystem, advisory_id, severity, vector, fixable_at, exploited_at, due_at, triage, due_reasons)
select %(tenant_id)s, inventory.device_id, new.cve, new.package, %(at)s, new.installed_version, new.fixed_version,
  new.ecosystem, new.advisory_id, new.severity, new.vector, new.fixable_at, new.exploited_at, new.due_at, new.triage,
  new.due_reasons
from jsonb_to_recordset(%(rows)s) as new (package_set text, exposure text, cve text, package text,
  installed_version text, fixed_version text, ecosystem text, advisory_id text, severity text, vector text,
  fixable_at timestamptz, exploited_at timestamptz, due_at timestamptz, triage boolean, due_reasons jsonb)
join patchring.device_inventory as inventory
  on inventory.tenant_id = %(tenant_id)s and inventory.package_set = new.package_set
join patchring.device on device.tenant_id = %(tenant_id)s and device.device_id = inventory.device_id
  and coalesce(device.internet_facing::text, '') = new.exposure
where device.state = 'active'
order by inventory.device_id, new.cve, new.package
on conflict do nothing;

-- name: exploited
-- Which of these CVEs a catalogue lists as exploited now, and since which day.
select key as cve, body ->> 'listed_on' as listed_on from patchring.catalogue
where feed = 'kev' and key = any (%(cves)s::text[]) and known_to is null;

-- name: kinds_of_due
-- The open findings of these devices (null: all of the tenant), grouped by everything that a due date follows from.
-- Those that were opened just now with their date are left out.
select kind.cve, kind.known_from, kind.fixable_at, kind.severity, kind.vector, kind.cvss_tenths, kind.internet_facing,
  kind.exploited_at, kind.due_at, kind.triage, kind.due_reasons::text as due_reasons, kind.device_count
from (
  select held.cve, held.known_from, held.fixable_at, held.severity, held.vector, held.cvss_tenths, device.internet_facing,
    held.exploited_at, held.due_at, held.triage, held.due_reasons, count(*)::integer as device_count
  from patchring.finding as held
  join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
  where held.tenant_id = %(tenant_id)s and held.known_to is null
    and (held.known_from <> %(at)s or held.due_reasons = '[]')
    and (%(device_ids)s::uuid[] is null or held.device_id = any (%(device_ids)s::uuid[]))
  group by 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11) as kind
order by kind.cve, kind.known_from;

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
-- Which version of what settles an exploited weakness that this tenant has. By what is listed, of which there is little.
select distinct held.package, held.fixed_version, held.ecosystem
from patchring.catalogue as listed
join patchring.finding as held on held.cve = listed.key
where listed.feed = 'kev' and listed.known_to is null
  and held.tenant_id = %(tenant_id)s and held.known_to is null and held.exploited_at is not null;

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
  held.advisory_id, held.severity, held.known_from, held.known_to, held.fixable_at, held.exploited_at, held.due_at,
  held.triage, held.due_reasons
from patchring.finding as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.known_to is null
  and (%(cve)s = '' or held.cve = %(cve)s) and (%(device_id)s::uuid is null or held.device_id = %(device_id)s::uuid)
  and (held.cve, held.device_id, held.package) > (%(after_cve)s, %(after_device)s::uuid, %(after_package)s)
order by held.cve, held.device_id, held.package
limit %(limit)s;

-- name: of_packages
-- Open findings about these packages (or KBs), each CVE with what settles it, and how many devices have it.
select held.cve, held.package, held.fixed_version, held.ecosystem, held.severity, held.vector, held.cvss_tenths,
  min(held.exploited_at) as exploited_at, min(held.due_at) as due_at, count(distinct held.device_id)::integer as device_count,
  score.epss_millionths
from patchring.finding as held
left join patchring.score on score.cve = held.cve
where held.tenant_id = %(tenant_id)s and held.known_to is null and held.package = any (%(packages)s::text[])
group by 1, 2, 3, 4, 5, 6, 7, score.epss_millionths
order by min(held.exploited_at) is null, min(held.due_at) nulls last, held.cve;

-- name: listed_at
-- The same of what was open at an instant. What each says is what was said of it last.
select held.device_id, device.name as device_name, held.cve, held.package, held.installed_version, held.fixed_version,
  held.advisory_id, held.severity, held.known_from, held.known_to, held.fixable_at, held.exploited_at, held.due_at,
  held.triage, held.due_reasons
from patchring.finding as held
join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and held.known_from <= %(at)s and (held.known_to is null or held.known_to > %(at)s)
  and (%(cve)s = '' or held.cve = %(cve)s) and (%(device_id)s::uuid is null or held.device_id = %(device_id)s::uuid)
  and (held.cve, held.device_id, held.package) > (%(after_cve)s, %(after_device)s::uuid, %(after_package)s)
order by held.cve, held.device_id, held.package
limit %(limit)s;
