-- name: listed
-- Devices by name after a cursor, filtered; an empty text or null means any.
select d.device_id, d.name, d.site_id, s.name as site, d.state, d.class, d.roles, d.criticality, d.internet_facing,
  d.redundancy_group, d.groups, d.sacrificial, d.observe_only, d.os_name, d.os_version, d.enrolled_at, d.row_version,
  c.last_seen_at, c.agent_version, i.reboot_pending,
  (select count(*) from patchring.missing m
   where m.tenant_id = d.tenant_id and m.device_id = d.device_id and m.known_to is null) as missing_count
from patchring.device d
join patchring.site s on s.tenant_id = d.tenant_id and s.site_id = d.site_id
left join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
left join patchring.device_inventory i on i.tenant_id = d.tenant_id and i.device_id = d.device_id
where d.tenant_id = %(tenant_id)s
  and (d.name, d.device_id) > (%(after_name)s::text, %(after_id)s::uuid)
  and (%(words)s::text = '' or strpos(lower(d.name), lower(%(words)s::text)) > 0)
  and (%(class)s::text = '' or d.class = %(class)s::text)
  and (%(criticality)s::text = '' or d.criticality = %(criticality)s::text)
  and (%(role)s::text = '' or %(role)s::text = any (d.roles))
  and (%(group)s::text = '' or %(group)s::text = any (d.groups))
  and (%(site)s::text = '' or s.name = %(site)s::text)
  and (%(state)s::text = '' or d.state = %(state)s::text)
  and (%(silent_since)s::timestamptz is null or c.last_seen_at is null or c.last_seen_at < %(silent_since)s::timestamptz)
order by d.name, d.device_id limit %(limit)s;

-- name: one
-- A device by id or, when one device alone has it, by name.
select d.device_id, d.name, d.name as device_name, d.site_id, s.name as site, s.zone, d.state, d.class, d.roles,
  d.criticality, d.internet_facing, d.redundancy_group, d.groups, d.sacrificial, d.observe_only, d.os_name, d.os_version,
  d.architecture, d.enrolled_at, d.row_version, t.kind as tenant_kind, c.last_seen_at, c.boot_id, c.agent_version,
  c.unsent_count, i.taken_at as scanned_at, i.reboot_pending, i.scan -> 'facts' as facts,
  i.scan -> 'providers' as providers, i.scan -> 'probes' as probes,
  jsonb_array_length(coalesce(i.scan -> 'installed', '[]')) as installed_count,
  (select count(*) from patchring.missing m
   where m.tenant_id = d.tenant_id and m.device_id = d.device_id and m.known_to is null) as missing_count
from patchring.device d
join patchring.tenant t on t.tenant_id = d.tenant_id
join patchring.site s on s.tenant_id = d.tenant_id and s.site_id = d.site_id
left join patchring.device_contact c on c.tenant_id = d.tenant_id and c.device_id = d.device_id
left join patchring.device_inventory i on i.tenant_id = d.tenant_id and i.device_id = d.device_id
where d.tenant_id = %(tenant_id)s and (d.device_id = %(device_id)s::uuid or d.name = %(name)s)
order by d.device_id limit 2;

-- name: missing
-- What a device misses now, security first, after a place in that order (null: from the first).
select p.patch_id, p.patch_key, p.title, p.security, p.classification, m.installed_version, p.version, m.held_back,
  m.known_from
from patchring.missing m
join patchring.patch p on p.tenant_id = m.tenant_id and p.patch_id = m.patch_id
where m.tenant_id = %(tenant_id)s and m.device_id = %(device_id)s and m.known_to is null
  and (%(after_id)s::uuid is null
       or (not p.security, p.title, p.patch_id) > (%(after_plain)s::boolean, %(after_title)s::text, %(after_id)s::uuid))
order by not p.security, p.title, p.patch_id limit %(limit)s;

-- name: installed
-- The software that the newest scan found, in its own order, after a place in it.
select listed.number, listed.package ->> 'provider' as provider, listed.package ->> 'name' as name,
  listed.package ->> 'version' as version, coalesce(listed.package ->> 'architecture', '') as architecture
from patchring.device_inventory i
cross join lateral jsonb_array_elements(coalesce(i.scan -> 'installed', '[]')) with ordinality as listed (package, number)
where i.tenant_id = %(tenant_id)s and i.device_id = %(device_id)s and listed.number > %(after)s
  and (%(words)s::text = '' or strpos(lower(listed.package ->> 'name'), lower(%(words)s::text)) > 0)
order by listed.number limit %(limit)s;

-- name: classify
-- What people confirmed about a device; no row when somebody changed it since it was read (row_version null: any).
update patchring.device
set class = %(class)s, roles = %(roles)s, criticality = %(criticality)s, internet_facing = %(internet_facing)s,
  redundancy_group = %(redundancy_group)s, groups = %(groups)s, sacrificial = %(sacrificial)s,
  observe_only = %(observe_only)s, row_version = row_version + 1
where tenant_id = %(tenant_id)s and device_id = %(device_id)s
  and (%(row_version)s::integer is null or row_version = %(row_version)s::integer);

-- name: place_in_rollout
-- Where a device stands with a patch: the newest rollout of it that has this device.
select o.rollout_id, o.state as rollout_state, o.reasons as rollout_reasons, r.ring, r.segment,
  r.state as device_state, r.reasons as device_reasons, g.state as ring_state, g.reasons as ring_reasons, r.action_id,
  n.reasons as denial_reasons, n.denied_at
from patchring.rollout o
join patchring.rollout_device r on r.tenant_id = o.tenant_id and r.rollout_id = o.rollout_id
join patchring.rollout_ring g on g.tenant_id = r.tenant_id and g.rollout_id = r.rollout_id and g.ring = r.ring
left join patchring.denial n on n.tenant_id = r.tenant_id and n.action_id = r.action_id
where o.tenant_id = %(tenant_id)s and o.patch_id = %(patch_id)s and r.device_id = %(device_id)s
order by o.created_at desc limit 1;

-- name: missing_now
-- Whether a device misses a patch now.
select known_from, installed_version, held_back from patchring.missing
where tenant_id = %(tenant_id)s and device_id = %(device_id)s and patch_id = %(patch_id)s and known_to is null;

-- name: exposure_unknown
-- Active devices of which nobody said whether the internet reaches them, by name after a cursor, with the software that
-- serves others, and when a scanner that looks from outside last reached each.
select device.device_id, device.name, device.class, device.roles, array(
    select distinct package ->> 'name' from jsonb_array_elements(held.scan -> 'installed') as package
    where package ->> 'name' = any (%(serving)s::text[]) order by 1) as serving,
  (select max(host.looked_at) from patchring.scanner_host as host
    where host.tenant_id = device.tenant_id and host.device_id = device.device_id
      and starts_with(host.scanner, %(external)s)) as from_outside_at
from patchring.device
left join patchring.device_inventory as held
  on held.tenant_id = device.tenant_id and held.device_id = device.device_id
where device.tenant_id = %(tenant_id)s and device.state = 'active' and device.internet_facing is null
  and (device.name, device.device_id) > (%(after_name)s::text, %(after_id)s::uuid)
order by device.name, device.device_id limit %(limit)s;
