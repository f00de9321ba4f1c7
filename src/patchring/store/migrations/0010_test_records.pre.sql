-- Testing is not deployment: what was tried of a patch for a segment, and what two persons let go without.

create table patchring.test_record (
  tenant_id uuid not null,
  test_record_id uuid not null,
  patch_id uuid not null,
  segment text not null,
  devices text[] not null check (cardinality(devices) > 0),
  results jsonb not null,
  passed boolean not null,
  recorded_at timestamptz not null,
  recorded_by text not null,
  primary key (tenant_id, test_record_id),
  foreign key (tenant_id, patch_id) references patchring.patch (tenant_id, patch_id)
);
comment on column patchring.test_record.segment is 'As the policy in force called it.';
comment on column patchring.test_record.devices is 'Where it was tried, in the words of the tester.';
comment on column patchring.test_record.results is 'For each case: case, criterion (that of the policy then), passed, note.';
comment on column patchring.test_record.passed is 'Each of its cases.';
create index test_record_by_patch on patchring.test_record (tenant_id, patch_id, segment);

create table patchring.test_waiver (
  tenant_id uuid not null,
  test_waiver_id uuid not null,
  patch_id uuid not null,
  segment text not null,
  reason text not null check (reason <> ''),
  expires_at timestamptz not null,
  asked_at timestamptz not null,
  asked_by text not null,
  asked_by_id uuid not null,
  confirmed_at timestamptz,
  confirmed_by text,
  confirmed_by_id uuid,
  primary key (tenant_id, test_waiver_id),
  foreign key (tenant_id, patch_id) references patchring.patch (tenant_id, patch_id),
  check (expires_at > asked_at),
  check ((confirmed_at is null) = (confirmed_by is null)),
  check ((confirmed_at is null) = (confirmed_by_id is null)),
  check (confirmed_by_id <> asked_by_id)
);
comment on column patchring.test_waiver.confirmed_by_id is 'The second person, never the first; null: it does not count yet.';
create index test_waiver_by_patch on patchring.test_waiver (tenant_id, patch_id, segment);

select patchring_private.protect('patchring.test_record'::regclass);
select patchring_private.protect('patchring.test_waiver'::regclass);
grant select on patchring.test_record, patchring.test_waiver
  to patchring_web, patchring_staff, patchring_dispatcher, patchring_signer;
grant insert on patchring.test_record, patchring.test_waiver to patchring_web;
grant update (confirmed_at, confirmed_by, confirmed_by_id) on patchring.test_waiver to patchring_web;
