"""Persons: every name is that of a human being who can be reached. "The team" answers no telephone at night."""

import re

from patchring.core.policy.people import Duty
from patchring.policyfile.checks.found import Found, known
from patchring.policyfile.pages import Location, path_of
from patchring.policyfile.shapes.whole import PolicyShape

_NOBODY = re.compile(
    "(the|our|a|an|on|call|help|service|service ?desk|help ?desk|first|second|third|line|and|of|level|1|2|3|1st|2nd|msp"
    "|it|noc|soc|team|teams|support|desk|everyone|everybody|anyone|anybody|someone|somebody|nobody|all|us|ops|oncall"
    "|operations|technicians?|admins?|administrators?|engineers?|engineering|staff|department|group|crew|duty|tba|tbd"
    "|hotline|info|office|client|customer|vendor|manager|dispatch)"
)


def is_nobody(name: str) -> bool:
    """Whether a name is that of a team or of whoever is there: all of its words are such words."""
    words = re.findall(r"\w+", name.casefold())
    return all(_NOBODY.fullmatch(word) for word in words) or words[-1] in ("team", "desk", "department", "support")


def of_people(shape: PolicyShape) -> Found:
    """What is wrong with persons, and with those who are named elsewhere."""
    for key, person in shape.people.items():
        if is_nobody(person.name):
            text = f"expected the name of a person, got {person.name!r}; a team cannot be woken: name one human being"
            yield ("people", key, "name"), text
    for location, name in named_persons(shape):
        if name not in shape.people:
            advice = "a team cannot be woken: name one human being" if is_nobody(name) else "add them to `people`"
            there = known(shape.people, name)
            yield location, f"there is no person {name!r} in `people`; {there}; {advice}"
    for duty, step in shape.escalation.items():
        if step.person == step.deputy:
            text = f"expected somebody else than {step.person!r}, who has the duty already"
            yield ("escalation", duty, "deputy"), text
    yield from _stewards(shape)
    yield from _constraints(shape)


def named_persons(shape: PolicyShape) -> Found:
    """(location, key of `people`) of everybody who is named."""
    for duty, step in shape.escalation.items():
        yield ("escalation", duty, "person"), step.person
        yield ("escalation", duty, "deputy"), step.deputy
    for name in shape.reporting.to if shape.reporting else ():
        yield ("reporting", "to"), name
    for number, row in enumerate(shape.exceptions):
        yield ("exceptions", number, "owner"), row.owner
        yield ("exceptions", number, "accepted_by"), row.accepted_by
    for name, remedy in shape.remedies.items():
        if remedy.by and remedy.by not in tuple(Duty):
            yield ("remedies", name, "by"), remedy.by
    if shape.standing.rated_by:
        yield ("standing", "rated_by"), shape.standing.rated_by


def _stewards(shape: PolicyShape) -> Found:
    """A duty that a row gives somebody is one that somebody has."""
    asked: list[tuple[Location, str]] = [
        (("approvals", n, "owner"), rule.owner) for n, rule in enumerate(shape.approvals) if rule.owner
    ]
    asked += [(("urgency", n, "tell"), duty) for n, row in enumerate(shape.urgency) for duty in row.tell]
    asked += [(("remedies", name, "by"), each.by) for name, each in shape.remedies.items() if each.by in tuple(Duty)]
    for location, duty in asked:
        if duty not in shape.escalation:
            yield location, f"nobody has the duty {duty}; add it to `escalation` with a person and a deputy"


def _constraints(shape: PolicyShape) -> Found:
    rules = {path_of((table, name) if name else (table,)) for table, name in _rules(shape)}
    for number, each in enumerate(shape.client.constraints):
        for path in each.kept_by:
            if path not in rules:
                text = f"there is no rule {path!r}; expected one of this policy, such as `approvals.NAME`"
                yield ("client", "constraints", number, "kept_by"), text
    if shape.standing.stability != "normal" and not (shape.standing.rated_by and shape.standing.reason):
        yield ("standing",), f"{shape.standing.stability} is a person's judgement; add `rated_by` and `reason`"


def _rules(shape: PolicyShape) -> list[tuple[str, str]]:
    """(section, name) of everything that can keep a constraint."""
    tables = ("segments", "approvals", "urgency", "blackouts", "exceptions", "relations", "runs_on", "rings")
    named = [(table, row.name) for table in tables for row in getattr(shape, table)]
    named += [(section, name) for section in ("windows", "reboots", "remedies") for name in getattr(shape, section)]
    whole = ("hours", "downloads", "releases", "limits", "quiet_hours", "reporting", "catch_up_campaign")
    return named + [(section, "") for section in whole if getattr(shape, section)]
