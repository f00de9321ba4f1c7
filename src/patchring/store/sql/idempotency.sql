-- name: found
-- What a command with this key did before.
select request_digest, status, response from patchring.idempotency
where principal_id = %(principal_id)s and idempotency_key = %(key)s;

-- name: reserve
-- In the transaction of the command itself; no row when another one used the key.
insert into patchring.idempotency (principal_id, idempotency_key, request_digest, status, response, made_at)
values (%(principal_id)s, %(key)s, %(digest)s, 102, '{}', %(at)s)
on conflict (principal_id, idempotency_key) do nothing;

-- name: answered
-- The answer that a repeated command gets again.
update patchring.idempotency set status = %(status)s, response = %(response)s
where principal_id = %(principal_id)s and idempotency_key = %(key)s;
