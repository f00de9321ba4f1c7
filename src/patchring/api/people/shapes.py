"""What people hand over: each field bounded, unknown fields refused."""

from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$")]
Name = Annotated[str, Field(min_length=1, max_length=120)]
Reason = Annotated[str, Field(min_length=3, max_length=500, description="Why; kept in the record.")]
Word = Annotated[str, Field(min_length=1, max_length=80, pattern=r"^[^\x00-\x1f]+$")]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=True)


class TenantNew(Body):
    tenant_id: UUID = Field(description="Made by who makes the root, because the root names it.")
    slug: Slug
    name: Name
    kind: Literal["operator", "client"] = "client"
    root: dict[str, Any] = Field(description="The first signed root: {payload, signatures}.")


class RootNew(Body):
    root: dict[str, Any]


class SiteNew(Body):
    name: Name
    zone: Annotated[str, Field(max_length=60, description="IANA zone, such as Europe/Berlin.")]


class TokenNew(Body):
    site: Name
    hours: int = Field(default=24, ge=1, le=24 * 90)
    uses: int = Field(default=1, ge=1, le=100_000)


class DeviceChange(Body):
    """Only what is there is changed."""

    device_class: Literal[
        "workstation", "laptop", "server", "shared", "kiosk", "point_of_sale", "specialised", "sensitive"
    ] | None = Field(default=None, alias="class")  # fmt: skip
    roles: list[Word] | None = Field(default=None, max_length=50)
    criticality: Literal["low", "standard", "high", "mission"] | None = None
    internet_facing: bool | None = None
    redundancy_group: Annotated[str, Field(max_length=80)] | None = None
    groups: list[Word] | None = Field(default=None, max_length=50)
    sacrificial: bool | None = None
    observe_only: bool | None = None
    reason: Reason


class PolicyText(Body):
    # Byte for byte as it was signed.
    model_config = ConfigDict(extra="forbid", str_strip_whitespace=False)

    text: Annotated[str, Field(max_length=262_144)]


class PolicyNew(PolicyText):
    statement: dict[str, Any] = Field(description="The signed statement: {payload, signatures}.")


class ApprovalNew(Body):
    patch: Name
    statement: dict[str, Any]


class RejectionNew(Body):
    patch: Name
    reason: Reason


class HoldNew(Body):
    patch: Name
    segment: Word | None = None
    reason: Reason


class Because(Body):
    reason: Reason


class RolloutNew(Body):
    patch: Name


class StopNew(Body):
    key: Annotated[str, Field(max_length=400, description="everything, patch:KEY, tenant:ID, rollout:ID, ring:ID:N")]
    reason: Reason
