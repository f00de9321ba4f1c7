-- name: lock_feed
-- The state of a feed or of a part of it, locked: two that bring it at once come one after the other.
insert into patchring.feed (feed, part) values (%(feed)s, %(part)s)
on conflict (feed, part) do update set feed = excluded.feed
returning *;

-- name: rows_now
-- What a feed says now, by key.
select key, body from patchring.catalogue
where feed = %(feed)s and part = %(part)s and known_to is null order by key;

-- name: close_lines
-- Lines that are replaced, or that the feed no longer has: they were known until now.
update patchring.advisory_line set known_to = %(at)s
where feed = %(feed)s and part = %(part)s and key = any (%(keys)s::text[]) and known_to is null;

-- name: close_rows
-- The same for whole rows.
update patchring.catalogue set known_to = %(at)s
where feed = %(feed)s and part = %(part)s and key = any (%(keys)s::text[]) and known_to is null;

-- name: add_rows
-- Rows that are new or say something else than before, and the lines of advisories among them.
with added as (
  insert into patchring.catalogue (feed, part, key, known_from, body)
  select %(feed)s, %(part)s, new.key, %(at)s, new.body
  from jsonb_to_recordset(%(rows)s) as new (key text, body jsonb)
  returning key, known_from, body
)
insert into patchring.advisory_line (feed, part, key, known_from, number, ecosystem, package, introduced, fixed, last)
select %(feed)s, %(part)s, added.key, added.known_from, line.number, line.said ->> 'ecosystem', line.said ->> 'package',
  line.said ->> 'introduced', line.said ->> 'fixed', line.said ->> 'last'
from added
cross join lateral jsonb_array_elements(added.body -> 'affected') with ordinality as line (said, number);

-- name: scores_now
-- Every score that is kept.
select cve, epss_millionths, percentile_millionths, scored_on from patchring.score;

-- name: add_scores
-- Scores of CVEs that had none.
insert into patchring.score (cve, epss_millionths, percentile_millionths, scored_on, observed_at)
select new.cve, new.epss_millionths, new.percentile_millionths, new.scored_on, %(at)s
from unnest(%(cves)s::text[], %(epss)s::integer[], %(percentiles)s::integer[], %(days)s::date[])
  as new (cve, epss_millionths, percentile_millionths, scored_on);

-- name: move_scores
-- Scores that are others now.
update patchring.score as held
set epss_millionths = new.epss_millionths, percentile_millionths = new.percentile_millionths,
  scored_on = new.scored_on, observed_at = %(at)s
from unnest(%(cves)s::text[], %(epss)s::integer[], %(percentiles)s::integer[], %(days)s::date[])
  as new (cve, epss_millionths, percentile_millionths, scored_on)
where held.cve = new.cve;

-- name: note_taken
-- The last good state of a feed is this one.
update patchring.feed
set observed_at = %(at)s, published_at = %(published_at)s, version = %(version)s, sha256 = %(sha256)s,
  size_bytes = %(size_bytes)s, row_count = %(row_count)s, tried_at = %(at)s, problem_kind = '', problem = '',
  failure_count = 0
where feed = %(feed)s and part = %(part)s;

-- name: note_problem
-- A try that brought nothing; the last good state stays.
update patchring.feed
set tried_at = %(at)s, problem_kind = %(problem_kind)s, problem = %(problem)s, failure_count = failure_count + 1
where feed = %(feed)s and part = %(part)s;

-- name: note_asked
-- A try that brought nothing new.
update patchring.feed set tried_at = %(at)s, problem_kind = '', problem = '', failure_count = 0
where feed = %(feed)s and part = %(part)s;

-- name: note_validators
-- What the source said of its copy, to ask next time whether it is still that.
update patchring.feed set etag = %(etag)s, last_modified = %(last_modified)s
where feed = %(feed)s and part = %(part)s;

-- name: note_observation
-- What was known when, and what was refused.
insert into patchring.feed_observation (feed, part, observed_at, outcome, version, sha256, appeared_count,
  changed_count, vanished_count, problem_kind, problem)
values (%(feed)s, %(part)s, %(at)s, %(outcome)s, %(version)s, %(sha256)s, %(appeared_count)s, %(changed_count)s,
  %(vanished_count)s, %(problem_kind)s, %(problem)s)
on conflict (feed, part, observed_at) do nothing;

-- name: wake_tenants
-- Every tenant looks at the catalogue again.
insert into patchring.due (tenant_id, kind, id, wake_at)
select tenant_id, 'catalogue', tenant_id, %(at)s from patchring.tenant_directory order by tenant_id
on conflict (tenant_id, kind, id) do update
set wake_at = least(patchring.due.wake_at, excluded.wake_at);

-- name: feeds
-- All feeds with their parts.
select feed, part, observed_at, published_at, version, sha256, size_bytes, row_count, tried_at, problem_kind, problem,
  failure_count
from patchring.feed
where (feed, part) > (%(after_feed)s, %(after_part)s) order by feed, part limit %(limit)s;

-- name: said_of
-- What feeds say of a CVE, of a KB, or of what has this key: now, at an instant, or each version (`history`) until then.
-- Of a score there is only what was said last.
with named as (
  select feed, part, key, known_from from patchring.catalogue
  where feed in ('kev', 'osv', 'msrc', 'sofa', 'winget', 'endoflife') and key = %(key)s
  union
  select feed, part, key, known_from from patchring.catalogue
  where feed in ('osv', 'sofa') and body -> 'cves' @> jsonb_build_array(%(key)s::text)
  union
  select feed, part, key, known_from from patchring.catalogue
  where feed = 'msrc' and (body ->> 'kb' = %(kb)s
    or body -> 'weaknesses' @> jsonb_build_array(jsonb_build_object('cve', %(key)s::text)))
), versions as (
  select feed, part, key, known_from,
    row_number() over (partition by feed, part, key order by known_from)::integer as number
  from named
), said as (
  select row.feed, row.part, row.key, versions.number, row.known_from, row.known_to, row.body
  from versions join patchring.catalogue as row using (feed, part, key, known_from)
  union all
  select 'epss', '', cve, 1, observed_at, null, jsonb_build_object('epss_millionths', epss_millionths,
    'percentile_millionths', percentile_millionths, 'scored_on', scored_on)
  from patchring.score where cve = %(key)s
)
select feed, part, key, number, known_from, known_to, body from said
where (%(feed)s = '' or feed = %(feed)s) and (%(at)s::timestamptz is null or known_from <= %(at)s)
  and (%(history)s or known_to is null or known_to > %(at)s)
  and (feed, part, key, number) > (%(after_feed)s, %(after_part)s, %(after_key)s, %(after_number)s::integer)
order by feed, part, key, number
limit %(limit)s;

-- name: lifecycles
-- Until when releases of these products are maintained, as it is said now.
select body from patchring.catalogue
where feed = 'endoflife' and known_to is null and body ->> 'product' = any (%(products)s::text[])
order by key;

-- name: lifecycles_observed
-- When that was last taken; null: it never was.
select max(observed_at) from patchring.feed where feed = 'endoflife';
