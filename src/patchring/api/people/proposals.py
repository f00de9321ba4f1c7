"""Proposals: what the MSP decides once about a patch over many tenants, and what each tenant makes of it."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Page
from patchring.api.people.door import Ask, in_tenant, needs, once
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import Because, Body
from patchring.api.people.texts import Thing, Why
from patchring.app import proposals
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.core.policy.reception import ProposalKind
from patchring.store.ids import new_id

router = APIRouter(tags=["proposals"])
Kind = Literal["hold", "expedite", "approve"]
State = Literal["taken", "open", "refused", "accepted", "declined"]
Withdrawn = Annotated[bool, Query(description="Withdrawn ones too.")]


class ProposalNew(Body):
    kind: Kind
    patch: Thing = Field(description="Key of the patch; one of your tenants has to know it.")
    reason: Why


class ProposalAnswer(Body):
    accept: bool = Field(description="False: it is declined.")
    reason: Why


class _Proposed(Answer):
    proposal_id: UUID
    patch_key: str
    kind: Kind
    reason: str
    source: str
    proposed_at: datetime
    proposed_by: str
    withdrawn_at: datetime | None
    withdrawn_by: str | None
    withdraw_reason: str | None


class Proposal(_Proposed):
    """How many of your tenants made what of it; `held_count`: where a hold that came of it is in force."""

    taken_count: int
    open_count: int
    refused_count: int
    accepted_count: int
    declined_count: int
    held_count: int


class ProposalWithdrawn(Proposal):
    """`released_count`: the holds that were released with it."""

    released_count: int


class ProposalInTenant(_Proposed):
    """`answer` is what the policy said, by `rule` in `line` of version `policy_version` (null: it had none; line 0: its
    text says nothing of proposals). `held`: the hold `hold_id` that came of it is in force."""

    state: State
    answer: str
    policy_version: int | None
    rule: str
    line: int
    answered_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    decision_reason: str | None
    hold_id: UUID | None
    held: bool


@router.get("/proposals")
async def list_proposals(
    who: Annotated[Caller, needs(P.PROPOSALS_READ)], paging: Paged, withdrawn: Withdrawn = False
) -> Page[Proposal]:
    """Proposals that were put to your tenants, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await proposals.list_proposals(who, before, paging.count, withdrawn)
    return paging.page(Proposal, rows, "proposal_id")


@router.post("/proposals", status_code=201)
async def make_proposal(
    body: ProposalNew, who: Annotated[Caller, needs(P.PROPOSALS_MAKE)], response: Response
) -> Proposal:
    """Put a decision to every tenant that you were given; the policy of each answers at once."""
    proposal_id = new_id(who.services.clock.now())

    async def do() -> Any:
        return await proposals.propose(who, proposal_id, ProposalKind(body.kind), body.patch, body.reason)

    return await once(who, response, Proposal, do)


@router.post("/proposals/{proposal_id}/withdraw")
async def withdraw_proposal(
    proposal_id: UUID, body: Because, who: Annotated[Caller, needs(P.PROPOSALS_MAKE)], response: Response
) -> ProposalWithdrawn:
    """Take it back: the holds that came of it are released, and nobody can accept it any more."""

    async def do() -> Any:
        return await proposals.withdraw(who, proposal_id, body.reason)

    return await once(who, response, ProposalWithdrawn, do)


@router.get("/tenants/{tenant}/proposals")
async def list_tenant_proposals(
    ask: Annotated[Ask, in_tenant(P.PROPOSALS_READ)], paging: Paged, withdrawn: Withdrawn = False
) -> Page[ProposalInTenant]:
    """What the MSP proposed to a tenant and what became of it, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await proposals.list_answers(ask.who, ask.tenant_id, before, paging.count, withdrawn)
    return paging.page(ProposalInTenant, rows, "proposal_id")


@router.post("/tenants/{tenant}/proposals/{proposal_id}/answer")
async def answer_proposal(
    proposal_id: UUID, body: ProposalAnswer, ask: Annotated[Ask, in_tenant(P.PROPOSALS_ANSWER)], response: Response
) -> ProposalInTenant:
    """Answer what the policy left open. Accepting a hold places it; the rest takes a signed approval besides."""

    async def do() -> Any:
        return await proposals.respond(ask.who, ask.tenant_id, proposal_id, body.accept, body.reason)

    return await once(ask.who, response, ProposalInTenant, do)
