-- name: device
-- Who a device is: its key, whether it is still one of ours, and the epoch that its sessions must have.
select device.public_key, device.state, contact.session_epoch
from patchring.device
join patchring.device_contact as contact using (tenant_id, device_id)
where device.tenant_id = %(tenant_id)s and device.device_id = %(device_id)s;
