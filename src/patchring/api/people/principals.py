"""Principals: people and programs that use this API."""

from datetime import datetime, timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Page
from patchring.api.people.door import needs, once
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import Body
from patchring.api.people.texts import Slug, Word
from patchring.app import staff
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.app.permissions import StaffRole

router = APIRouter(tags=["principals"])


class Principal(Answer):
    """`tenants` are short names; null: all tenants, also those that are made later."""

    principal_id: UUID
    name: str
    kind: str
    role: str
    tenants: list[str] | None
    created_at: datetime
    expires_at: datetime | None
    revoked_at: datetime | None


class NewPrincipal(Principal):
    """`token` is shown here and never again; null when this answer is a repetition."""

    token: str | None


class PrincipalNew(Body):
    name: Word
    role: StaffRole
    tenants: list[Slug] | None = Field(max_length=1_000, description="Short names; null: all tenants.")
    days: int | None = Field(default=None, ge=1, le=3_650, description="How long the token counts; null: no end.")


@router.get("/principals")
async def list_principals(who: Annotated[Caller, needs(P.PRINCIPALS_MANAGE)], paging: Paged) -> Page[Principal]:
    """Who may use this API, by name; revoked ones too."""
    (after,) = paging.after(str) or ("",)
    return paging.page(Principal, await staff.list_principals(who, after, paging.count), "name")


@router.post("/principals", status_code=201)
async def create_principal(
    body: PrincipalNew, who: Annotated[Caller, needs(P.PRINCIPALS_MANAGE)], response: Response
) -> NewPrincipal:
    """A principal with a token of his own; nobody can give more rights than he has."""

    async def do() -> Any:
        lifetime = timedelta(days=body.days) if body.days else None
        return await staff.create_principal(who, body.name, body.role, body.tenants, lifetime)

    return await once(who, response, NewPrincipal, do, token=None)


@router.delete("/principals/{principal_id}")
async def revoke_principal(
    principal_id: UUID, who: Annotated[Caller, needs(P.PRINCIPALS_MANAGE)], response: Response
) -> Principal:
    """His token counts no more, and his sessions in browsers end. Doing it again changes nothing."""

    async def do() -> Any:
        return await staff.revoke_principal(who, principal_id)

    return await once(who, response, Principal, do)
