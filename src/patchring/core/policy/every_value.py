"""Everything that a policy says, whatever the device, by the path that the text has for it."""

from collections.abc import Iterator
from typing import Any

from patchring.core.policy.effective import EffectiveValue, plainly, spread, with_source
from patchring.core.policy.model import Policy

_NAMED_ROWS = ("rings", "segments", "approvals", "urgency", "exceptions", "blackouts", "relations", "runs_on")
_BY_NAME = ("windows", "reboots", "remedies", "overrides")
_WHOLES = ("limits", "on_failure", "releases", "catch_up_campaign", "downloads", "proposals", "hours")


def every_value(policy: Policy) -> tuple[EffectiveValue, ...]:
    """In the order of the sections. A value that nobody wrote has no layer and line 0."""
    rows = [*_simple(policy), *_tables(policy), *_people(policy)]
    return tuple(with_source(policy, path, value) for row in rows for path, value in spread(*row))


def _simple(policy: Policy) -> Iterator[tuple[str, Any]]:
    yield "title", policy.title
    yield "automation", policy.automation
    yield "expected_duration", policy.expected_duration
    yield "due_dates", policy.due_dates
    for name in _WHOLES:
        if getattr(policy, name) is not None:
            yield name, getattr(policy, name)


def _tables(policy: Policy) -> Iterator[tuple[str, Any]]:
    for table in _NAMED_ROWS:
        yield from ((f"{table}.{row.name}", plainly(row)) for row in getattr(policy, table))
    for table in _BY_NAME:
        yield from ((f"{table}.{name}", value) for name, value in getattr(policy, table).items())


def _people(policy: Policy) -> Iterator[tuple[str, Any]]:
    people = policy.people
    for key, person in people.people.items():
        yield f"people.{key}.name", person.name
        yield f"people.{key}", person
    yield from ((f"escalation.{step.duty}", step) for step in people.escalation)
    for name in ("quiet_hours", "reporting"):
        if getattr(people, name) is not None:
            yield name, getattr(people, name)
    yield from ((f"client.constraints.{each.name}", each) for each in people.constraints)
    yield "standing", people.standing
