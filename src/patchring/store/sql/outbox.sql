-- name: add
-- Something to leave this machine after the commit; the same key twice is one message.
insert into patchring.outbox (tenant_id, outbox_id, kind, idempotency_key, payload, created_at, next_try_at)
values (%(tenant_id)s, %(outbox_id)s, %(kind)s, %(idempotency_key)s, %(payload)s, %(at)s, %(at)s)
on conflict (tenant_id, idempotency_key) do nothing;
