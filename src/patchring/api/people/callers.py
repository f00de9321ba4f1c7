"""Who asks: from the headers of a request to a caller. Everything a route function is handed comes from here."""

import hashlib
from collections.abc import Awaitable, Callable
from typing import Annotated, Any
from uuid import UUID

from fastapi import Depends, Header, Path, Query, Request
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer

from patchring.app.caller import Caller, Command
from patchring.app.errors import NotSignedIn
from patchring.app.permissions import Permission
from patchring.app.principals import Principal, authenticate
from patchring.app.services import Services
from patchring.app.tenants import resolve_tenant
from patchring.core.ids import TenantId

KEY_CHARACTERS_MAX = 80
NAME_CHARACTERS_MAX = 300
_bearer = HTTPBearer(auto_error=False, description="The token of a principal, as `patchring up` wrote it.")


def services_of(request: Request) -> Services:
    services: Services = request.app.state.services
    return services


async def signed_in(
    request: Request, given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)]
) -> Principal:
    """The principal of the bearer token. Raises NotSignedIn."""
    if given is None:
        raise NotSignedIn("Expected the header `Authorization: Bearer TOKEN`, and none came.")
    services = services_of(request)
    return await authenticate(services.database, given.credentials, services.clock.now())


SignedIn = Annotated[Principal, Depends(signed_in)]


def may(needed: Any) -> Callable[[Principal], Awaitable[None]]:
    """A dependency that lets through who has the permission; anything that is none asks for a principal alone."""

    async def check(principal: SignedIn) -> None:
        if isinstance(needed, Permission):
            principal.require(needed)

    return check


async def asking(request: Request, principal: SignedIn) -> Caller:
    return Caller(services_of(request), principal)


async def acting(
    request: Request,
    principal: SignedIn,
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=KEY_CHARACTERS_MAX,
            pattern=r"^[\x21-\x7e]+$",
            description="The same key with the same request is done once; the first answer comes again.",
        ),
    ] = None,
) -> Caller:
    if idempotency_key is None:
        return Caller(services_of(request), principal)
    digest = hashlib.sha256(f"{request.method} {request.url.path}\n".encode() + await request.body())
    return Caller(services_of(request), principal, Command(idempotency_key, digest.hexdigest()))


Ask = Annotated[Caller, Depends(asking)]
Act = Annotated[Caller, Depends(acting)]


async def tenant_of_path(
    caller: Ask,
    tenant: Annotated[str, Path(max_length=NAME_CHARACTERS_MAX, description="The tenant's short name or its id.")],
) -> TenantId:
    """Raises NotFound, also for a tenant that the caller was not given."""
    return await resolve_tenant(caller, tenant)


Tenant = Annotated[TenantId, Depends(tenant_of_path)]
Named = Annotated[str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX)]
Id = Annotated[UUID, Path()]
Words = Annotated[str, Query(max_length=NAME_CHARACTERS_MAX)]
