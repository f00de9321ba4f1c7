-- name: add
-- Keeps reports of one device; gives the ids of those that were not there yet.
insert into patchring.report (tenant_id, device_id, report_id, sequence, kind, made_at, received_at, body, signature)
select %(tenant_id)s, %(device_id)s, new.report_id, new.sequence, new.kind, to_timestamp(new.made_at_ms / 1000.0),
  %(received_at)s, new.body, new.signature
from jsonb_to_recordset(%(rows)s) as new (report_id uuid, sequence bigint, kind text, made_at_ms bigint, body jsonb,
  signature text)
order by new.report_id
on conflict (tenant_id, device_id, report_id) do nothing
returning report_id;

-- name: note_scan
-- The newest scan that we hold; whoever wanted one has it.
update patchring.device_contact set scan_digest = %(scan_digest)s, scan_wanted = false
where tenant_id = %(tenant_id)s and device_id = %(device_id)s;
