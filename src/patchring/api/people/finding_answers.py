"""What people are answered about findings and feeds. Instants are UTC."""

from datetime import datetime
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
    """A weakness of one device for which there is a fix; `exploited_at` null: no catalogue lists it."""

    device_id: UUID
    device_name: str
    cve: str
    package: str
    installed_version: str
    fixed_version: str
    advisory_id: str
    severity: str
    known_from: datetime
    fixable_at: datetime
    exploited_at: datetime | None
    due_at: datetime | None
    triage: bool
    due_reasons: list[Reason]


class Feed(Answer):
    """`observed_at` null: it never came. `problem` empty: the last try was good, or brought nothing new."""

    feed: str
    part: str
    observed_at: datetime | None
    published_at: datetime | None
    tried_at: datetime | None
    version: str
    row_count: int
    size_bytes: int
    problem_kind: str
    problem: str
    failure_count: int
