"""The gate: what was seen after a patch by part of the fleet, what it holds, and a person's word against it."""

from datetime import datetime
from typing import Annotated, Any, Literal

from fastapi import APIRouter, Query, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Reason
from patchring.api.people.door import Ask, in_tenant, once
from patchring.api.people.shapes import Body
from patchring.api.people.texts import Thing, Why
from patchring.app.gate import showing
from patchring.app.permissions import Permission as P

router = APIRouter(tags=["gate"])
PatchNamed = Annotated[Thing, Query(description="Key or id of the patch.")]


class GateRelease(Body):
    patch: Thing = Field(description="Key or id of the patch.")
    facet: Thing = Field(description="As `gate` shows it: `role/domain_controller`; `own`: this tenant's devices.")
    reason: Why


class Verdict(Answer):
    """One signal on one part of the fleet. `warned`: seen at one tenant, so the others go one by one. `held_because`
    null: not held."""

    facet: str
    words: str
    signal: str
    outcome: Literal["pass", "fail", "inconclusive", "wait"]
    warned: bool
    reason: Reason
    held_because: str | None


class KindNotSeen(Answer):
    """`ring`: the first that has such devices."""

    words: str
    ring: int
    device_count: int


class NotCovered(Answer):
    """What lies in this ring and further out, and is verified in none before it."""

    ring: int
    reason: Reason
    kinds: list[KindNotSeen]


class GateShown(Answer):
    patch_key: str
    facets: list[Verdict]
    coverage: list[NotCovered]


class Released(Answer):
    patch_key: str
    facet: str
    state: Literal["released"]
    reason: str
    at: datetime
    by: str


class Replayed(Answer):
    """`differences` empty: every verdict asked again from its record is what it was."""

    patch_key: str
    verdict_count: int
    differences: list[str]


@router.get("/tenants/{tenant}/gate")
async def show_gate(ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)], patch: PatchNamed) -> GateShown:
    """What the gate says of a patch: a verdict for each facet and signal, and which kinds of devices were not seen."""
    return GateShown.model_validate(await showing.show(ask.who, ask.tenant_id, patch))


@router.get("/tenants/{tenant}/gate/replay")
async def replay_gate(ask: Annotated[Ask, in_tenant(P.ROLLOUTS_READ)], patch: PatchNamed) -> Replayed:
    """Ask every verdict again from its record; those on pooled evidence for who was given all tenants."""
    return Replayed.model_validate(await showing.replay(ask.who, ask.tenant_id, patch))


@router.post("/tenants/{tenant}/gate/release")
async def release_facet(
    body: GateRelease, ask: Annotated[Ask, in_tenant(P.ROLLOUTS_RESUME)], response: Response
) -> Released:
    """Lift the hold of a facet and accept what was seen up to now. Facets but `own` need all tenants."""

    async def do() -> Any:
        return await showing.release(ask.who, ask.tenant_id, body.patch, body.facet, body.reason)

    return await once(ask.who, response, Released, do)
