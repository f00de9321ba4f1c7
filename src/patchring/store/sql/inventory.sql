-- name: unprocessed
-- What a device said and nobody looked at yet, in the order in which it said it.
select report_id, sequence, kind, made_at, received_at, body
from patchring.report
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and processed_at is null
order by sequence
limit %(count)s;

-- name: mark_processed
-- Looked at. A problem says why it had no effect.
update patchring.report set processed_at = %(at)s, problem = %(problem)s
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and report_id = %(report_id)s and processed_at is null;

-- name: known
-- The scan that counts so far: its place in the device's own sequence of reports.
select report.sequence, held.taken_at, held.boot_id, held.reboot_pending, held.package_set
from patchring.device_inventory as held
join patchring.report on report.tenant_id = held.tenant_id and report.device_id = held.device_id
  and report.report_id = held.report_id
where held.tenant_id = %(tenant_id)s and held.device_id = %(device_id)s;

-- name: put
-- The newest scan, whole, as it was said.
insert into patchring.device_inventory (tenant_id, device_id, taken_at, received_at, report_id, boot_id, reboot_pending,
  scan, package_set)
values (%(tenant_id)s, %(device_id)s, %(taken_at)s, %(received_at)s, %(report_id)s, %(boot_id)s, %(reboot_pending)s,
  %(scan)s, %(package_set)s)
on conflict (tenant_id, device_id) do update
set taken_at = excluded.taken_at, received_at = excluded.received_at, report_id = excluded.report_id,
  boot_id = excluded.boot_id, reboot_pending = excluded.reboot_pending, scan = excluded.scan,
  package_set = excluded.package_set;

-- name: device_facts
-- What a device says of its system; written only when it changed.
update patchring.device
set os_name = %(os_name)s, os_version = %(os_version)s, architecture = %(architecture)s,
  row_version = row_version + 1
where tenant_id = %(tenant_id)s and device_id = %(device_id)s
  and (os_name, os_version, architecture) is distinct from (%(os_name)s, %(os_version)s, %(architecture)s);

-- name: want_scan
-- Ask for a scan at the next check-in, whatever the digest says.
update patchring.device_contact set scan_wanted = true
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and not scan_wanted;

-- name: add_patches
-- Patches that this tenant had not heard of.
insert into patchring.patch (tenant_id, patch_id, patch_key, provider, name, version, title, source, origin, label,
  suite, security, type, classification, reboot, size_bytes, kb, update_id, known_from)
select %(tenant_id)s, new.patch_id, new.patch_key, new.provider, new.name, new.version, new.title, new.source,
  new.origin, new.label, new.suite, new.security, new.type, new.classification, new.reboot, new.size_bytes, new.kb,
  new.update_id, %(at)s
from jsonb_to_recordset(%(rows)s) as new (patch_id uuid, patch_key text, provider text, name text, version text,
  title text, source text, origin text, label text, suite text, security boolean, type text, classification text,
  reboot text, size_bytes bigint, kb text, update_id text)
where not exists (select from patchring.patch as held
  where held.tenant_id = %(tenant_id)s and held.patch_key = new.patch_key)
order by new.patch_key
on conflict (tenant_id, patch_key) do nothing;

-- name: raise_security
-- A patch that was known from an ordinary origin is now offered by a security origin: that is the one that counts.
update patchring.patch
set security = true, source = new.source, origin = new.origin, label = new.label, suite = new.suite,
  classification = new.classification, row_version = patch.row_version + 1
from jsonb_to_recordset(%(rows)s) as new (patch_key text, security boolean, source text, origin text, label text,
  suite text, classification text)
where patch.tenant_id = %(tenant_id)s and patch.patch_key = new.patch_key and new.security and not patch.security
returning patch.patch_id;

-- name: close_missing
-- What the device no longer misses, or misses with another version installed. Closed, never deleted.
update patchring.missing
set known_to = %(at)s
where missing.tenant_id = %(tenant_id)s and missing.device_id = %(device_id)s and missing.known_to is null
  and not exists (
    select from jsonb_to_recordset(%(rows)s) as new (patch_key text, installed_version text)
    join patchring.patch on patch.tenant_id = %(tenant_id)s and patch.patch_key = new.patch_key
    where patch.patch_id = missing.patch_id and new.installed_version = missing.installed_version)
returning missing.patch_id;

-- name: open_missing
-- What the device misses since now. A row that was closed at this very instant is opened again.
insert into patchring.missing (tenant_id, device_id, patch_id, known_from, installed_version, architecture, held_back)
select %(tenant_id)s, %(device_id)s, patch.patch_id, %(at)s, new.installed_version, new.architecture, new.held_back
from jsonb_to_recordset(%(rows)s)
  as new (patch_key text, installed_version text, architecture text, held_back text)
join patchring.patch on patch.tenant_id = %(tenant_id)s and patch.patch_key = new.patch_key
where not exists (select from patchring.missing as held
  where held.tenant_id = %(tenant_id)s and held.device_id = %(device_id)s and held.patch_id = patch.patch_id
    and held.known_to is null)
on conflict (tenant_id, device_id, patch_id, known_from) do update
set known_to = null, installed_version = excluded.installed_version, held_back = excluded.held_back
returning patch_id;

-- name: move_held_back
-- Whether the device's own package manager would hold a patch back changes without the patch being another.
update patchring.missing set held_back = new.held_back
from jsonb_to_recordset(%(rows)s) as new (patch_key text, held_back text)
join patchring.patch on patch.tenant_id = %(tenant_id)s and patch.patch_key = new.patch_key
where missing.tenant_id = %(tenant_id)s and missing.device_id = %(device_id)s and missing.patch_id = patch.patch_id
  and missing.known_to is null and missing.held_back <> new.held_back
returning missing.patch_id;
