-- name: record
-- Writes a batch of check-ins of many tenants. Rows are locked in the order of their keys; a device that is not there,
-- or whose session has another epoch, gives no row. scan_wanted also where the device names another scan than we hold.
with said as materialized (
  select * from jsonb_to_recordset(%(rows)s) as row (n integer, tenant_id uuid, device_id uuid, epoch integer,
    boot_id text, uptime_s bigint, agent_version text, scan_digest text, unsent_count integer, busy_action_id text)
), held as materialized (
  select said.*
  from said
  join patchring.device_contact as contact on contact.tenant_id = said.tenant_id
    and contact.device_id = said.device_id and contact.session_epoch = said.epoch
  where contact.tenant_id = any (%(tenant_ids)s)
  order by contact.tenant_id, contact.device_id
  for no key update of contact
)
update patchring.device_contact as contact
set last_seen_at = %(at)s, boot_id = held.boot_id, uptime_s = held.uptime_s, agent_version = held.agent_version,
  unsent_count = held.unsent_count, busy_action_id = held.busy_action_id
from held
where contact.tenant_id = held.tenant_id and contact.device_id = held.device_id
returning held.n, contact.scan_wanted or contact.scan_digest <> held.scan_digest as scan_wanted,
  exists (
    select from patchring.action
    where action.tenant_id = contact.tenant_id and action.device_id = contact.device_id
      and action.state in ('offered', 'permitted', 'started', 'reboot_pending')
  ) as live;

-- name: offers
-- What lies ready for these devices, oldest first. Permitted ones too: the answer with the permit may have been lost.
select said.n, action.action_id, action.kind, action.packages, action.reboot, action.probes, action.title
from jsonb_to_recordset(%(rows)s) as said (n integer, tenant_id uuid, device_id uuid)
join patchring.action on action.tenant_id = said.tenant_id and action.device_id = said.device_id
where action.tenant_id = any (%(tenant_ids)s) and action.state in ('offered', 'permitted')
order by said.n, action.created_at, action.action_id;
