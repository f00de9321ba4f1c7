"""What people are answered and hand over about calendars: shifts, and what the windows will do."""

from datetime import UTC, date, datetime
from typing import Annotated, Literal
from uuid import UUID

from pydantic import AfterValidator, AwareDatetime, Field

from patchring.api.people.answers import Answer, Reason
from patchring.api.people.shapes import Body
from patchring.api.people.texts import Word

SHIFTS_MAX = 2_000
_FIRST = datetime(1970, 1, 2, tzinfo=UTC)
_LAST = datetime(2037, 12, 31, tzinfo=UTC)


def _in_utc(at: datetime) -> datetime:
    if not _FIRST.timestamp() <= at.timestamp() <= _LAST.timestamp():
        raise ValueError("expected an instant from 1970 to 2037")
    return at.astimezone(UTC).replace(microsecond=0)


Instant = Annotated[AwareDatetime, AfterValidator(_in_utc)]
Kind = Literal["on_shift", "on_call"]


class Span(Body):
    begins_at: Instant
    ends_at: Instant = Field(description="The first instant that is not in it.")


class ShiftsNew(Body):
    """The whole of a person's calendar of one kind, from now to `until`."""

    person: Word = Field(description="As his token is called: he acknowledges with it.")
    kind: Kind = "on_shift"
    until: Instant
    shifts: list[Span] = Field(max_length=SHIFTS_MAX)
    dry_run: bool = Field(default=False, description="Only say what would change.")


class Shift(Answer):
    """`acknowledged_at` null: its person has not said that he is there."""

    shift_id: UUID
    person: str
    kind: Kind
    begins_at: datetime
    ends_at: datetime
    acknowledged_at: datetime | None
    created_by: str


class ShiftSpan(Answer):
    begins_at: datetime
    ends_at: datetime


class ShiftsImported(Answer):
    """What changed, or with `dry_run` would."""

    person: str
    kind: Kind
    dry_run: bool
    added: list[ShiftSpan]
    withdrawn: list[ShiftSpan]
    unchanged_count: int


class CalendarRow(Answer):
    """`changed`: cut or moved, and why. `skipped`: `on` is the local day on which it would have begun."""

    state: Literal["planned", "changed", "skipped"]
    on: date | None
    opens_at: datetime | None
    closes_at: datetime | None
    reasons: list[Reason]


class SegmentCalendar(Answer):
    segment: str
    window: str
    zone: str
    rows: list[CalendarRow]


class Calendar(Answer):
    """What the windows of the version in force will do."""

    policy_version_id: UUID
    version: int
    fingerprint: str
    calendars: list[SegmentCalendar]
