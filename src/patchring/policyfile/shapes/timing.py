"""When: windows, operating hours, blackouts."""

from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, WithJsonSchema

from patchring.policyfile.shapes.words import SPAN, Day, Duration, Name, Names, Shape, Span, TimeOfDay, Truth, Whole
from patchring.policyfile.shapes.words import listed as _listed

_SPAN_SCHEMA = {"type": "string", "pattern": SPAN}


def _spans(value: Any) -> Any:
    if value is None:
        raise ValueError("expected hours such as 08:00-18:00, or `[]` for a closed day, got nothing")
    return _listed(value)


Spans = Annotated[
    list[Span],
    BeforeValidator(_spans),
    Field(max_length=6),
    WithJsonSchema({"anyOf": [_SPAN_SCHEMA, {"type": "array", "items": _SPAN_SCHEMA, "maxItems": 6}]}),
]


class HoursShape(Shape):
    """Spans such as 08:00-12:00, one or several a day; a day that is not named is closed."""

    monday: Spans = Field(default_factory=list)
    tuesday: Spans = Field(default_factory=list)
    wednesday: Spans = Field(default_factory=list)
    thursday: Spans = Field(default_factory=list)
    friday: Spans = Field(default_factory=list)
    saturday: Spans = Field(default_factory=list)
    sunday: Spans = Field(default_factory=list)


class CatchUpShape(Shape):
    when_seen: Truth = Field(description="Yes: begins when the device is seen again, outside the client's hours.")
    within: Duration | None = Field(default=None, description="How long after the window it missed.")


class WindowShape(Shape):
    any_time: Truth = False
    rule: str = Field(default="", max_length=300, description="RFC 5545: FREQ=DAILY, WEEKLY or MONTHLY.")
    start: TimeOfDay | None = Field(default=None, description="Local time at which it opens.")
    lasts: Duration | None = Field(default=None, description="Elapsed time, at most 7d.")
    zone: str = Field(default="", max_length=80, description="IANA zone; empty: the site's.")
    begins: Day | None = Field(default=None, description="The first day that INTERVAL counts from.")
    days_after: Whole = Field(default=0, ge=0, le=27, description="So many days after the day of the rule.")
    short_months: Literal["skip", "last_day"] | None = Field(
        default=None, description="What the 29th to 31st means in a month that lacks it: no window, or its last day."
    )
    outside_hours: Truth = Field(default=False, description="Nothing begins in the client's operating hours.")
    catch_up: CatchUpShape | None = Field(default=None, description="A missed window; absent: the next one.")
    hours: HoursShape | None = Field(default=None, description="Operating hours for this window, not the policy's.")


class BlackoutShape(Shape):
    name: Name
    from_on: Day = Field(alias="from")
    to_on: Day = Field(alias="to")
    authority: Literal["msp", "client"] = Field(default="msp", description="On whose word nothing starts.")
    segments: Names = Field(default_factory=list, description="Only these segments; absent: all.")
