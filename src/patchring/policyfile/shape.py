"""The text's shape, for validation and for the JSON Schema that editors complete from."""

import re
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field

from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS

_DURATION = re.compile(r"(\d{1,5})\s*(s|m|h|d)")
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _duration(text: Any) -> Any:
    found = _DURATION.fullmatch(text) if isinstance(text, str) else None
    if found is None:
        raise ValueError(f"expected a duration such as 90s, 30m, 4h or 2d, got {text!r}")
    return timedelta(seconds=int(found[1]) * _UNITS[found[2]])


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


Duration = Annotated[
    timedelta, BeforeValidator(_duration), Field(json_schema_extra={"type": "string", "pattern": _DURATION.pattern})
]
Name = Annotated[str, Field(min_length=1, max_length=80)]
Values = Annotated[
    list[Annotated[str, Field(max_length=200)]], BeforeValidator(_list), Field(min_length=1, max_length=200)
]


class Shape(BaseModel):
    """Unknown keys are refused: a misspelt rule must not be silently absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SoakShape(Shape):
    time: Duration = Field(description="How long at least, from the moment that enough devices are verified.")
    verified: int = Field(ge=1, le=100_000, description="How many devices have to be verified.")
    device_hours: int = Field(default=0, ge=0, description="Hours since verification, summed over devices.")


class RingShape(Shape):
    name: Name
    soak: SoakShape
    growth: int = Field(default=3, ge=1, le=100, description="At most this many times the verified devices at once.")
    at_once: int = Field(default=50, ge=1, le=100_000, description="Never more than this many at once.")


class WindowShape(Shape):
    any_time: bool = False
    rule: str = Field(default="", max_length=300, description="RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY.")
    start: time = time(0)
    lasts: Duration = timedelta(0)
    zone: str = Field(default="", description="IANA zone; empty: the site's.")


class BlackoutShape(Shape):
    name: Name
    from_on: date = Field(alias="from")
    to_on: date = Field(alias="to")


class SegmentShape(Shape):
    name: Name
    when: dict[Literal[tuple(DEVICE_FIELDS)], Values] = Field(default_factory=dict)  # type: ignore[valid-type]
    ring: int = Field(ge=0, le=20)
    window: str = ""
    reboot: Literal["never", "if_required", "always"] = "if_required"
    remedy: Name
    probes: list[Annotated[str, Field(max_length=200)]] = Field(default_factory=list, max_length=20)


class ApprovalShape(Shape):
    name: Name
    when: dict[Literal[tuple(PATCH_FIELDS)], Values] = Field(default_factory=dict)  # type: ignore[valid-type]
    segments: list[Name] = Field(default_factory=list)
    decide: Literal["auto", "review", "hold", "block", "expedite"]


class LimitsShape(Shape):
    tenant: int | None = Field(default=None, ge=0)
    site: int | None = Field(default=None, ge=0)
    ring: int | None = Field(default=None, ge=0)
    redundancy_group: int = Field(default=1, ge=0)


class OnFailureShape(Shape):
    failed_max: int = Field(ge=0, description="More failed devices than this in a ring halt it.")
    halt: Literal["ring", "rollout", "tenant", "patch"]


class RemedyShape(Shape):
    steps: list[Literal["return_to_prior"]] = Field(min_length=1)
    scope: Literal["failed", "installed"] = "failed"
    way_back: Literal["required", "optional"] = "required"


class OverrideShape(Shape):
    by: list[Name] = Field(min_length=2, max_length=2, description="Two different people.")
    reason: str = Field(min_length=8, max_length=500)


class PolicyShape(Shape):
    """A Patchring policy, version 1."""

    patchring: Literal["1"] = Field(description="The version of this language.")
    title: Name
    automation: Literal["observe", "recommend", "approve_first", "automatic"]
    expected_duration: Duration = timedelta(minutes=10)
    rings: list[RingShape] = Field(min_length=1, max_length=20)
    windows: dict[Name, WindowShape] = Field(default_factory=dict)
    blackouts: list[BlackoutShape] = Field(default_factory=list, max_length=500)
    segments: list[SegmentShape] = Field(min_length=1, max_length=200)
    approvals: list[ApprovalShape] = Field(max_length=500)
    limits: LimitsShape = LimitsShape()
    on_failure: OnFailureShape
    remedies: dict[Name, RemedyShape] = Field(min_length=1)
    overrides: dict[Literal["no_soak", "single_ring"], OverrideShape] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """For editors: `# yaml-language-server: $schema=...`."""
    return PolicyShape.model_json_schema()
