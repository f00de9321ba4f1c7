"""Rollouts and stops."""

from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Query, Response

from patchring.api.people.answers import Page
from patchring.api.people.door import Ask, in_tenant, needs, once, with_version
from patchring.api.people.paging import Paged
from patchring.api.people.rollout_answers import (
    Rollout,
    RolloutDevice,
    RolloutShown,
    RolloutStarted,
    Stop,
    StopChanged,
)
from patchring.api.people.shapes import Because, RolloutNew, StopNew
from patchring.app import rollout_commands as commands
from patchring.app import stop_commands as stops
from patchring.app.caller import Caller
from patchring.app.permissions import Permission as P
from patchring.core.ids import RolloutId
from patchring.core.rollout.states import DeviceState, RolloutState

router = APIRouter()


@router.get("/tenants/{tenant}/rollouts", tags=["rollouts"])
async def list_rollouts(
    ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)], paging: Paged, state: RolloutState | None = None
) -> Page[Rollout]:
    """Rollouts, newest first."""
    (before,) = paging.after(UUID) or (None,)
    rows = await commands.list_rollouts(ask.who, ask.tenant_id, before, paging.count, state or "")
    return paging.page(Rollout, rows, "rollout_id")


@router.post("/tenants/{tenant}/rollouts", tags=["rollouts"], status_code=201)
async def start_rollout(
    body: RolloutNew, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_START)], response: Response
) -> RolloutStarted:
    """Start a rollout that the policy does not start by itself; holds and approvals stand as ever."""

    async def do() -> Any:
        return await commands.start(ask.who, ask.tenant_id, body.patch)

    return await once(ask.who, response, RolloutStarted, do)


@router.get("/tenants/{tenant}/rollouts/{rollout_id}", tags=["rollouts"])
async def show_rollout(
    rollout_id: UUID, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)], response: Response
) -> RolloutShown:
    """One rollout with its rings, their counts, and the sentence why each is where it is."""
    row = await commands.show_rollout(ask.who, ask.tenant_id, RolloutId(rollout_id))
    with_version(response, row["row_version"])
    return RolloutShown.model_validate(row)


@router.get("/tenants/{tenant}/rollouts/{rollout_id}/devices", tags=["rollouts"])
async def list_rollout_devices(
    rollout_id: UUID,
    ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)],
    paging: Paged,
    state: DeviceState | None = None,
) -> Page[RolloutDevice]:
    """Its devices in the order in which they go."""
    after = paging.after(int, int, UUID) or (-1, -1, UUID(int=0))
    place = RolloutId(rollout_id)
    rows = await commands.list_rollout_devices(ask.who, ask.tenant_id, place, after, paging.count, state or "")
    return paging.page(RolloutDevice, rows, "ring", "position", "device_id")


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/halt", tags=["rollouts"])
async def halt_rollout(
    rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_HALT)], response: Response
) -> RolloutShown:
    """Nothing of it begins after this answer."""

    async def do() -> Any:
        return await commands.halt(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, response, RolloutShown, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/resume", tags=["rollouts"])
async def resume_rollout(
    rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_RESUME)], response: Response
) -> RolloutShown:
    """Go on after a halt, and say why; `stopped_by` says what still keeps it."""

    async def do() -> Any:
        return await commands.resume(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, response, RolloutShown, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/roll-back", tags=["rollouts"])
async def roll_back_rollout(
    rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_ROLL_BACK)], response: Response
) -> RolloutShown:
    """Halt it and take the patch back as the policy's remedy says."""

    async def do() -> Any:
        return await commands.roll_back(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, response, RolloutShown, do)


@router.post("/tenants/{tenant}/rollouts/{rollout_id}/abandon", tags=["rollouts"])
async def abandon_rollout(
    rollout_id: UUID, body: Because, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_ABANDON)], response: Response
) -> RolloutShown:
    """End it where it is; what was installed stays."""

    async def do() -> Any:
        return await commands.abandon(ask.who, ask.tenant_id, RolloutId(rollout_id), body.reason)

    return await once(ask.who, response, RolloutShown, do)


@router.get("/stops", tags=["stops"])
async def list_stops(
    who: Annotated[Caller, needs(P.STOPS_READ)],
    paging: Paged,
    lifted: Annotated[bool, Query(description="Lifted ones too.")] = False,
) -> Page[Stop]:
    """What is stopped just now, everywhere or at the tenants that you were given; newest first."""
    (before,) = paging.after(UUID) or (None,)
    return paging.page(Stop, await stops.list_stops(who, before, paging.count, lifted), "stop_id")


@router.post("/stops", tags=["stops"], status_code=201)
async def place_stop(body: StopNew, who: Annotated[Caller, needs(P.ROLLOUTS_HALT)], response: Response) -> StopChanged:
    """Stop everything, a patch, a tenant, a rollout, a ring or a segment: no permit is granted after this answer."""

    async def do() -> Any:
        return await stops.place(who, body.key, body.reason)

    return await once(who, response, StopChanged, do)


@router.post("/stops/lift", tags=["stops"])
async def lift_stop(body: StopNew, who: Annotated[Caller, needs(P.ROLLOUTS_RESUME)], response: Response) -> StopChanged:
    """End a stop, with a reason."""

    async def do() -> Any:
        return await stops.lift(who, body.key, body.reason)

    return await once(who, response, StopChanged, do)
