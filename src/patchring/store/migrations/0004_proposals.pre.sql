-- What the MSP decides once about a patch, and what each tenant made of it.

-- Names a patch and no tenant. The words of people are for every tenant that it is put to.
create table patchring.proposal (
  proposal_id uuid primary key,
  patch_key text not null,
  kind text not null check (kind in ('hold', 'expedite', 'approve')),
  reason text not null,
  source text not null check (source in ('person', 'incident', 'feed')),
  proposed_at timestamptz not null,
  proposed_by text not null,
  withdrawn_at timestamptz,
  withdrawn_by text,
  withdraw_reason text,
  check ((withdrawn_at is null) = (withdrawn_by is null))
);
comment on column patchring.proposal.withdrawn_at is 'Null: it stands.';

-- The policy in force answered when the proposal came; a person of the tenant answers what it left open.
create table patchring.proposal_answer (
  tenant_id uuid not null references patchring.tenant,
  proposal_id uuid not null references patchring.proposal,
  state text not null check (state in ('taken', 'open', 'refused', 'accepted', 'declined')),
  reason text not null,
  policy_version_id uuid,
  rule text not null,
  line integer not null,
  answered_at timestamptz not null,
  hold_id uuid,
  decided_at timestamptz,
  decided_by text,
  decision_reason text,
  withdrawn_at timestamptz,
  primary key (tenant_id, proposal_id),
  foreign key (tenant_id, policy_version_id) references patchring.policy_version (tenant_id, policy_version_id),
  foreign key (tenant_id, hold_id) references patchring.hold (tenant_id, hold_id),
  check ((decided_at is null) = (decided_by is null)),
  check ((decided_at is null) = (state in ('taken', 'open', 'refused'))),
  check (hold_id is null or state in ('taken', 'accepted'))
);
comment on column patchring.proposal_answer.policy_version_id is 'Null: the tenant had no policy that could answer.';
comment on column patchring.proposal_answer.hold_id is 'The hold that the tenant took with it; null: none.';
comment on column patchring.proposal_answer.withdrawn_at is 'When the tenant was told that it was withdrawn.';

-- A hold that a tenant took from its MSP.
alter table patchring.hold drop constraint hold_source_check;
alter table patchring.hold add constraint hold_source_check check (source in ('person', 'incident', 'feed', 'msp'));

select patchring_private.protect('patchring.proposal_answer'::regclass);

grant select on patchring.proposal, patchring.proposal_answer
  to patchring_web, patchring_staff, patchring_dispatcher;
grant insert on patchring.proposal, patchring.proposal_answer to patchring_web;
grant update (withdrawn_at, withdrawn_by, withdraw_reason) on patchring.proposal to patchring_web;
grant update (state, hold_id, decided_at, decided_by, decision_reason, withdrawn_at) on patchring.proposal_answer
  to patchring_web;
