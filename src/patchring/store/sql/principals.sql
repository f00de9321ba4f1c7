-- name: by_token
-- The principal of a token; revoked and expired ones too, the caller says why they do not count.
select principal_id, name, role, all_tenants, expires_at, revoked_at from patchring.principal
where token_hash = %(token_hash)s;

-- name: by_id
-- The same by id, for a session that was established before.
select principal_id, name, role, all_tenants, expires_at, revoked_at from patchring.principal
where principal_id = %(principal_id)s;

-- name: tenants_of
-- The tenants that a principal was given one by one.
select tenant_id from patchring.principal_tenant where principal_id = %(principal_id)s;

-- name: ensure
-- A principal of a fixed name; its token is the newest that was given.
insert into patchring.principal (principal_id, name, kind, role, all_tenants, token_hash, created_at)
values (%(principal_id)s, %(name)s, %(kind)s, %(role)s, %(all_tenants)s, %(token_hash)s, %(at)s)
on conflict (name) do update set token_hash = excluded.token_hash
where patchring.principal.token_hash <> excluded.token_hash;

-- name: directory
-- Which tenants there are, by short name.
select tenant_id, slug from patchring.tenant_directory order by slug;

-- name: tenant_by_slug
-- The id behind a short name.
select tenant_id from patchring.tenant_directory where slug = %(slug)s;
