"""What the client asked for, each in the section whose rules keep it."""

from collections.abc import Iterator

from patchring.core.policy.carried import by_people
from patchring.core.policy.people import Constraint
from patchring.report.model import Block, Heading, Line
from patchring.report.policy.edition import Edition
from patchring.report.words import capital, day, listed, name, spoken

SECTIONS = {
    "segments": 1, "windows": 1, "hours": 1, "blackouts": 1, "runs_on": 1,
    "approvals": 2, "urgency": 2, "relations": 2, "automation": 2,
    "rings": 3, "limits": 3, "releases": 3, "downloads": 3, "catch_up_campaign": 3, "standing": 3,
    "reboots": 4, "exceptions": 5, "remedies": 6, "on_failure": 6,
    "escalation": 7, "people": 7, "quiet_hours": 7, "reporting": 8,
}  # fmt: skip
UNKEPT = 1


def constraints_of(edition: Edition, section: int) -> Iterator[Block]:
    """The heading and the wishes of a section; nothing where there is none."""
    found = [each for each in edition.policy.people.constraints if section_of(each) == section]
    if found:
        yield Heading("What you asked for")
        for each in found:
            yield _wish(edition, each)


def section_of(each: Constraint) -> int:
    """That of the first rule that keeps it; without one the first, because it is about the devices themselves."""
    tables = [path.partition(".")[0] for path in each.kept_by]
    return next((SECTIONS[table] for table in tables if table in SECTIONS), UNKEPT)


def _wish(edition: Edition, each: Constraint) -> Line:
    text = f"“{each.says}” (asked for by {edition.person(each.asked_by)}, since {day(each.since_on)})"
    if each.kept_by:
        text += f" Kept by {listed(map(_rule, each.kept_by))}."
    people = "" if each.kept_by else by_people("constraints")
    return Line(text, f"{capital(name(each.name))}:", edition.changed(f"client.constraints.{each.name}"), people)


def _rule(path: str) -> str:
    """`approvals.NAME` as people say it."""
    table, _, rule = path.partition(".")
    kinds = {"approvals": "the approval rule", "windows": "the window", "segments": "the group"}
    kinds |= {"blackouts": "the days", "reboots": "the restart plan", "exceptions": "the exception"}
    said = kinds.get(table, f"the rules on {spoken(table)}")
    return f"{said} “{name(rule)}”" if rule else f"the rules on {spoken(table)}"
