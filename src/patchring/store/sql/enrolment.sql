-- name: token
-- The token and its site, locked until the end of the transaction: its uses are counted one after another.
select token_id, site_id, secret_hash, expires_at, use_count_max, use_count, revoked_at
from patchring.enrolment_token
where tenant_id = %(tenant_id)s and token_id = %(token_id)s
for no key update;

-- name: device_of_key
-- The device that holds this key in this tenant; no row when none does.
select device.device_id, device.state, contact.session_epoch
from patchring.device
join patchring.device_contact as contact using (tenant_id, device_id)
where device.tenant_id = %(tenant_id)s and device.public_key = %(public_key)s;

-- name: add_device
-- Nothing when another transaction has added the same key meanwhile.
insert into patchring.device (tenant_id, device_id, site_id, name, public_key, enrolled_at, os_name, os_version,
  architecture)
values (%(tenant_id)s, %(device_id)s, %(site_id)s, %(name)s, %(public_key)s, %(enrolled_at)s, %(os_name)s,
  %(os_version)s, %(architecture)s)
on conflict (tenant_id, public_key) do nothing;

-- name: add_contact
-- A device begins without contact, and with a scan that is wanted.
insert into patchring.device_contact (tenant_id, device_id, session_epoch)
values (%(tenant_id)s, %(device_id)s, %(session_epoch)s);

-- name: count_use
-- One more use; the table's check holds the most.
update patchring.enrolment_token set use_count = use_count + 1
where tenant_id = %(tenant_id)s and token_id = %(token_id)s;

-- name: roots
-- The tenant's chain of signed roots, oldest first.
select document from patchring.tenant_root where tenant_id = %(tenant_id)s order by version;
