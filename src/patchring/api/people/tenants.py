"""Tenants, roots, sites, enrolment tokens."""

from datetime import timedelta
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Response

from patchring.api.people.answers import NewToken, Page, Root, Site, Tenant, TenantWithRoots, Token
from patchring.api.people.door import Ask, in_tenant, needs, once, with_version
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import RootNew, SiteNew, TenantNew, TokenNew
from patchring.app import tenants, tokens
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.core.ids import TenantId

router = APIRouter()


@router.get("/tenants", tags=["tenants"])
async def list_tenants(who: Annotated[Caller, needs(P.TENANTS_READ)], paging: Paged) -> Page[Tenant]:
    """The tenants that you were given, by short name."""
    (after,) = paging.after(str) or ("",)
    return paging.page(Tenant, await tenants.list_tenants(who, after, paging.count), "slug")


@router.post("/tenants", tags=["tenants"], status_code=201)
async def create_tenant(body: TenantNew, who: Annotated[Caller, needs(P.TENANTS_CREATE)], response: Response) -> Tenant:
    """A new tenant with its first signed root. The command line makes the keys: `patchring tenants create`."""

    async def do() -> Any:
        return await tenants.create_tenant(who, TenantId(body.tenant_id), body.slug, body.name, body.kind, body.root)

    return await once(who, response, Tenant, do)


@router.get("/tenants/{tenant}", tags=["tenants"])
async def show_tenant(ask: Annotated[Ask, in_tenant(P.TENANTS_READ)], response: Response) -> TenantWithRoots:
    """One tenant with its roots, oldest first."""
    row = await tenants.show_tenant(ask.who, ask.tenant_id)
    with_version(response, row["row_version"])
    return TenantWithRoots.model_validate(row)


@router.post("/tenants/{tenant}/roots", tags=["tenants"], status_code=201)
async def add_root(body: RootNew, ask: Annotated[Ask, in_tenant(P.TENANTS_CREATE)], response: Response) -> Root:
    """The next root, signed by the keys of the one before: how keys are changed."""

    async def do() -> Any:
        return await tenants.add_root(ask.who, ask.tenant_id, body.root)

    return await once(ask.who, response, Root, do)


@router.get("/tenants/{tenant}/sites", tags=["sites"])
async def list_sites(ask: Annotated[Ask, in_tenant(P.SITES_READ)], paging: Paged) -> Page[Site]:
    """Sites by name."""
    (after,) = paging.after(str) or ("",)
    return paging.page(Site, await tenants.list_sites(ask.who, ask.tenant_id, after, paging.count), "name")


@router.post("/tenants/{tenant}/sites", tags=["sites"], status_code=201)
async def create_site(body: SiteNew, ask: Annotated[Ask, in_tenant(P.SITES_WRITE)], response: Response) -> Site:
    """A new site; its zone is the one that windows are in."""

    async def do() -> Any:
        return await tenants.create_site(ask.who, ask.tenant_id, body.name, body.zone)

    return await once(ask.who, response, Site, do)


@router.get("/tenants/{tenant}/tokens", tags=["enrolment"])
async def list_tokens(ask: Annotated[Ask, in_tenant(P.TOKENS_READ)], paging: Paged) -> Page[Token]:
    """Enrolment tokens, newest first; their secrets are not kept."""
    (before,) = paging.after(UUID) or (None,)
    return paging.page(Token, await tokens.list_tokens(ask.who, ask.tenant_id, before, paging.count), "token_id")


@router.post("/tenants/{tenant}/tokens", tags=["enrolment"], status_code=201)
async def create_token(body: TokenNew, ask: Annotated[Ask, in_tenant(P.TOKENS_WRITE)], response: Response) -> NewToken:
    """A token for agents of one site. Its text is in this answer alone; a repetition does not show it again."""

    async def do() -> Any:
        return await tokens.create_token(ask.who, ask.tenant_id, body.site, timedelta(hours=body.hours), body.uses)

    return await once(ask.who, response, NewToken, do, token=None)


@router.delete("/tenants/{tenant}/tokens/{token_id}", tags=["enrolment"])
async def revoke_token(token_id: UUID, ask: Annotated[Ask, in_tenant(P.TOKENS_WRITE)], response: Response) -> Token:
    """No device enrols with it any more; those that did stay. Doing it again changes nothing."""

    async def do() -> Any:
        return await tokens.revoke_token(ask.who, ask.tenant_id, token_id)

    return await once(ask.who, response, Token, do)
