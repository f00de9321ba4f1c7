"""What stands before every route of people: who asks, may they, in which tenant, which page, was it asked before.

A route says `Depends(needs(P.X))` or `Depends(in_tenant(P.X))`; a test reads that from the route table, and a route
without one fails it.
"""

import base64
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any

from fastapi import Depends, Header, Query, Request
from fastapi.encoders import jsonable_encoder
from fastapi.responses import JSONResponse
from psycopg.types.json import Jsonb

from patchring.app.caller import Caller, Command
from patchring.app.errors import Conflict, Invalid, NotSignedIn
from patchring.app.permissions import Permission
from patchring.app.principals import authenticate
from patchring.app.services import Services
from patchring.app.tenants import resolve_tenant
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.wire.canonical import digest

KEY_CHARACTERS_MAX = 200
PAGE_MAX = 500

Limit = Annotated[int, Query(ge=1, le=PAGE_MAX, description="At most this many items.")]
Cursor = Annotated[str, Query(max_length=500, description="`next` of the page before; empty for the first.")]
IfMatch = Annotated[str | None, Header(description='The row_version that was read, as `"3"`.', max_length=40)]


async def caller(
    request: Request,
    authorization: Annotated[str, Header(max_length=400)] = "",
    idempotency_key: Annotated[str | None, Header(max_length=KEY_CHARACTERS_MAX)] = None,
) -> Caller:
    """The principal behind the bearer token, with the command's key when one came along."""
    services: Services = request.app.state.services
    scheme, _, token = authorization.partition(" ")
    if scheme.lower() != "bearer" or not token:
        raise NotSignedIn("no bearer token came with the request; send `Authorization: Bearer TOKEN`")
    principal = await authenticate(services.database, token.strip(), services.clock.now())
    command = None
    if idempotency_key:
        body = (await request.body()).decode("utf-8", "replace")
        command = Command(idempotency_key, digest([request.method, request.url.path, body]))
    return Caller(services, principal, command)


class Needs:
    """A dependency that asks for one permission. `permission` None: signed in is enough."""

    def __init__(self, permission: Permission | None) -> None:
        self.permission = permission

    async def __call__(self, who: Annotated[Caller, Depends(caller)]) -> Caller:
        if self.permission is not None:
            who.principal.require(self.permission)
        return who


@dataclass(frozen=True)
class Ask:
    """A caller in one tenant."""

    who: Caller
    tenant_id: TenantId


class InTenant:
    """A dependency that asks for one permission in the tenant of the path; a tenant of somebody else is a 404."""

    def __init__(self, permission: Permission) -> None:
        self.permission = permission

    async def __call__(self, tenant: str, who: Annotated[Caller, Depends(caller)]) -> Ask:
        tenant_id = await resolve_tenant(who, tenant)
        who.principal.require(self.permission)
        return Ask(who, tenant_id)


def needs(permission: Permission | None) -> Any:
    return Depends(Needs(permission))


def in_tenant(permission: Permission) -> Any:
    return Depends(InTenant(permission))


async def once(who: Caller, status: int, do: Callable[[], Awaitable[Any]]) -> JSONResponse:
    """Do a command, or give the answer it got before. The same key with another request is a Conflict."""
    if who.command is None:
        return JSONResponse(jsonable_encoder(await do()), status)
    key = {"principal_id": who.principal.principal_id, "key": who.command.key}
    database = who.services.database
    async with database.operator(Role.WEB, read_only=True) as tx:
        before = await tx.maybe(sql.idempotency.found, key)
    if before is not None:
        if before["request_digest"] != who.command.digest:
            raise Conflict("this Idempotency-Key was used for another request; choose a new one", kind="key_reused")
        if before["status"] < 200:
            raise Conflict("this command was done; its answer was lost, so look at the result", kind="command_repeated")
        return JSONResponse(before["response"], before["status"], {"idempotent-replay": "true"})
    answer = jsonable_encoder(await do())
    async with database.operator(Role.WEB) as tx:
        await tx.execute(sql.idempotency.answered, {**key, "status": status, "response": Jsonb(answer)})
    return JSONResponse(answer, status)


def page(rows: Sequence[Mapping[str, Any]], limit: int, *keys: str) -> dict[str, Any]:
    """Rows that were read with `limit + 1`, as a page: `next` is null on the last one."""
    items = list(rows[:limit])
    more = len(rows) > limit
    return {"items": items, "next": _encode([items[-1][key] for key in keys]) if more else None}


def after(cursor: str, *kinds: Callable[[str], Any], start: Sequence[Any]) -> list[Any]:
    """The values of a cursor, or where the first page begins. Raises Invalid for one that we did not make."""
    if not cursor:
        return list(start)
    try:
        values = json.loads(base64.urlsafe_b64decode(cursor.encode()))
        return [kind(value) for kind, value in zip(kinds, values, strict=True)]
    except (ValueError, TypeError) as error:
        raise Invalid("the cursor is not one that this list gave; begin without one", kind="cursor_unknown") from error


def version_of(if_match: str | None) -> int | None:
    """The row version of an If-Match header. Raises Invalid."""
    if if_match is None or if_match == "*":
        return None
    text = if_match.removeprefix("W/").strip('"')
    if not text.isdecimal() or len(text) > 9:
        raise Invalid('expected If-Match: "ROW_VERSION" as the answer had it', kind="if_match_malformed")
    return int(text)


def with_version(row: Mapping[str, Any], status: int = 200) -> JSONResponse:
    """A thing with its ETag, to be named in If-Match when it is changed."""
    return JSONResponse(jsonable_encoder(row), status, {"etag": f'"{row["row_version"]}"'})


def _encode(values: list[Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps([str(value) for value in values]).encode()).decode()
