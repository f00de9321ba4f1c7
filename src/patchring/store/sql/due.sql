-- name: wake
-- Have a worker look again, at the latest at wake_at. A row that is leased just now is woken again after its lease is done.
insert into patchring.due (tenant_id, kind, id, wake_at) values (%(tenant_id)s, %(kind)s, %(id)s, %(wake_at)s)
on conflict (tenant_id, kind, id) do update
set wake_at = least(patchring.due.wake_at, excluded.wake_at);
