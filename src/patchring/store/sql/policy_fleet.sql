-- name: edition
-- What a printed version (null: the one in force) is made from: its text, the tenant's name, the zone of its first site
-- (null: it has none).
select policy.version, policy.text, policy.created_at, tenant.name as tenant_name, tenant.kind as tenant_kind,
  (select site.zone from patchring.site
   where site.tenant_id = policy.tenant_id order by site.created_at, site.site_id limit 1) as zone
from patchring.policy_version policy
join patchring.tenant on tenant.tenant_id = policy.tenant_id
where policy.tenant_id = %(tenant_id)s and (%(version)s::integer is null or policy.version = %(version)s::integer)
order by policy.version desc limit 1;
