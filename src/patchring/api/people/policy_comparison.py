"""What a policy text would change, before it is signed."""

from typing import Annotated, Literal

from fastapi import APIRouter
from pydantic import Field

from patchring.api.people.answers import Answer
from patchring.api.people.door import Ask, in_tenant
from patchring.api.people.paging import NUMBER_MAX
from patchring.api.people.shapes import PolicyText
from patchring.app.permissions import Permission as P
from patchring.app.policy_compare import compare_policy

router = APIRouter(tags=["policy"])
Decided = Literal["auto", "review", "hold", "block", "expedite"]


class ComparisonAsked(PolicyText):
    version: int | None = Field(default=None, ge=1, le=NUMBER_MAX, description="Not against the one in force: this.")


class Named(Answer):
    title: str
    fingerprint: str


class ValueChanged(Answer):
    """`before` empty: it is new; `after` empty: it is gone. `layer`: which sets it, or did."""

    path: str
    before: str
    after: str
    layer: str


class ValuesChanged(Answer):
    count: int
    items: list[ValueChanged]


class DevicesMoved(Answer):
    """`field`: segment, ring, window, restart, way back or automation."""

    field: str
    before: str
    after: str
    device_count: int
    device_names: list[str]


class AllDevicesMoved(Answer):
    count: int
    items: list[DevicesMoved]


class DecisionChanged(Answer):
    """`before` or `after` null: nothing is decided for these devices."""

    patch_key: str
    before: Decided | None
    after: Decided | None
    rule_before: str
    rule_after: str
    device_count: int
    device_names: list[str]


class DecisionsChanged(Answer):
    count: int
    items: list[DecisionChanged]


class BeginsSoon(Answer):
    patch_key: str
    segment: str
    device_count: int
    device_names: list[str]


class AllBeginSoon(Answer):
    count: int
    items: list[BeginsSoon]


class Compared(Answer):
    """`count` of a list is of all; the list itself may be cut. `soon`: what would begin by itself within a day."""

    version: int
    before: Named
    after: Named
    device_count: int
    patch_count: int
    values: ValuesChanged
    devices: AllDevicesMoved
    decisions: DecisionsChanged
    soon: AllBeginSoon


@router.post("/tenants/{tenant}/policy/compare")
async def compare(body: ComparisonAsked, ask: Annotated[Ask, in_tenant(P.POLICY_READ)]) -> Compared:
    """A text against the policy in force, over the devices and patches there are now. Nothing is kept."""
    return Compared.model_validate(await compare_policy(ask.who, ask.tenant_id, body.version, body.text))
