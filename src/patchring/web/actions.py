"""What forms do: place a stop, lift it with a reason, sign out. Each goes back to the page that it came from.

The use cases are those of the API and the command line; what may not be done there may not be done here.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from starlette.responses import Response

from patchring.app import rollout_commands
from patchring.app.caller import Caller
from patchring.app.errors import Conflict, Invalid, NotFound
from patchring.app.permissions import Permission
from patchring.app.services import Services
from patchring.app.stop_commands import lift, place
from patchring.core.ids import RolloutId, TenantId
from patchring.store import sql
from patchring.store.roles import Role
from patchring.web.door import go_to
from patchring.web.scopes import parse_key
from patchring.web.session import COOKIE
from patchring.web.viewer import Viewer

REASON_CHARACTERS_MAX = 500
Command = Callable[[Caller, TenantId, RolloutId, str], Awaitable[Any]]
NO_REASON = "halted on the live page, no reason given"


class Actions:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def halt(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        """A halt must not wait for words: the reason may stay empty."""
        viewer.principal.require(Permission.ROLLOUTS_HALT)
        key, why, back = fields.get("scope", ""), _reason(fields) or NO_REASON, fields.get("back", "/")
        if await self._command(viewer, key, rollout_commands.halt, why):
            return go_to(back, "halted")
        try:
            await place(self._caller(viewer), key, why)
        except Conflict as error:
            if error.kind != "stop_in_force":
                raise
            return go_to(back, "halted-before")
        return go_to(back, "halted")

    async def resume(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        viewer.principal.require(Permission.ROLLOUTS_RESUME)
        why = _reason(fields)
        if not why:
            raise Invalid("resuming needs a reason; go back and write one", kind="reason_missing")
        key, back = fields.get("scope", ""), fields.get("back", "/")
        if await self._command(viewer, key, rollout_commands.resume, why):
            return go_to(back, "resumed")
        try:
            await lift(self._caller(viewer), key, why)
        except NotFound as error:
            if error.kind != "stop_not_found":
                raise
            return go_to(back, "resumed-before")
        return go_to(back, "resumed")

    async def sign_out(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        response = go_to("/")
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response

    async def _command(self, viewer: Viewer, key: str, command: Command, why: str) -> bool:
        """Halt or resume a rollout as a whole, with its state. False: the key is of another kind, or the rollout is in
        a state that has no such move; then the stop alone is what there is to place or lift."""
        stopped = parse_key(key)
        if stopped is None or stopped.kind != "rollout" or stopped.rollout_id is None:
            return False
        wanted = {"tenant_ids": list(viewer.tenant_ids), "rollout_ids": [stopped.rollout_id]}
        async with self._services.database.tenant(Role.STAFF, viewer.tenant_ids, read_only=True) as tx:
            row = await tx.maybe(sql.page.rollouts_named, wanted)
        if row is None:
            return False
        try:
            await command(self._caller(viewer), TenantId(row["tenant_id"]), RolloutId(stopped.rollout_id), why)
        except Conflict as error:
            if error.kind != "illegal_move":
                raise
            return False
        return True

    def _caller(self, viewer: Viewer) -> Caller:
        return Caller(self._services, viewer.principal)


def _reason(fields: dict[str, str]) -> str:
    """What was typed, in one line. Raises Invalid for more than fits."""
    text = " ".join(fields.get("reason", "").split())
    if len(text) > REASON_CHARACTERS_MAX:
        raise Invalid(f"a reason has at most {REASON_CHARACTERS_MAX} characters, got {len(text)}")
    return text
