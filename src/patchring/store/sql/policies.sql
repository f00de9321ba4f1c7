-- name: versions
-- Newest first.
select policy_version_id, version, fingerprint, created_at, created_by from patchring.policy_version
where tenant_id = %(tenant_id)s order by version desc limit %(limit)s;

-- name: version
-- One version (null: the one in force) with its text and what was signed.
select policy_version_id, version, fingerprint, text, statement, created_at, created_by from patchring.policy_version
where tenant_id = %(tenant_id)s and (%(version)s::integer is null or version = %(version)s::integer)
order by version desc limit 1;

-- name: add
-- No row when this version is there already: somebody else was faster.
insert into patchring.policy_version (tenant_id, policy_version_id, version, fingerprint, text, statement, created_at,
  created_by)
values (%(tenant_id)s, %(policy_version_id)s, %(version)s, %(fingerprint)s, %(text)s, %(statement)s, %(at)s, %(by)s)
on conflict (tenant_id, version) do nothing;

-- name: patches_to_look_at
-- Patches that are missing somewhere: a new policy may decide differently about each.
select distinct patch_id from patchring.missing where tenant_id = %(tenant_id)s and known_to is null;

-- name: live_rollouts
-- Rollouts that a new policy version or approval may move.
select rollout_id from patchring.rollout
where tenant_id = %(tenant_id)s and state in ('awaiting_approval', 'running', 'halted', 'rolling_back');
