"""Slips in what decides, verifies and opens windows: the tests of these rules have to fail for each."""

import re
from types import ModuleType

import pytest

from tests.core import test_decide, test_hours, test_recurrence, test_verify, test_windows
from tests.core.planted import Bug, written_bugs
from tests.core.swapped import cases, planted
from tests.policyfile import test_four_devices, test_load

BUGS = written_bugs("bugs_in_decisions.txt")
TESTED_BY: dict[str, tuple[ModuleType, ...]] = {
    "patchring.core.devices": (test_decide,),
    "patchring.core.policy.decide": (test_decide, test_four_devices),
    "patchring.core.policy.grants": (test_decide,),
    "patchring.core.policy.match": (test_decide, test_load),
    "patchring.core.rollout.verify": (test_verify,),
    "patchring.core.schedule.hours": (test_hours,),
    "patchring.core.schedule.occurrence": (test_windows, test_hours),
    "patchring.core.schedule.recurrence": (test_recurrence, test_hours),
    "patchring.core.schedule.rule": (test_recurrence,),
    "patchring.core.schedule.windows": (test_windows, test_hours),
}
WRONG = (AssertionError, LookupError, TypeError, ValueError, StopIteration, ExceptionGroup, pytest.fail.Exception)


def caught(bug: Bug) -> bool:
    """Whether a test fails while the bug is there."""
    with planted(bug):
        for module in TESTED_BY[bug.module]:
            for case in cases(module):
                try:
                    case()
                except WRONG:
                    return True
    return False


@pytest.mark.parametrize("bug", BUGS, ids=lambda bug: bug.name)
def test_a_slip_is_caught(bug: Bug) -> None:
    """A test of the rule fails for it."""
    assert caught(bug)


@pytest.mark.parametrize("module", ["patchring.core.rollout.verify", "patchring.core.policy.decide"])
def test_without_a_bug_nothing_is_caught(module: str) -> None:
    """The very same swapping and running, with nothing changed, finds nothing: so it is the bugs that are caught."""
    assert not caught(Bug("none", module, "from patchring.core.reason import", "from patchring.core.reason import"))


def test_a_bug_is_gone_afterwards() -> None:
    """Nobody else runs on what was planted."""
    found = next(bug for bug in BUGS if bug.name == "verified without the reboot")
    assert caught(found)
    for case in cases(test_verify):
        case()


def test_every_bug_is_a_bug() -> None:
    """Names are unique and what is put there is something else."""
    assert len({bug.name for bug in BUGS}) == len(BUGS) > 40
    assert all(bug.old != bug.new and re.search(r"\S", bug.old) for bug in BUGS)
