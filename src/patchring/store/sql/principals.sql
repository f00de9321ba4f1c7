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

-- name: tenant_named
-- The id behind a short name or behind itself (null: the text is no id); a short name that looks like an id gives way.
select tenant_id from patchring.tenant_directory
where slug = %(slug)s or tenant_id = %(tenant_id)s::uuid
order by tenant_id = %(tenant_id)s::uuid desc nulls last limit 1;

-- name: listed
-- Principals by name after a name; `tenants` null: all.
select p.principal_id, p.name, p.kind, p.role, p.created_at, p.expires_at, p.revoked_at,
  case when not p.all_tenants then array(
    select d.slug from patchring.principal_tenant g join patchring.tenant_directory d on d.tenant_id = g.tenant_id
    where g.principal_id = p.principal_id order by d.slug) end as tenants
from patchring.principal p
where p.name > %(after)s order by p.name limit %(limit)s;

-- name: shown
-- One principal in the same form.
select p.principal_id, p.name, p.kind, p.role, p.created_at, p.expires_at, p.revoked_at,
  case when not p.all_tenants then array(
    select d.slug from patchring.principal_tenant g join patchring.tenant_directory d on d.tenant_id = g.tenant_id
    where g.principal_id = p.principal_id order by d.slug) end as tenants
from patchring.principal p
where p.principal_id = %(principal_id)s;

-- name: add
-- No row when the name is taken.
insert into patchring.principal (principal_id, name, kind, role, all_tenants, token_hash, created_at, expires_at)
values (%(principal_id)s, %(name)s, %(kind)s, %(role)s, %(all_tenants)s, %(token_hash)s, %(at)s, %(expires_at)s)
on conflict (name) do nothing;

-- name: give
-- One more tenant for a principal.
insert into patchring.principal_tenant (principal_id, tenant_id) values (%(principal_id)s, %(tenant_id)s);

-- name: revoke
-- No row when it was revoked before or is not there.
update patchring.principal set revoked_at = %(at)s
where principal_id = %(principal_id)s and revoked_at is null;
