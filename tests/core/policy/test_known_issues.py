"""Known issues: which patch they keep from which device, until when, and in which words."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

import pytest

from patchring.core.policy.condition import Condition
from patchring.core.policy.known_issues import KnownIssue, about, next_end, safeguards, told
from tests.core.builders import NOW, device, patch

ISSUE = KnownIssue(
    issue_id=UUID(int=7),
    name="web-42",
    patches=(Condition("package", ("web",)),),
    devices=(Condition("role", ("proxy", "cache")), Condition("os", ("debian",))),
    reason="it does not start with the cache module",
    source="ticket 4711",
    release_when="web 2.0 is out",
)
CONCERNED = device(roles=frozenset({"cache", "dns"}), os_name="debian")
END = datetime(2026, 12, 1, tzinfo=UTC)


def test_it_keeps_what_it_names_from_whom_it_names() -> None:
    """All of its conditions have to hold; the sentence has everything that somebody needs to judge it."""
    [found] = safeguards([ISSUE], patch(), CONCERNED, NOW)
    assert (found.code, found.numbers) == ("known_issue", {"issue": str(UUID(int=7))})
    assert found.text == (
        "known issue web-42 keeps it from devices where role is proxy or cache and os is debian: "
        "it does not start with the cache module (ticket 4711); until web 2.0 is out"
    )
    assert safeguards([ISSUE], patch(), replace(CONCERNED, os_name="ubuntu"), NOW) == []
    assert safeguards([ISSUE], patch(), replace(CONCERNED, roles=frozenset({"dns"})), NOW) == []
    assert safeguards([ISSUE], patch(name="other"), CONCERNED, NOW) == []


def test_without_conditions_on_devices_it_concerns_all() -> None:
    """And says so."""
    issue = replace(ISSUE, devices=(), fixed_in="2.0-1", until_on=date(2026, 11, 30))
    assert told(issue).text == (
        "known issue web-42 keeps it from every device: it does not start with the cache module (ticket 4711); "
        "until web 2.0 is out; not for 2.0-1 and later; at the latest until the end of 2026-11-30 UTC"
    )
    assert safeguards([issue], patch(), device(), NOW) == [told(issue)]


@pytest.mark.parametrize(
    ("version", "concerned"),
    [("1.9", True), ("2.0~rc1-1", True), ("2.0-1", False), ("2.0-2", False), ("10.0", False)],
)
def test_a_version_in_which_it_is_fixed_is_not_concerned(version: str, concerned: bool) -> None:
    """In the order of the package manager, not of letters."""
    issue = replace(ISSUE, fixed_in="2.0-1")
    assert bool(about([issue], patch(version=version), NOW)) is concerned


def test_it_counts_to_the_end_of_its_last_day() -> None:
    """In UTC; then it is as if it were not there."""
    issue = replace(ISSUE, until_on=date(2026, 11, 30))
    assert about([issue], patch(), END - timedelta(microseconds=1)) == (issue,)
    assert about([issue], patch(), END) == ()
    assert about([ISSUE], patch(), END + timedelta(days=3650)) == (ISSUE,)


def test_exploitation_does_not_end_it() -> None:
    """It breaks these devices all the same."""
    assert len(safeguards([ISSUE], patch(exploited=True), CONCERNED, NOW)) == 1


def test_every_one_that_speaks_against_it_is_told() -> None:
    """In the order given, and those of other devices are not."""
    other = replace(ISSUE, name="web-43", devices=())
    elsewhere = replace(ISSUE, name="web-44", devices=(Condition("os", ("fedora",)),))
    found = safeguards([ISSUE, elsewhere, other], patch(), CONCERNED, NOW)
    assert found == [told(ISSUE), told(other)]


def test_the_next_that_ends_by_itself() -> None:
    """Those that a person has to end have no such day; those that are over are not next."""
    over = replace(ISSUE, until_on=date(2020, 1, 1))
    late, soon = replace(ISSUE, until_on=date(2027, 1, 1)), replace(ISSUE, until_on=date(2026, 11, 30))
    assert next_end([ISSUE, over, late, soon], NOW) == END
    assert next_end([ISSUE, over], NOW) is None
    assert next_end([soon], END) is None
