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

-- name: forget
-- Keys that are old enough; a few at a time, and none that somebody else forgets just now.
delete from patchring.idempotency
where (principal_id, idempotency_key) in (
  select principal_id, idempotency_key from patchring.idempotency
  where made_at < %(before)s order by made_at limit 100 for update skip locked);
