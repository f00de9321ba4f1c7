"""What is expedited goes faster as far as a row says so, and no faster than the slowest before it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import HoldInForce, decide
from patchring.core.policy.model import Automation, Outcome, SegmentRule, Soak, UrgencyRule
from patchring.core.policy.urgency import Hurried, hurried, told, urgency_of
from tests.core.builders import HOUR, patch, policy, ring, rule

MINUTE = timedelta(minutes=1)
FAST = UrgencyRule("exploited", (Condition("exploited", ("yes",)),), (), 10 * MINUTE, 1, "night", True, (), 4, "tenant")
SLOW = UrgencyRule("rest", (), (), 30 * MINUTE, None, line=5)
EXPEDITED = policy(approvals=(rule("kev", Outcome.EXPEDITE),), urgency=(FAST, SLOW))
KEV = patch(exploited=True)
RINGS = (ring(0, time=HOUR, verified_min=2), ring(1, time=HOUR, verified_min=4), ring(2, time=20 * MINUTE))


def test_the_first_row_that_fits() -> None:
    """By the patch and by the segment, also by the name that the segment was made from."""
    assert urgency_of(EXPEDITED, KEV, ("rest",)) == FAST
    assert urgency_of(EXPEDITED, patch(), ("rest",)) == SLOW
    tills = replace(FAST, segments=("tills",))
    only = replace(EXPEDITED, urgency=(tills,))
    assert urgency_of(only, KEV, ("rest",)) is None
    assert urgency_of(only, KEV, ("tills @ site Berlin", "tills")) == tills


def test_only_what_is_expedited_has_a_row() -> None:
    """And only while nothing holds it; a person who starts it first changes nothing about its hurry."""
    found = decide(EXPEDITED, KEV, "rest")
    assert (found.outcome, found.urgency) == (Outcome.EXPEDITE, FAST)
    assert [each.code for each in found.reasons] == ["rule_matched", "urgency"]
    auto = replace(EXPEDITED, approvals=(rule("kev", Outcome.AUTO),))
    assert decide(auto, KEV, "rest").urgency is None
    assert decide(EXPEDITED, KEV, "rest", [HoldInForce("bad", "feed")]).urgency is None
    assert decide(replace(EXPEDITED, automation=Automation.OBSERVE), KEV, "rest").urgency is None
    first = decide(replace(EXPEDITED, automation=Automation.APPROVE_FIRST), KEV, "rest")
    assert (first.outcome, first.urgency) == (Outcome.REVIEW, FAST)


def test_a_row_of_a_base_segment_means_its_sites_too() -> None:
    """`rest @ site Berlin` was made from `rest`."""
    made = SegmentRule("rest @ site Berlin", (), 1, "any", EXPEDITED.segments[1].reboot, "back", base="rest")
    there = replace(EXPEDITED, segments=(made, *EXPEDITED.segments), urgency=(replace(FAST, segments=("rest",)),))
    assert decide(there, KEV, "rest @ site Berlin").urgency == there.urgency[0]
    assert decide(there, KEV, "own").urgency is None


@pytest.mark.parametrize(
    ("segments", "rows", "soaks"),
    [
        ({0: ["own"], 1: ["rest"]}, {}, [None, None, None]),
        ({0: ["own"], 1: ["rest"]}, {"own": FAST}, [(10, 1), None, None]),
        ({0: ["own"], 1: ["rest"]}, {"rest": FAST}, [None, None, None]),
        ({0: ["own"], 1: ["rest"]}, {"own": FAST, "rest": FAST}, [(10, 1), (10, 1), (10, 1)]),
        ({0: ["own"], 1: ["rest"]}, {"own": FAST, "rest": SLOW}, [(10, 1), (30, 4), None]),
        ({0: [], 1: ["rest"]}, {"rest": FAST}, [(10, 1), (10, 1), (10, 1)]),
        ({0: [], 1: ["rest"], 2: ["late"]}, {"rest": FAST}, [(10, 1), (10, 1), None]),
        ({0: [], 1: [], 2: []}, {"rest": FAST}, [None, None, None]),
        ({0: ["own"]}, {"own": replace(FAST, soak_max=None)}, [(60, 1), (60, 1), (20, 1)]),
        ({1: ["rest", "more"]}, {"rest": FAST, "more": SLOW}, [(30, 2), (30, 4), None]),
    ],
)  # fmt: skip
def test_a_ring_is_capped_when_everybody_so_far_is_in_a_hurry(
    segments: dict[int, list[str]], rows: dict[str, UrgencyRule], soaks: list[tuple[int, int] | None]
) -> None:
    """By the slowest of them, never to longer than it was; minutes and verified devices of each ring."""
    found = hurried(RINGS, segments, rows)
    expected = [
        each.soak if cap is None else Soak(cap[0] * MINUTE, cap[1]) for each, cap in zip(RINGS, soaks, strict=True)
    ]
    assert [each.soak for each in found.rings] == expected
    assert set(found.by) == {number for number, cap in enumerate(soaks) if cap is not None}


def test_who_says_so_is_kept() -> None:
    """Each row once, and device-hours stay."""
    rings = (ring(0, device_hours_min=24),)
    found = hurried(rings, {0: ["own", "rest"]}, {"own": FAST, "rest": FAST})
    assert found == Hurried((replace(rings[0], soak=Soak(10 * MINUTE, 1, 24)),), {0: (FAST,)})


def test_what_a_row_brings_is_told() -> None:
    """With layer and line, and what it may."""
    assert told(FAST).text == (
        "urgency exploited (tenant, line 4): a ring soaks at most 10m, 1 verified devices are enough, "
        "window night is open to it besides, it may begin in a blackout"
    )
    assert told(FAST).numbers == {"line": "4", "layer": "tenant"}
    nothing = UrgencyRule("told", (), told=("vcio",), line=9)
    assert told(nothing).text == "urgency told (line 9): it is told at once, and goes no faster"
