"""Tenants, roots, sites, enrolment tokens."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter
from fastapi.responses import JSONResponse

from patchring.api.people.door import Ask, Cursor, Limit, after, in_tenant, needs, once, page, with_version
from patchring.api.people.shapes import RootNew, SiteNew, TenantNew, TokenNew
from patchring.app import tenants, tokens
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.core.ids import TenantId

router = APIRouter()


@router.get("/tenants", tags=["tenants"])
async def list_tenants(who: Annotated[Caller, needs(P.TENANTS_READ)]) -> dict[str, Any]:
    """All tenants that you were given; the operator's own first."""
    return {"items": await tenants.list_tenants(who), "next": None}


@router.post("/tenants", tags=["tenants"], status_code=201)
async def create_tenant(body: TenantNew, who: Annotated[Caller, needs(P.TENANTS_CREATE)]) -> JSONResponse:
    """A new tenant with its first signed root. The command line makes the keys: `patchring tenants create`."""

    async def do() -> Any:
        return await tenants.create_tenant(who, TenantId(body.tenant_id), body.slug, body.name, body.kind, body.root)

    return await once(who, 201, do)


@router.get("/tenants/{tenant}", tags=["tenants"])
async def show_tenant(ask: Annotated[Ask, in_tenant(P.TENANTS_READ)]) -> JSONResponse:
    """One tenant with its roots."""
    return with_version(await tenants.show_tenant(ask.who, ask.tenant_id))


@router.post("/tenants/{tenant}/roots", tags=["tenants"], status_code=201)
async def add_root(body: RootNew, ask: Annotated[Ask, in_tenant(P.TENANTS_CREATE)]) -> JSONResponse:
    """The next root, signed by the keys of the one before: how keys are changed."""

    async def do() -> Any:
        return {"version": await tenants.add_root(ask.who, ask.tenant_id, body.root)}

    return await once(ask.who, 201, do)


@router.get("/tenants/{tenant}/sites", tags=["sites"])
async def list_sites(
    ask: Annotated[Ask, in_tenant(P.SITES_READ)], limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """Sites by name."""
    (name,) = after(cursor, str, start=[""])
    return page(await tenants.list_sites(ask.who, ask.tenant_id, name, limit + 1), limit, "name")


@router.post("/tenants/{tenant}/sites", tags=["sites"], status_code=201)
async def create_site(body: SiteNew, ask: Annotated[Ask, in_tenant(P.SITES_WRITE)]) -> JSONResponse:
    """A new site; its zone is the one that windows are in."""

    async def do() -> Any:
        return await tenants.create_site(ask.who, ask.tenant_id, body.name, body.zone)

    return await once(ask.who, 201, do)


@router.get("/tenants/{tenant}/tokens", tags=["enrolment"])
async def list_tokens(
    ask: Annotated[Ask, in_tenant(P.TOKENS_READ)], limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """Enrolment tokens, newest first; their secrets are not kept."""
    (before,) = after(cursor, UUID, start=[None])
    return page(await tokens.list_tokens(ask.who, ask.tenant_id, before, limit + 1), limit, "token_id")


@router.post("/tenants/{tenant}/tokens", tags=["enrolment"], status_code=201)
async def create_token(body: TokenNew, ask: Annotated[Ask, in_tenant(P.TOKENS_WRITE)]) -> JSONResponse:
    """A token for agents of one site. Its text is in this answer alone, so the command cannot be repeated."""
    lifetime = timedelta(hours=body.hours)
    row = await tokens.create_token(ask.who, ask.tenant_id, body.site, lifetime, body.uses)
    return JSONResponse({**row, "token_id": str(row["token_id"]), "expires_at": row["expires_at"].isoformat()}, 201)


@router.delete("/tenants/{tenant}/tokens/{token_id}", tags=["enrolment"])
async def revoke_token(token_id: UUID, ask: Annotated[Ask, in_tenant(P.TOKENS_WRITE)]) -> dict[str, str]:
    """No device enrols with it any more; those that did stay."""
    await tokens.revoke_token(ask.who, ask.tenant_id, token_id)
    return {"token_id": str(token_id), "state": "revoked"}
