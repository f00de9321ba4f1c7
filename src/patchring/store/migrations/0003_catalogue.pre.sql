-- What feeds say, and since when it was known here. Nobody's data: no table has a tenant. Only the feeder writes.

-- The last good state of a feed, or of one part of it (a month, an ecosystem), and what the last try came to.
create table patchring.feed (
  feed text not null,
  part text not null default '',
  observed_at timestamptz,
  published_at timestamptz,
  version text not null default '',
  sha256 text not null default '',
  size_bytes bigint not null default 0,
  row_count integer not null default 0,
  etag text not null default '',
  last_modified text not null default '',
  tried_at timestamptz,
  problem_kind text not null default '',
  problem text not null default '',
  failure_count integer not null default 0,
  primary key (feed, part)
);
comment on column patchring.feed.observed_at is 'When the last good state came; null: none ever did.';
comment on column patchring.feed.problem_kind is 'Why the last try brought nothing; empty: it did, or nothing was new.';

-- Every change of a feed that was taken, and every refusal: what was known when.
create table patchring.feed_observation (
  feed text not null,
  part text not null,
  observed_at timestamptz not null,
  outcome text not null check (outcome in ('taken', 'refused')),
  version text not null default '',
  sha256 text not null default '',
  appeared_count integer not null default 0,
  changed_count integer not null default 0,
  vanished_count integer not null default 0,
  problem_kind text not null default '',
  problem text not null default '',
  primary key (feed, part, observed_at)
);

-- A line of a feed, from when to when it was known here. What a feed no longer says keeps its row, with an end.
create table patchring.catalogue (
  feed text not null,
  part text not null,
  key text not null,
  known_from timestamptz not null,
  known_to timestamptz,
  body jsonb not null,
  primary key (feed, part, key, known_from),
  check (known_to > known_from)
);
create unique index catalogue_now on patchring.catalogue (feed, part, key) where known_to is null;
create index catalogue_by_key on patchring.catalogue (feed, key);
create index catalogue_by_kb on patchring.catalogue ((body ->> 'kb')) where feed = 'msrc' and known_to is null;

-- Which versions of which package an advisory is about: the lines of its row, made to be looked up by package.
create table patchring.advisory_line (
  feed text not null,
  part text not null,
  key text not null,
  known_from timestamptz not null,
  number integer not null,
  known_to timestamptz,
  ecosystem text not null,
  package text not null,
  introduced text not null,
  fixed text not null,
  last text not null,
  primary key (feed, part, key, known_from, number),
  foreign key (feed, part, key, known_from) references patchring.catalogue (feed, part, key, known_from)
);
create index advisory_line_by_package on patchring.advisory_line (ecosystem, package) where known_to is null;

-- EPSS as it stands now. It changes for most CVEs every day and decides nothing, so its past is not kept.
create table patchring.score (
  cve text primary key,
  epss_millionths integer not null check (epss_millionths between 0 and 1000000),
  percentile_millionths integer not null check (percentile_millionths between 0 and 1000000),
  scored_on date not null,
  observed_at timestamptz not null
);

grant select, insert, update on patchring.feed, patchring.catalogue, patchring.advisory_line, patchring.score
  to patchring_feeder;
grant select, insert on patchring.feed_observation to patchring_feeder;
-- It wakes tenants, without a look at them.
grant select on patchring.tenant_directory, patchring.due to patchring_feeder;
grant insert, update on patchring.due to patchring_feeder;
grant select on patchring.feed, patchring.feed_observation, patchring.catalogue, patchring.advisory_line, patchring.score
  to patchring_web, patchring_staff, patchring_dispatcher;

-- A weakness of a device for which there is a fix. `cve` is the advisory's own number where it has none. What the device
-- no longer shows gets an end; nothing else ends a finding.
create table patchring.finding (
  tenant_id uuid not null,
  device_id uuid not null,
  cve text not null,
  package text not null,
  known_from timestamptz not null,
  known_to timestamptz,
  installed_version text not null,
  fixed_version text not null,
  ecosystem text not null,
  advisory_id text not null,
  severity text not null,
  vector text not null,
  cvss_tenths smallint,
  fixable_at timestamptz not null,
  exploited_at timestamptz,
  due_at timestamptz,
  triage boolean not null default false,
  due_reasons jsonb not null default '[]',
  primary key (tenant_id, device_id, cve, package, known_from),
  foreign key (tenant_id, device_id) references patchring.device (tenant_id, device_id)
);
create unique index finding_now on patchring.finding (tenant_id, device_id, cve, package) where known_to is null;
create index finding_by_cve on patchring.finding (tenant_id, cve) where known_to is null;
comment on column patchring.finding.due_at is 'Null: with the next upgrade, or not computed yet (then due_reasons is empty).';

select patchring_private.protect('patchring.finding'::regclass);
grant select on patchring.finding to patchring_web, patchring_staff, patchring_dispatcher;
grant insert, update on patchring.finding to patchring_dispatcher;
