-- name: lock_shared
-- In the order given: the inner query keeps it, and every permit gives the same order.
select pg_advisory_xact_lock_shared(wanted.id)
from (select id from unnest(%(lock_ids)s::bigint[]) with ordinality as t (id, n) order by n) as wanted;

-- name: lock_exclusive
-- Waits for the permits that are under way, and holds off new ones until the commit.
select pg_advisory_xact_lock(%(lock_id)s);

-- name: in_force
-- The stops among some keys.
select stop_key, reason, placed_at, placed_by from patchring.stop
where stop_key = any (%(stop_keys)s::text[]) and lifted_at is null;

-- name: place
-- No row when the stop was in force already.
insert into patchring.stop (stop_id, stop_key, reason, placed_at, placed_by)
values (%(stop_id)s, %(stop_key)s, %(reason)s, %(placed_at)s, %(placed_by)s)
on conflict (stop_key) where lifted_at is null do nothing;

-- name: lift
-- No row when none was in force.
update patchring.stop
set lifted_at = %(lifted_at)s, lifted_by = %(lifted_by)s, lift_reason = %(lift_reason)s
where stop_key = %(stop_key)s and lifted_at is null;
