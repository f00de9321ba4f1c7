-- name: add
-- A tenant; the directory refuses a short name that is taken.
insert into patchring.tenant (tenant_id, slug, name, kind, created_at)
values (%(tenant_id)s, %(slug)s, %(name)s, %(kind)s, %(at)s);

-- name: add_to_directory
-- No row when the short name or the id is taken.
insert into patchring.tenant_directory (tenant_id, slug) values (%(tenant_id)s, %(slug)s)
on conflict do nothing;

-- name: add_root
-- The next signed root of a tenant; no row when this version is there already.
insert into patchring.tenant_root (tenant_id, version, document, created_at)
values (%(tenant_id)s, %(version)s, %(document)s, %(at)s)
on conflict (tenant_id, version) do nothing;

-- name: roots
-- Every root, oldest first.
select version, document, created_at from patchring.tenant_root where tenant_id = %(tenant_id)s order by version;

-- name: listed
-- Tenants in scope by short name, with what a list shows.
select t.tenant_id, t.slug, t.name, t.kind, t.created_at, t.row_version,
  (select count(*) from patchring.device d where d.tenant_id = t.tenant_id and d.state = 'active') as device_count,
  (select max(version) from patchring.policy_version p where p.tenant_id = t.tenant_id) as policy_version
from patchring.tenant t
where t.tenant_id = any (%(tenant_ids)s::uuid[])
order by t.slug;

-- name: operator
-- The MSP's own tenant, of which there is one.
select tenant_id from patchring.tenant
where tenant_id = any (%(tenant_ids)s::uuid[]) and kind = 'operator' order by created_at limit 1;

-- name: add_site
-- No row when the name is taken in this tenant.
insert into patchring.site (tenant_id, site_id, name, zone, created_at)
values (%(tenant_id)s, %(site_id)s, %(name)s, %(zone)s, %(at)s)
on conflict (tenant_id, name) do nothing;

-- name: sites
-- By name, after a cursor.
select site_id, name, zone, created_at, row_version from patchring.site
where tenant_id = %(tenant_id)s and name > %(after)s order by name limit %(limit)s;

-- name: site
-- A site by its name or its id (null: the text is no id); a name that looks like an id gives way.
select site_id, name, zone, created_at, row_version from patchring.site
where tenant_id = %(tenant_id)s and (name = %(name)s or site_id = %(site_id)s::uuid)
order by site_id = %(site_id)s::uuid desc nulls last limit 1;

-- name: add_token
-- An enrolment token; only the hash of its secret is kept.
insert into patchring.enrolment_token (tenant_id, token_id, site_id, secret_hash, expires_at, use_count_max, created_at,
  created_by)
values (%(tenant_id)s, %(token_id)s, %(site_id)s, %(secret_hash)s, %(expires_at)s, %(use_count_max)s, %(at)s, %(by)s);

-- name: tokens
-- Newest first, before a cursor (null: from the newest on).
select t.token_id, s.name as site, t.expires_at, t.use_count, t.use_count_max, t.created_at, t.created_by, t.revoked_at
from patchring.enrolment_token t
join patchring.site s on s.tenant_id = t.tenant_id and s.site_id = t.site_id
where t.tenant_id = %(tenant_id)s and (%(before)s::uuid is null or t.token_id < %(before)s::uuid)
order by t.token_id desc limit %(limit)s;

-- name: token
-- One token; its secret is not there.
select t.token_id, s.name as site, t.expires_at, t.use_count, t.use_count_max, t.created_at, t.created_by, t.revoked_at
from patchring.enrolment_token t
join patchring.site s on s.tenant_id = t.tenant_id and s.site_id = t.site_id
where t.tenant_id = %(tenant_id)s and t.token_id = %(token_id)s;

-- name: revoke_token
-- No row when there is no such token or it was revoked before.
update patchring.enrolment_token set revoked_at = %(at)s
where tenant_id = %(tenant_id)s and token_id = %(token_id)s and revoked_at is null;
