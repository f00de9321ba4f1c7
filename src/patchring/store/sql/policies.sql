-- name: versions
-- Newest first, before a number (null: from the newest on).
select policy_version_id, version, fingerprint, created_at, created_by from patchring.policy_version
where tenant_id = %(tenant_id)s and (%(before)s::integer is null or version < %(before)s::integer)
order by version desc limit %(limit)s;

-- name: version
-- One version (null: the one in force) with its text and what was signed.
select policy_version_id, version, fingerprint, text, statement, created_at, created_by from patchring.policy_version
where tenant_id = %(tenant_id)s and (%(version)s::integer is null or version = %(version)s::integer)
order by version desc limit 1;

-- name: add
-- No row when this version or id is there already: somebody else was faster.
insert into patchring.policy_version (tenant_id, policy_version_id, version, fingerprint, text, statement, created_at,
  created_by)
values (%(tenant_id)s, %(policy_version_id)s, %(version)s, %(fingerprint)s, %(text)s, %(statement)s, %(at)s, %(by)s)
on conflict do nothing;

-- name: wake_patches
-- Patches that some device (null: any) misses are decided again.
insert into patchring.due (tenant_id, kind, id, wake_at)
select p.tenant_id, 'patch', p.patch_id, %(at)s from patchring.patch p
where p.tenant_id = %(tenant_id)s and exists (
  select from patchring.missing m
  where m.tenant_id = p.tenant_id and m.patch_id = p.patch_id and m.known_to is null
    and (%(device_id)s::uuid is null or m.device_id = %(device_id)s::uuid))
order by p.patch_id
on conflict (tenant_id, kind, id) do update set wake_at = least(patchring.due.wake_at, excluded.wake_at);

-- name: live_rollouts
-- Rollouts that a new policy version or approval may move.
select rollout_id from patchring.rollout
where tenant_id = %(tenant_id)s and state in ('awaiting_approval', 'running', 'halted', 'rolling_back');
