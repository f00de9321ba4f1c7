"""A property suite is only as good as the bugs it catches: each of these is a slip that somebody could make, and the
same laws and cases that hold for the rules have to fail for it."""

from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from patchring.core.permits import PermitFacts
from patchring.core.rollout.states import IllegalMove
from tests.core.builders import NOW, random_view
from tests.core.laws import LAWS
from tests.core.permit_cases import breaks, due_facts
from tests.core.planted import Bug, load, written_bugs

ROLLOUT = "patchring.core.rollout"
CHAIN = [f"{ROLLOUT}.{name}" for name in ("view", "soak", "remedy", "way_back", "reconcile")]
PERMITS = "patchring.core.permits"
BUGS = written_bugs()

QUICKLY = settings(
    max_examples=800,
    deadline=None,
    database=None,
    derandomize=True,
    phases=[Phase.generate],
    report_multiple_bugs=False,
    suppress_health_check=list(HealthCheck),
)


def caught(check: Callable[..., None]) -> bool:
    """Whether the check fails: by a law, or by a move or value that cannot be."""
    try:
        check()
    except (AssertionError, IllegalMove, AttributeError, TypeError, ValueError):
        return True
    return False


def rollout_check(modules: Mapping[str, Any]) -> Callable[[], None]:
    reconcile, ring_view = modules[f"{ROLLOUT}.reconcile"].reconcile, modules[f"{ROLLOUT}.view"].RingView

    def check() -> None:
        for seed in range(6000):
            view = random_view(Random(seed))
            view = replace(view, rings=tuple(ring_view(**vars(ring)) for ring in view.rings))
            for law in LAWS:
                law(reconcile, view, NOW)

    return check


def permit_check(decide_permit: Any) -> Callable[[], None]:
    @given(data=st.data(), facts=due_facts())
    @QUICKLY
    def check(data: st.DataObject, facts: PermitFacts) -> None:
        assert type(decide_permit(facts, NOW)).__name__ == "PermitGranted"
        code, broken = data.draw(breaks(facts))
        denied = decide_permit(broken, NOW)
        assert type(denied).__name__ == "PermitDenied"
        assert [each.code for each in denied.reasons if each.code != "rule_matched"] == [code]

    return check


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.module in CHAIN], ids=lambda bug: bug.name)
def test_a_slip_in_rollouts_is_caught(bug: Bug) -> None:
    """The laws of a rollout fail for it."""
    assert caught(rollout_check(load(bug, CHAIN)))


@pytest.mark.parametrize("bug", [bug for bug in BUGS if bug.module == PERMITS], ids=lambda bug: bug.name)
def test_a_slip_in_permits_is_caught(bug: Bug) -> None:
    """The cases of a permit fail for it."""
    assert caught(permit_check(load(bug, [PERMITS])[PERMITS].decide_permit))


def test_every_bug_is_planted() -> None:
    """None is left out because its module is not known here."""
    assert {bug.module for bug in BUGS} <= {*CHAIN, PERMITS}
    assert len(BUGS) > 45


def test_without_a_bug_nothing_is_caught() -> None:
    """The very same loading and checking, with nothing changed, finds nothing: so it is the bugs that are caught."""
    lowest = Bug("none", CHAIN[0], "class RingView:", "class RingView:")
    rollout_check(load(lowest, CHAIN))()
    untouched = Bug("none", PERMITS, "def decide_permit(", "def decide_permit(")
    permit_check(load(untouched, [PERMITS])[PERMITS].decide_permit)()
