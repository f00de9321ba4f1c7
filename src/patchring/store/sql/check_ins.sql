-- name: record
-- Writes a batch of check-ins of many tenants. Written as an upsert, so that each row is found by its key whatever the
-- planner believes, and rows are locked in the order of their keys; but nothing is ever inserted: every device has its
-- row from enrolment on, and the foreign key refuses others. A device whose session has another epoch gives no row.
-- A silence of more than an hour is kept, the last one: who missed a window is known by it.
insert into patchring.device_contact as contact (tenant_id, device_id, session_epoch, last_seen_at, boot_id, uptime_s,
  agent_version, unsent_count, busy_action_id)
select tenant_id, device_id, epoch, %(at)s, boot_id, uptime_s, agent_version, unsent_count, busy_action_id
from jsonb_to_recordset(%(rows)s) as said (tenant_id uuid, device_id uuid, epoch integer, boot_id text, uptime_s bigint,
  agent_version text, unsent_count integer, busy_action_id text)
where tenant_id = any (%(tenant_ids)s)
order by tenant_id, device_id
on conflict (tenant_id, device_id) do update
set last_seen_at = excluded.last_seen_at, boot_id = excluded.boot_id, uptime_s = excluded.uptime_s,
  agent_version = excluded.agent_version, unsent_count = excluded.unsent_count, busy_action_id = excluded.busy_action_id,
  silent_from_at = case when excluded.last_seen_at - contact.last_seen_at > interval '1 hour' then contact.last_seen_at
    else contact.silent_from_at end,
  returned_at = case when excluded.last_seen_at - contact.last_seen_at > interval '1 hour' then excluded.last_seen_at
    else contact.returned_at end
where contact.session_epoch = excluded.session_epoch
returning encode(uuid_send(contact.device_id), 'hex') as device, contact.scan_wanted, contact.scan_digest,
  exists (
    select from patchring.action
    where action.tenant_id = contact.tenant_id and action.device_id = contact.device_id
      and action.state in ('offered', 'permitted', 'started', 'reboot_pending')
  ) as live;

-- name: offers
-- What lies ready for these devices, oldest first. Permitted ones too: the answer with the permit may have been lost.
select encode(uuid_send(action.device_id), 'hex') as device, action.action_id, action.kind, action.packages, action.reboot, action.probes, action.title
from jsonb_to_recordset(%(rows)s) as said (tenant_id uuid, device_id uuid)
join patchring.action on action.tenant_id = said.tenant_id and action.device_id = said.device_id
where action.tenant_id = any (%(tenant_ids)s) and action.state in ('offered', 'permitted')
order by action.device_id, action.created_at, action.action_id;
