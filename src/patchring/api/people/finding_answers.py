"""What people are answered about findings and feeds. Instants are UTC."""

from datetime import date, datetime
from typing import Any, Literal
from uuid import UUID

from patchring.api.people.answers import Answer, Reason


class Factor(Answer):
    """`rank`: what was compared, larger first."""

    name: str
    rank: int
    text: str


class Priority(Answer):
    """`due_at` null: with the next upgrade. `device_name`: one that has it. `triage`: look for an intruder first."""

    place: int
    cve: str
    packages: list[str]
    device_count: int
    device_name: str
    found_at: datetime
    due_at: datetime | None
    triage: bool
    why: str
    factors: list[Factor]
    reasons: list[Reason]


class Priorities(Answer):
    lines: list[Priority]


class Finding(Answer):
    """A weakness of one device for which there is a fix; `exploited_at` null: no catalogue lists it. `known_to` null:
    it is open. All but the two instants is what was said of it last, also where an earlier one was asked for."""

    device_id: UUID
    device_name: str
    cve: str
    package: str
    installed_version: str
    fixed_version: str
    advisory_id: str
    severity: str
    known_from: datetime
    known_to: datetime | None
    fixable_at: datetime
    exploited_at: datetime | None
    due_at: datetime | None
    triage: bool
    due_reasons: list[Reason]


class Lifecycle(Answer):
    """A system or an application as devices name it, and until when it is maintained. `product`, `cycle`: of
    endoflife.date; empty: unknown. `until`: the last day (of support for everybody), `extended` that for who has it;
    null: no day is known. `next_cycle` empty: none is known. `device_names`: the first ten. Who is `unknown` may have
    ended."""

    state: Literal["ended", "ending", "unknown", "supported"]
    kind: Literal["system", "application"]
    name: str
    version: str
    product: str
    cycle: str
    until: date | None
    extended: date | None
    next_cycle: str
    device_count: int
    device_names: list[str]
    text: str


class Lifecycles(Answer):
    """`observed_at`: when endoflife.date was last taken; null: never, so all is unknown."""

    observed_at: datetime | None
    lines: list[Lifecycle]


class Feed(Answer):
    """`observed_at` null: it never came. `problem` empty: the last try was good, or brought nothing new. `verdict`:
    current, old (by the day that it names itself, else by when it was last asked for or brought), failing, never, or
    past (a month of MSRC that is not asked for any more)."""

    feed: str
    part: str
    verdict: str
    observed_at: datetime | None
    published_at: datetime | None
    tried_at: datetime | None
    version: str
    row_count: int
    size_bytes: int
    problem_kind: str
    problem: str
    failure_count: int


class Said(Answer):
    """A line of a feed, known here from `known_from` to `known_to` (null: it still is said). `number`: which version
    of those that speak of what was asked for, from 1. `body`: what it says, in this server's words; millionths are of
    one. Of a score only the last is kept."""

    feed: str
    part: str
    key: str
    number: int
    known_from: datetime
    known_to: datetime | None
    body: dict[str, Any]
