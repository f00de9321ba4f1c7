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

-- name: newest
-- Events of a tenant, newest first, before a number (null: from the newest on); a subject (empty: any) or a kind
-- (empty: any) narrows it.
select seq, at, actor, kind, subject_kind, subject_id, data, policy_fingerprint, hash from patchring.event
where tenant_id = %(tenant_id)s and (%(before)s::bigint is null or seq < %(before)s::bigint)
  and (%(subject_id)s::text = '' or subject_id = %(subject_id)s::text)
  and (%(kind)s::text = '' or kind = %(kind)s::text)
order by seq desc limit %(limit)s;

-- name: chain
-- Whole events in order after a sequence number, to check the chain with.
select tenant_id, seq, at, actor, kind, subject_kind, subject_id, data, schema_version, policy_fingerprint,
  previous_hash, hash
from patchring.event
where tenant_id = %(tenant_id)s and seq > %(after)s
order by seq limit %(limit)s;

-- name: head
-- The end of the chain as it was last written.
select seq, hash from patchring.event_head where tenant_id = %(tenant_id)s;
