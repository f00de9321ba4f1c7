"""Rollouts and stops."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query
from fastapi.responses import JSONResponse

from patchring.api.people.door import Ask, Cursor, Limit, after, in_tenant, needs, once, page, with_version
from patchring.api.people.shapes import Because, RolloutNew, StopNew
from patchring.app import rollout_commands as commands
from patchring.app import stop_commands as stops
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.core.ids import RolloutId

router = APIRouter()
State = Annotated[str, Query(max_length=40)]


@router.get("/tenants/{tenant}/rollouts", tags=["rollouts"])
async def list_rollouts(
    ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)], state: State = "", limit: Limit = 100, cursor: Cursor = ""
) -> dict[str, Any]:
    """Rollouts, newest first."""
    (before,) = after(cursor, UUID, start=[None])
    rows = await commands.list_rollouts(ask.who, ask.tenant_id, before, limit + 1, state)
    return page(rows, limit, "rollout_id")


@router.post("/tenants/{tenant}/rollouts", tags=["rollouts"], status_code=201)
async def start(body: RolloutNew, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_START)]) -> JSONResponse:
    """Start a rollout that the policy does not start by itself; holds and approvals stand as ever."""

    async def do() -> Any:
        return await commands.start(ask.who, ask.tenant_id, body.patch)

    return await once(ask.who, 201, do)


@router.get("/tenants/{tenant}/rollouts/{rollout_id}", tags=["rollouts"])
async def show(rollout_id: UUID, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)]) -> JSONResponse:
    """One rollout with its rings, their counts, and the sentence why each is where it is."""
    return with_version(await commands.show_rollout(ask.who, ask.tenant_id, RolloutId(rollout_id)))


@router.get("/tenants/{tenant}/rollouts/{rollout_id}/devices", tags=["rollouts"])
async def list_devices(
    rollout_id: UUID,
    ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)],
    state: State = "",
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """Its devices in the order in which they go."""
    ring, position = after(cursor, int, int, start=[-1, -1])
    place = RolloutId(rollout_id)
    rows = await commands.list_rollout_devices(ask.who, ask.tenant_id, place, (ring, position), limit + 1, state)
    return page(rows, limit, "ring", "position")


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/halt", tags=["rollouts"])
async def halt(rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_HALT)]) -> JSONResponse:
    """Nothing of it begins after this answer."""

    async def do() -> Any:
        return await commands.halt(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, 200, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/resume", tags=["rollouts"])
async def resume(rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_RESUME)]) -> JSONResponse:
    """Go on after a halt, and say why."""

    async def do() -> Any:
        return await commands.resume(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, 200, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/roll-back", tags=["rollouts"])
async def roll_back(rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_HALT)]) -> JSONResponse:
    """Halt it and take the patch back as the policy's remedy says."""

    async def do() -> Any:
        return await commands.roll_back(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, 200, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/abandon", tags=["rollouts"])
async def abandon(rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_RESUME)]) -> JSONResponse:
    """End it where it is; what was installed stays."""

    async def do() -> Any:
        return await commands.abandon(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, 200, do)


@router.get("/stops", tags=["stops"])
async def list_stops(
    who: Annotated[Caller, needs(P.STOPS_READ)],
    lifted: Annotated[bool, Query(description="Lifted ones too.")] = False,
    limit: Limit = 100,
    cursor: Cursor = "",
) -> dict[str, Any]:
    """What is stopped just now."""
    (before,) = after(cursor, UUID, start=[None])
    return page(await stops.list_stops(who, before, limit + 1, lifted), limit, "stop_id")


@router.post("/stops", tags=["stops"], status_code=201)
async def place_stop(body: StopNew, who: Annotated[Caller, needs(P.ROLLOUTS_HALT)]) -> JSONResponse:
    """Stop everything, a patch, a tenant, a rollout, a ring or a segment: no permit is granted after this answer."""

    async def do() -> Any:
        return await stops.place(who, body.key, body.reason)

    return await once(who, 201, do)


@router.post("/stops/lift", tags=["stops"])
async def lift_stop(body: StopNew, who: Annotated[Caller, needs(P.ROLLOUTS_RESUME)]) -> JSONResponse:
    """End a stop, with a reason."""

    async def do() -> Any:
        return await stops.lift(who, body.key, body.reason)

    return await once(who, 200, do)
