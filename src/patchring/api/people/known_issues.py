"""Known issues: what breaks devices of some kind, so that they do not get it."""

from datetime import date, datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Page
from patchring.api.people.door import Ask, in_tenant, needs, once
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import Because, Body
from patchring.api.people.texts import Name, Thing, Why
from patchring.app.caller import Caller
from patchring.app.known_issues import keeping, listing, waiving
from patchring.app.known_issues.said import Said
from patchring.app.permissions import Permission as P
from patchring.store.ids import new_id

router = APIRouter(tags=["known issues"])
ISSUES_AT_ONCE = 500
Values = Annotated[list[Name], Field(min_length=1, max_length=50)]
Conditions = Annotated[dict[str, Values], Field(max_length=20)]
State = Literal["proposed", "in_force", "released", "declined"]


class IssueNew(Body):
    name: Name = Field(description="Short, and its own: `WI1042312`, `nginx-1.22.1-9`.")
    patches: Conditions = Field(description="Field of a patch to values, as in a policy's `when`.")
    devices: Conditions = Field(default_factory=dict, description="Field of a device to values; none: every device.")
    reason: Why
    source: Thing = Field(description="Where it is written: an address, a ticket.")
    release_when: Why = Field(description="What has to come first, in words.")
    fixed_in: str = Field(default="", max_length=200, description="Versions from there on are not concerned.")
    until_on: date | None = Field(default=None, description="The last day, UTC; null: a person ends it.")

    def said(self) -> Said:
        return Said(**self.model_dump())


class IssueList(Body):
    issues: list[IssueNew] = Field(min_length=1, max_length=ISSUES_AT_ONCE)
    dry_run: bool = False


class _Issue(Answer):
    issue_id: UUID
    name: str
    patches: dict[str, list[str]]
    devices: dict[str, list[str]]
    reason: str
    source: str
    release_when: str
    fixed_in: str
    until_on: date | None
    placed_at: datetime
    placed_by: str


class Issue(_Issue):
    state: State
    source_kind: Literal["person", "import", "evidence"]
    decided_at: datetime | None
    decided_by: str | None
    ended_at: datetime | None
    ended_by: str | None
    end_reason: str | None


class IssueTold(Issue):
    """`tenant_count`: tenants that miss a patch of it now."""

    tenant_count: int


class IssueInTenant(_Issue):
    """`waived_at` null: it counts here."""

    waived_because: str | None
    waived_at: datetime | None
    waived_by: str | None


class IssuesTaken(Answer):
    added: int
    changed: int
    unchanged: int


@router.get("/known-issues")
async def list_known_issues(
    who: Annotated[Caller, needs(P.KNOWN_ISSUES_READ)],
    paging: Paged,
    ended: Annotated[bool, Query(description="Those that ended, too.")] = False,
) -> Page[Issue]:
    """Known issues that are in force or proposed, newest first."""
    (before,) = paging.after(UUID) or (None,)
    return paging.page(Issue, await listing.list_issues(who, before, paging.count, ended), "issue_id")


@router.post("/known-issues", status_code=201)
async def place_known_issue(
    body: IssueNew, who: Annotated[Caller, needs(P.KNOWN_ISSUES_WRITE)], response: Response
) -> IssueTold:
    """Keep a patch from devices of some kind, in every tenant, at once."""
    issue_id = new_id(who.services.clock.now())

    async def do() -> Any:
        return await keeping.place(who, issue_id, body.said())

    return await once(who, response, IssueTold, do)


@router.post("/known-issues/import")
async def import_known_issues(
    body: IssueList, who: Annotated[Caller, needs(P.KNOWN_ISSUES_WRITE)], response: Response
) -> IssuesTaken:
    """Place those that are new, change those that say something else. What is not in the list stays."""

    async def do() -> Any:
        return await keeping.take_list(who, [each.said() for each in body.issues], body.dry_run)

    return await once(who, response, IssuesTaken, do)


@router.post("/known-issues/{issue_id}/confirm")
async def confirm_known_issue(
    issue_id: UUID, who: Annotated[Caller, needs(P.KNOWN_ISSUES_WRITE)], response: Response
) -> IssueTold:
    """Put in force what was proposed."""

    async def do() -> Any:
        return await keeping.confirm(who, issue_id)

    return await once(who, response, IssueTold, do)


@router.post("/known-issues/{issue_id}/end")
async def end_known_issue(
    issue_id: UUID, body: Because, who: Annotated[Caller, needs(P.KNOWN_ISSUES_WRITE)], response: Response
) -> IssueTold:
    """Release it, or decline it when it was only proposed."""

    async def do() -> Any:
        return await keeping.end(who, issue_id, body.reason)

    return await once(who, response, IssueTold, do)


@router.get("/tenants/{tenant}/known-issues")
async def list_tenant_known_issues(
    ask: Annotated[Ask, in_tenant(P.KNOWN_ISSUES_READ)], paging: Paged
) -> Page[IssueInTenant]:
    """Known issues in force, newest first, each with whether this tenant set it aside."""
    (before,) = paging.after(UUID) or (None,)
    rows = await listing.list_in_tenant(ask.who, ask.tenant_id, before, paging.count)
    return paging.page(IssueInTenant, rows, "issue_id")


@router.post("/tenants/{tenant}/known-issues/{issue_id}/waive")
async def waive_known_issue(
    issue_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)], response: Response
) -> IssueInTenant:
    """Set it aside for this tenant, which takes the risk."""

    async def do() -> Any:
        return await waiving.waive(ask.who, ask.tenant_id, issue_id, body.reason)

    return await once(ask.who, response, IssueInTenant, do)


@router.post("/tenants/{tenant}/known-issues/{issue_id}/heed")
async def heed_known_issue(
    issue_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.HOLDS_WRITE)], response: Response
) -> IssueInTenant:
    """Let it count for this tenant again."""

    async def do() -> Any:
        return await waiving.heed(ask.who, ask.tenant_id, issue_id, body.reason)

    return await once(ask.who, response, IssueInTenant, do)
