-- name: devices
-- Active devices, by which hosts of a report are known.
select device_id, name from patchring.device
where tenant_id = %(tenant_id)s and state = 'active' order by name, device_id;

-- name: open
-- What is open on these hosts by this scanner.
select host, cve, check_id, port, severity, title from patchring.scanner_finding
where tenant_id = %(tenant_id)s and scanner = %(scanner)s and host = any (%(hosts)s::text[]) and known_to is null;

-- name: looked
-- When these hosts were last looked at.
select host, looked_at from patchring.scanner_host
where tenant_id = %(tenant_id)s and scanner = %(scanner)s and host = any (%(hosts)s::text[]);

-- name: put_hosts
-- Hosts as the newest report has them.
insert into patchring.scanner_host as held (tenant_id, scanner, host, names, device_id, looked_at, imported_at,
  imported_by)
select %(tenant_id)s, %(scanner)s, new.host, new.names, new.device_id, new.looked_at, %(at)s, %(by)s
from jsonb_to_recordset(%(rows)s) as new (host text, names text[], device_id uuid, looked_at timestamptz)
on conflict (tenant_id, scanner, host) do update
set names = excluded.names, device_id = excluded.device_id, looked_at = excluded.looked_at,
  imported_at = excluded.imported_at, imported_by = excluded.imported_by;

-- name: close
-- What the scanner does not say of these hosts any more.
update patchring.scanner_finding as held set known_to = %(at)s
from jsonb_to_recordset(%(rows)s) as gone (host text, cve text, check_id text, port text)
where held.tenant_id = %(tenant_id)s and held.scanner = %(scanner)s and held.known_to is null
  and (held.host, held.cve, held.check_id, held.port) = (gone.host, gone.cve, gone.check_id, gone.port);

-- name: add
-- What is new.
insert into patchring.scanner_finding (tenant_id, scanner, host, cve, check_id, port, known_from, severity, title)
select %(tenant_id)s, %(scanner)s, new.host, new.cve, new.check_id, new.port, %(at)s, new.severity, new.title
from jsonb_to_recordset(%(rows)s) as new (host text, cve text, check_id text, port text, severity text, title text)
on conflict do nothing;

-- name: hosts
-- Hosts by scanner and name, after such a pair, with how much is open on each. `unmatched`: those that are no device.
select held.scanner, held.host, held.names, held.device_id, device.name as device_name, held.looked_at, held.imported_at,
  held.imported_by, (select count(*) from patchring.scanner_finding as found
    where found.tenant_id = held.tenant_id and found.scanner = held.scanner and found.host = held.host
      and found.known_to is null)::integer as open_count
from patchring.scanner_host as held
left join patchring.device on device.tenant_id = held.tenant_id and device.device_id = held.device_id
where held.tenant_id = %(tenant_id)s and (held.scanner, held.host) > (%(after_scanner)s, %(after_host)s)
  and (not %(unmatched)s::boolean or held.device_id is null)
order by held.scanner, held.host limit %(limit)s;

-- name: disagreements
-- Device by device and CVE by CVE, where a scanner and Patchring do not say the same; after a triple. What came up since
-- the scanner last looked is no disagreement yet, nor what it found on a device that has not sent a scan.
with said as (
  select host.device_id, found.cve, host.scanner, min(found.known_from) as since, max(host.looked_at) as looked_at
  from patchring.scanner_host as host
  join patchring.scanner_finding as found
    on found.tenant_id = host.tenant_id and found.scanner = host.scanner and found.host = host.host
  where host.tenant_id = %(tenant_id)s and host.device_id is not null and found.known_to is null and found.cve <> ''
  group by 1, 2, 3
), looked as (
  select device_id, scanner, max(looked_at) as looked_at from patchring.scanner_host
  where tenant_id = %(tenant_id)s and device_id is not null group by 1, 2
), apart as (
  select said.device_id, said.cve, said.scanner, 'scanner_alone' as kind, said.since, said.looked_at
  from said
  join patchring.device_inventory as held on held.tenant_id = %(tenant_id)s and held.device_id = said.device_id
  where not exists (select from patchring.finding as ours where ours.tenant_id = %(tenant_id)s
    and ours.device_id = said.device_id and ours.cve = said.cve and ours.known_to is null)
  union all
  select ours.device_id, ours.cve, looked.scanner, 'patchring_alone', min(ours.known_from), looked.looked_at
  from patchring.finding as ours
  join looked on looked.device_id = ours.device_id and looked.looked_at > ours.known_from
  where ours.tenant_id = %(tenant_id)s and ours.known_to is null
    and not exists (select from said where said.device_id = ours.device_id and said.cve = ours.cve
      and said.scanner = looked.scanner)
  group by ours.device_id, ours.cve, looked.scanner, looked.looked_at
)
select apart.device_id, device.name as device_name, apart.cve, apart.scanner, apart.kind, apart.since, apart.looked_at
from apart
join patchring.device on device.tenant_id = %(tenant_id)s and device.device_id = apart.device_id
where (apart.device_id, apart.cve, apart.scanner) > (%(after_device)s::uuid, %(after_cve)s, %(after_scanner)s)
order by apart.device_id, apart.cve, apart.scanner limit %(limit)s;
