"""The text's shape, for validation and for the JSON Schema that editors complete from. Editors read YAML their own way,
so the schema also takes a number or a truth where one is written without quotes.

Every scalar arrives as text (reading.py), so each type here says which texts it takes: what pydantic would make of a
number (`start: 22` as 22 seconds after midnight) is never what was meant.
"""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS
from patchring.policyfile.errors import got

DURATION = r"^\d{1,5}\s*(s|m|h|d)$"
DATE = r"^2[01]\d{2}-\d{2}-\d{2}$"
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
WHOLE = r"^(0|[1-9]\d{0,8})$"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def _written(pattern: str, expected: str, read: Callable[[str], Any]) -> BeforeValidator:
    """A value that is written in exactly one way; what else comes is refused with an example. Defaults pass as they
    are, because pydantic does not validate them."""

    def validate(value: Any) -> Any:
        if not isinstance(value, str) or not re.fullmatch(pattern, value, re.ASCII):
            raise ValueError(f"expected {expected}, got {got(value)}")
        return read(value)

    return BeforeValidator(validate)


def _seconds(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def _list(value: Any) -> Any:
    return [value] if isinstance(value, str) else value


def _text(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


_WORD = {"type": ["string", "number", "boolean"]}

Duration = Annotated[timedelta, _written(DURATION, "a duration such as 90s, 30m, 4h or 2d", _seconds), _text(DURATION)]
# Windows and soaks count from dates: near the ends of the calendar there would be no day after.
Day = Annotated[date, _written(DATE, "a date from 2000 to 2199 such as 2026-12-21", date.fromisoformat), _text(DATE)]
TimeOfDay = Annotated[time, _written(TIME, "a time of day such as 22:00", time.fromisoformat), _text(TIME)]
Whole = Annotated[int, _written(WHOLE, "a whole number", int)]
Limit = Annotated[int, Field(ge=1), _written(WHOLE, "a whole number", int)]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]
Values = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    BeforeValidator(_list),
    Field(min_length=1, max_length=200),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1, "maxItems": 200}]}),
]
Level = Literal["observe", "recommend", "approve_first", "automatic"]


class Shape(BaseModel):
    """Unknown keys are refused: a misspelt rule must not be silently absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class SoakShape(Shape):
    time: Duration = Field(description="How long at least, from the moment that enough devices are verified.")
    verified: Whole = Field(ge=1, le=100_000, description="How many devices have to be verified.")
    device_hours: Whole = Field(default=0, ge=0, description="Hours since verification, summed over devices.")


class RingShape(Shape):
    name: Name
    soak: SoakShape
    growth: Whole = Field(default=3, ge=1, le=100, description="At most this many times the verified devices at once.")
    at_once: Whole = Field(default=50, ge=1, le=100_000, description="Never more than this many at once.")


class WindowShape(Shape):
    any_time: bool = False
    rule: str = Field(default="", max_length=300, description="RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY.")
    start: TimeOfDay | None = Field(default=None, description="Local time at which it opens.")
    lasts: Duration | None = Field(default=None, description="Elapsed time, at most 7d.")
    zone: str = Field(default="", max_length=80, description="IANA zone; empty: the site's.")
    begins: Day | None = Field(default=None, description="The first day that INTERVAL counts from.")
    days_after: Whole = Field(default=0, ge=0, le=27, description="So many days after the day of the rule.")


class BlackoutShape(Shape):
    name: Name
    from_on: Day = Field(alias="from")
    to_on: Day = Field(alias="to")


class SegmentShape(Shape):
    name: Name
    when: dict[Literal[tuple(DEVICE_FIELDS)], Values] = Field(default_factory=dict)  # type: ignore[valid-type]
    ring: Whole = Field(ge=0, le=20)
    window: str = ""
    reboot: Literal["never", "if_required", "always"] = "if_required"
    remedy: Name
    probes: list[Annotated[str, Field(min_length=1, max_length=200)]] = Field(default_factory=list, max_length=20)
    automation: Level | None = Field(default=None, description="The level for this segment; absent: the policy's.")


class ApprovalShape(Shape):
    name: Name
    when: dict[Literal[tuple(PATCH_FIELDS)], Values] = Field(default_factory=dict)  # type: ignore[valid-type]
    segments: list[Name] = Field(default_factory=list, max_length=200)
    decide: Literal["auto", "review", "hold", "block", "expedite"]


class LimitsShape(Shape):
    tenant: Limit | None = None
    site: Limit | None = None
    ring: Limit | None = None
    redundancy_group: Limit = 1


class OnFailureShape(Shape):
    failed_max: Whole = Field(ge=0, description="More failed devices than this in a ring halt it.")
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

    patchring: Annotated[Literal["1"], WithJsonSchema({"enum": [1, "1"]})] = Field(
        description="The version of this language."
    )
    title: Name
    automation: Level
    expected_duration: Duration = timedelta(minutes=10)
    rings: list[RingShape] = Field(min_length=1, max_length=20)
    windows: dict[Name, WindowShape] = Field(default_factory=dict, max_length=200)
    blackouts: list[BlackoutShape] = Field(default_factory=list, max_length=500)
    segments: list[SegmentShape] = Field(min_length=1, max_length=200)
    approvals: list[ApprovalShape] = Field(max_length=500)
    limits: LimitsShape = LimitsShape()
    on_failure: OnFailureShape
    remedies: dict[Name, RemedyShape] = Field(min_length=1, max_length=50)
    overrides: dict[Literal["no_soak", "single_ring"], OverrideShape] = Field(default_factory=dict)


def json_schema() -> dict[str, Any]:
    """For editors: `# yaml-language-server: $schema=...`."""
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", **PolicyShape.model_json_schema()}
