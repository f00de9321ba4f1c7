-- name: add
-- No row when it is there already.
insert into patchring.proposal (proposal_id, patch_key, kind, reason, source, proposed_at, proposed_by)
values (%(proposal_id)s, %(patch_key)s, %(kind)s, %(reason)s, %(source)s, %(at)s, %(by)s)
on conflict (proposal_id) do nothing;

-- name: one
-- A proposal, also a withdrawn one.
select proposal_id, patch_key, kind, reason, source, proposed_at, proposed_by, withdrawn_at, withdrawn_by,
  withdraw_reason
from patchring.proposal where proposal_id = %(proposal_id)s;

-- name: standing
-- A proposal that stands. Locked, so that whoever withdraws it waits for what is done with it here.
select proposal_id, patch_key, kind, reason from patchring.proposal
where proposal_id = %(proposal_id)s and withdrawn_at is null for share;

-- name: withdraw
-- No row when it was withdrawn before.
update patchring.proposal set withdrawn_at = %(at)s, withdrawn_by = %(by)s, withdraw_reason = %(reason)s
where proposal_id = %(proposal_id)s and withdrawn_at is null;

-- name: across
-- Proposals that were put to any tenant in scope, with what those tenants made of them; newest first, before a cursor.
-- `all` false: only those that stand. `proposal_id` null: every one.
select p.proposal_id, p.patch_key, p.kind, p.reason, p.source, p.proposed_at, p.proposed_by, p.withdrawn_at,
  p.withdrawn_by, p.withdraw_reason,
  count(*) filter (where a.state = 'taken') as taken_count,
  count(*) filter (where a.state = 'open') as open_count,
  count(*) filter (where a.state = 'refused') as refused_count,
  count(*) filter (where a.state = 'accepted') as accepted_count,
  count(*) filter (where a.state = 'declined') as declined_count,
  count(*) filter (where h.hold_id is not null and h.released_at is null) as held_count
from patchring.proposal_answer a
join patchring.proposal p on p.proposal_id = a.proposal_id
left join patchring.hold h on h.tenant_id = a.tenant_id and h.hold_id = a.hold_id
where a.tenant_id = any (%(tenant_ids)s::uuid[])
  and (%(proposal_id)s::uuid is null or p.proposal_id = %(proposal_id)s::uuid)
  and (%(before)s::uuid is null or p.proposal_id < %(before)s::uuid)
  and (%(all)s::boolean or p.withdrawn_at is null)
group by p.proposal_id
order by p.proposal_id desc limit %(limit)s;

-- name: add_answer
-- What the policy said. No row when it answered before.
insert into patchring.proposal_answer (tenant_id, proposal_id, state, reason, policy_version_id, rule, line, answered_at)
values (%(tenant_id)s, %(proposal_id)s, %(state)s, %(reason)s, %(policy_version_id)s, %(rule)s, %(line)s, %(at)s)
on conflict (tenant_id, proposal_id) do nothing;

-- name: held
-- Which hold came of it.
update patchring.proposal_answer set hold_id = %(hold_id)s
where tenant_id = %(tenant_id)s and proposal_id = %(proposal_id)s;

-- name: answer_locked
-- One tenant's answer, to be changed.
select state, hold_id, decided_by, withdrawn_at from patchring.proposal_answer
where tenant_id = %(tenant_id)s and proposal_id = %(proposal_id)s for update;

-- name: decide
-- What a person made of it. No row when it is not open.
update patchring.proposal_answer
set state = %(state)s, decided_at = %(at)s, decided_by = %(by)s, decision_reason = %(reason)s
where tenant_id = %(tenant_id)s and proposal_id = %(proposal_id)s and state = 'open';

-- name: told_withdrawn
-- No row when the tenant was told before.
update patchring.proposal_answer set withdrawn_at = %(at)s
where tenant_id = %(tenant_id)s and proposal_id = %(proposal_id)s and withdrawn_at is null;

-- name: of_tenant
-- Proposals with the tenant's answer, newest first, before a cursor. `all` false: only those that stand.
-- `proposal_id` null: every one.
select p.proposal_id, p.patch_key, p.kind, p.reason, p.source, p.proposed_at, p.proposed_by, p.withdrawn_at,
  p.withdrawn_by, p.withdraw_reason, a.state, a.reason as answer, v.version as policy_version, a.rule, a.line,
  a.answered_at, a.decided_at, a.decided_by, a.decision_reason, a.hold_id,
  h.hold_id is not null and h.released_at is null as held
from patchring.proposal_answer a
join patchring.proposal p on p.proposal_id = a.proposal_id
left join patchring.policy_version v on v.tenant_id = a.tenant_id and v.policy_version_id = a.policy_version_id
left join patchring.hold h on h.tenant_id = a.tenant_id and h.hold_id = a.hold_id
where a.tenant_id = %(tenant_id)s
  and (%(proposal_id)s::uuid is null or a.proposal_id = %(proposal_id)s::uuid)
  and (%(before)s::uuid is null or a.proposal_id < %(before)s::uuid)
  and (%(all)s::boolean or p.withdrawn_at is null)
order by a.proposal_id desc limit %(limit)s;
