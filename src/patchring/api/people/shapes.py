"""What people hand over: each field bounded, unknown fields refused."""

from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from patchring.api.people.texts import Name, Slug, Thing, Why, Word
from patchring.app.stop_keys import FORMS

TEXT_CHARACTERS_MAX = 262_144
Signed = Annotated[dict[str, Any], Field(description="A signed document: {payload, signatures}.")]
DeviceClassName = Literal[
    "workstation", "laptop", "server", "shared", "kiosk", "point_of_sale", "specialised", "sensitive"
]
CriticalityName = Literal["low", "standard", "high", "mission"]


class Body(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TenantNew(Body):
    tenant_id: UUID = Field(description="Made by who makes the root, because the root names it.")
    slug: Slug
    name: Name
    kind: Literal["operator", "client"] = "client"
    root: Signed


class RootNew(Body):
    root: Signed


class SiteNew(Body):
    name: Name
    zone: Annotated[str, Field(max_length=60, description="IANA zone, such as Europe/Berlin.")]


class TokenNew(Body):
    site: Thing = Field(description="Name or id of the site.")
    hours: int = Field(default=24, ge=1, le=24 * 90, description="How long it can be used.")
    uses: int = Field(default=1, ge=1, le=100_000, description="How many devices may enrol with it.")


class DeviceChange(Body):
    """Only what is named is changed. Exposure and redundancy group may be null: nobody knows, and none."""

    device_class: DeviceClassName | None = Field(default=None, alias="class")
    roles: list[Word] | None = Field(default=None, max_length=50)
    criticality: CriticalityName | None = None
    internet_facing: bool | None = None
    redundancy_group: Word | None = None
    groups: list[Word] | None = Field(default=None, max_length=50)
    sacrificial: bool | None = None
    observe_only: bool | None = None
    reason: Why

    @model_validator(mode="after")
    def _changes_something(self) -> Self:
        named = self.model_fields_set - {"reason"}
        if not named:
            raise ValueError("expected at least one field besides the reason")
        empty = [name for name in sorted(named - _MAY_BE_NULL) if getattr(self, name) is None]
        if empty:
            raise ValueError(f"{empty[0]} cannot be null; leave it out to keep it")
        return self


_MAY_BE_NULL = {"internet_facing", "redundancy_group"}


class PolicyText(Body):
    text: Annotated[str, Field(max_length=TEXT_CHARACTERS_MAX)]


class PolicyNew(PolicyText):
    statement: Signed


class ApprovalNew(Body):
    patch: Thing = Field(description="Id or key of the patch.")
    statement: Signed


class RejectionNew(Body):
    patch: Thing
    reason: Why


class HoldNew(Body):
    patch: Thing
    segment: Word | None = None
    reason: Why


class Because(Body):
    reason: Why


class RolloutNew(Body):
    patch: Thing


class StopNew(Body):
    key: Thing = Field(description=FORMS)
    reason: Why
