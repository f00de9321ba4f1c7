-- What vulnerability scanners say: an authority of its own, beside what devices and feeds say.

create table patchring.scanner_host (
  tenant_id uuid not null references patchring.tenant,
  scanner text not null,
  host text not null,
  names text[] not null,
  device_id uuid,
  looked_at timestamptz not null,
  imported_at timestamptz not null,
  imported_by text not null,
  primary key (tenant_id, scanner, host),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
);
comment on column patchring.scanner_host.host is 'The best of its names.';
comment on column patchring.scanner_host.device_id is 'Null: no device has any of its names.';
comment on column patchring.scanner_host.looked_at is 'When the scanner last looked at it, as far as its report says; else when that came.';
create index scanner_host_by_device on patchring.scanner_host (tenant_id, device_id) where device_id is not null;

-- A thing found on a host. What a later report of the same scanner does not say of that host any more gets an end.
create table patchring.scanner_finding (
  tenant_id uuid not null,
  scanner text not null,
  host text not null,
  cve text not null,
  check_id text not null,
  port text not null,
  known_from timestamptz not null,
  known_to timestamptz,
  severity text not null check (severity in ('', 'info', 'low', 'medium', 'high', 'critical')),
  title text not null,
  primary key (tenant_id, scanner, host, cve, check_id, port, known_from),
  foreign key (tenant_id, scanner, host) references patchring.scanner_host (tenant_id, scanner, host),
  check (known_to > known_from)
);
create unique index scanner_finding_now on patchring.scanner_finding (tenant_id, scanner, host, cve, check_id, port)
  where known_to is null;
create index scanner_finding_by_cve on patchring.scanner_finding (tenant_id, cve) where known_to is null;

select patchring_private.protect('patchring.scanner_host'::regclass);
select patchring_private.protect('patchring.scanner_finding'::regclass);
grant select on patchring.scanner_host, patchring.scanner_finding to patchring_web, patchring_staff;
grant insert, update on patchring.scanner_host, patchring.scanner_finding to patchring_web;
