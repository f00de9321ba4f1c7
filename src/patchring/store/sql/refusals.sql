-- name: add
-- Add sums of refused messages to what was counted before.
insert into patchring.refusal_count (on_day, route, kind, count)
select on_day, route, kind, count
from jsonb_to_recordset(%(rows)s) as new (on_day date, route text, kind text, count bigint)
order by on_day, route, kind
on conflict (on_day, route, kind) do update set count = patchring.refusal_count.count + excluded.count;
