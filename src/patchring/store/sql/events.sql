-- name: ensure_head
-- The chain of a tenant begins with its first event.
insert into patchring.event_head (tenant_id, seq, hash) values (%(tenant_id)s, 0, %(hash)s)
on conflict (tenant_id) do nothing;

-- name: lock_head
-- The last thing that a transaction locks.
select seq, hash from patchring.event_head where tenant_id = %(tenant_id)s for update;

-- name: append
-- Events that are already linked to one another, as one batch.
insert into patchring.event (tenant_id, on_month, seq, at, actor, kind, subject_kind, subject_id, data, schema_version,
  policy_fingerprint, previous_hash, hash)
select tenant_id, on_month, seq, at, actor, kind, subject_kind, subject_id, data, schema_version,
  policy_fingerprint, previous_hash, hash
from jsonb_to_recordset(%(rows)s) as new (tenant_id uuid, on_month date, seq bigint, at timestamptz, actor text,
  kind text, subject_kind text, subject_id text, data jsonb, schema_version smallint, policy_fingerprint text,
  previous_hash text, hash text);

-- name: move_head
-- Where the next event is linked to.
update patchring.event_head set seq = %(seq)s, hash = %(hash)s where tenant_id = %(tenant_id)s;
