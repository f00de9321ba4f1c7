"""What stands before every route of people: who asks, may they, in which tenant, was it asked before.

A route says `needs(P.X)` or `in_tenant(P.X)`; tests and the OpenAPI document read that from the route table, and a
route without one fails a test.
"""

import re
from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Header, Path, Request, Response
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from psycopg.types.json import Jsonb

from patchring.api.people.answers import Answer
from patchring.app.caller import Caller, Command
from patchring.app.errors import AppError, Conflict, Invalid, NotSignedIn
from patchring.app.permissions import Permission
from patchring.app.principals import authenticate
from patchring.app.services import Services
from patchring.app.tenants import resolve_tenant
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.retry import retried
from patchring.store.roles import Role
from patchring.wire.canonical import digest

NAME_CHARACTERS_MAX = 300
KEY_CHARACTERS_MAX = 80
KEYS_KEPT_FOR = timedelta(days=7)
REPLAYED = "idempotency-replayed"
_UNDER_WAY = 102
_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"')
_bearer = HTTPBearer(auto_error=False, description="The token of a principal; `patchring up` writes the operator's.")

Named = Annotated[str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX, description="Name or id.")]
Model = TypeVar("Model", bound=Answer)


class VersionMissing(AppError):
    kind, status, title = "version_missing", 428, "Say which version you read"


async def caller(
    request: Request,
    given: Annotated[HTTPAuthorizationCredentials | None, Depends(_bearer)],
    idempotency_key: Annotated[
        str | None,
        Header(
            min_length=1,
            max_length=KEY_CHARACTERS_MAX,
            pattern=r"^[\x21-\x7e]+$",
            description="For commands: the same key with the same request is done once, and answered as before.",
        ),
    ] = None,
) -> Caller:
    """The principal behind the bearer token, with the command's key when one came along. Raises NotSignedIn."""
    services: Services = request.app.state.services
    if given is None or not given.credentials:
        raise NotSignedIn("no bearer token came with the request; send `Authorization: Bearer TOKEN`")
    principal = await authenticate(services.database, given.credentials, services.clock.now())
    command = None
    if idempotency_key is not None and request.method != "GET":
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

    async def __call__(
        self,
        tenant: Annotated[
            str, Path(min_length=1, max_length=NAME_CHARACTERS_MAX, description="The tenant's short name or id.")
        ],
        who: Annotated[Caller, Depends(caller)],
    ) -> Ask:
        tenant_id = await resolve_tenant(who, tenant)
        who.principal.require(self.permission)
        return Ask(who, tenant_id)


def needs(permission: Permission | None) -> Any:
    return Depends(Needs(permission))


def in_tenant(permission: Permission) -> Any:
    return Depends(InTenant(permission))


async def once(
    who: Caller, response: Response, model: type[Model], do: Callable[[], Awaitable[Any]], **hidden: None
) -> Model:
    """Do a command, or give the answer that it got before. `hidden` are fields that are not kept, and null then.

    Raises what the command raises; Invalid (key_reused) for a key of another request, Conflict (answer_lost) when it
    was done and its answer is not there.
    """
    if who.command is None:
        return model.model_validate(await retried(do))
    before = await _found(who)
    if before is None:
        try:
            answer = model.model_validate(await retried(do))
        except Conflict as conflict:
            if conflict.kind != "command_repeated":
                raise
            before = await _found(who)
        else:
            await _remember(who, {**answer.model_dump(mode="json", by_alias=True), **hidden})
            return answer
    response.headers[REPLAYED] = "true"
    return model.model_validate(before)


async def _found(who: Caller) -> Any:
    """The answer of the time before; None when there was none."""
    assert who.command is not None, "only a command with a key is looked for"
    async with who.services.database.operator(Role.WEB, read_only=True) as tx:
        key = {"principal_id": who.principal.principal_id, "key": who.command.key}
        row = await tx.maybe(sql.idempotency.found, key)
    if row is None:
        return None
    if row["request_digest"] != who.command.digest:
        detail = "this Idempotency-Key was used for another request; choose a new one for each command"
        raise Invalid(detail, kind="key_reused")
    if row["status"] == _UNDER_WAY:
        detail = "this command was done, and its answer was lost on the way; look at what is there now"
        raise Conflict(detail, kind="answer_lost")
    return row["response"]


async def _remember(who: Caller, answer: dict[str, Any]) -> None:
    assert who.command is not None, "only a command with a key is remembered"
    key = {"principal_id": who.principal.principal_id, "key": who.command.key}
    async with who.services.database.operator(Role.WEB) as tx:
        await tx.execute(sql.idempotency.answered, {**key, "status": 200, "response": Jsonb(answer)})
        await tx.execute(sql.idempotency.forget, {"before": who.services.clock.now() - KEYS_KEPT_FOR})


def with_version(response: Response, row_version: int) -> None:
    """The version of a thing as its ETag, to be named in If-Match when it is changed."""
    response.headers["etag"] = f'"{row_version}"'


async def version_asked(
    if_match: Annotated[str | None, Header(max_length=40, description="The ETag that was read, or `*`.")] = None,
) -> int | None:
    """The version that a change is for; None: any. Raises Invalid (if_match_malformed)."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        detail = f'expected If-Match: "ROW_VERSION" as the ETag had it, got {if_match!r}'
        raise Invalid(detail, kind="if_match_malformed")
    return int(found[1])


async def version_needed(
    if_match: Annotated[str | None, Header(max_length=40, description="The ETag that was read, or `*`.")] = None,
) -> int | None:
    """The same for a change that could overwrite somebody's. Raises VersionMissing, Invalid."""
    if if_match is None:
        raise VersionMissing("read it first and send its ETag as If-Match, or `*` to overwrite whatever is there")
    return await version_asked(if_match)


VersionAsked = Annotated[int | None, Depends(version_asked)]
VersionNeeded = Annotated[int | None, Depends(version_needed)]
