"""Evidence that may be looked at any time: exact for one step, honest over many looks, and quick to see harm."""

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.core.gate.sequential import ONSET_WEIGHTS, SHARES, Evidence, Step

COUNTS = st.integers(0, 20)
MEANS = st.floats(0.001, 20)
MATURED = st.tuples(*[st.floats(0, 200)] * 3)
STEPS = st.builds(Step, COUNTS, MEANS, MATURED)


def poisson(rng: random.Random, mean: float) -> int:
    """Knuth's way; fine for small means."""
    limit, count, product = math.exp(-mean), 0, rng.random()
    while product > limit:
        count, product = count + 1, product * rng.random()
    return count


def test_nothing_seen_says_nothing() -> None:
    assert Evidence().log_e == pytest.approx(0)
    assert Evidence().chance == pytest.approx(1)


def test_one_step_by_hand() -> None:
    """E is the weighted mean of (1 + r A / E0)^x exp(-r A): 4 events among 10 devices where 0.1 was expected."""
    step = Step(4, 0.1, (10.0, 0.0, 0.0))
    young = math.fsum((1 + r * 10 / 0.1) ** 4 * math.exp(-r * 10) for r in SHARES) / len(SHARES)
    wanted = ONSET_WEIGHTS[0] * young + ONSET_WEIGHTS[1] + ONSET_WEIGHTS[2]
    found = Evidence().after(step)
    assert (found.events, found.expected) == (4, 0.1)
    assert math.exp(found.log_e) == pytest.approx(wanted)
    assert found.chance == pytest.approx(1 / wanted)


@given(step=STEPS)
def test_a_step_is_fair_where_the_patch_does_nothing(step: Step) -> None:
    """Its mean over all counts that can come is 1 for each hypothesis: that is what makes any look honest."""
    mean = step.expected
    for position in range(len(SHARES)):
        total = math.fsum(
            math.exp(count * math.log(mean) - mean - math.lgamma(count + 1) + log)
            for count in range(400)
            if (log := Evidence().after(Step(count, mean, step.matured)).logs[position]) is not None
        )
        more = SHARES[position] * step.matured[0]
        if mean + more < 150:
            assert total == pytest.approx(1, rel=1e-6)


@given(steps=st.lists(STEPS, min_size=2, max_size=6))
def test_the_same_steps_give_the_same_bits(steps: list[Step]) -> None:
    """So a verdict can be replayed."""
    one, other = Evidence(), Evidence()
    for step in steps:
        one, other = one.after(step), other.after(step)
    assert (one, one.log_e.hex()) == (other, other.log_e.hex())
    assert one.events == sum(step.events for step in steps)


def test_a_placebo_is_rarely_held_however_often_one_looks() -> None:
    """2,000 patches that do nothing, looked at after each of 100 steps: at most one in twenty ever reaches 20."""
    rng, reached = random.Random(20261123), 0
    for _ in range(2_000):
        evidence, level = Evidence(), math.exp(rng.uniform(-4, 1))
        for _ in range(100):
            devices = rng.uniform(0, 30)
            evidence = evidence.after(Step(poisson(rng, level), level, (devices, devices * 0.7, devices * 0.2)))
            if evidence.log_e >= math.log(20):
                reached += 1
                break
    assert 0 < reached <= 100


@pytest.mark.parametrize(("share", "devices_max"), [(1.0, 4), (0.5, 8), (0.1, 45), (0.02, 320)])
def test_harm_is_seen_soon(share: float, devices_max: int) -> None:
    """In the mean of 100 patches: how many devices have one that fails on so many of them before E reaches 1,000."""
    rng, needed = random.Random(4711), 0
    for _ in range(100):
        evidence = Evidence()
        while evidence.log_e < math.log(1_000):
            failed = rng.random() < share or rng.random() < 0.001
            evidence = evidence.after(Step(int(failed), 0.001, (1.0, 0.5, 0.1)))
            needed += 1
    assert needed / 100 <= devices_max


def test_what_was_not_expected_at_all_is_much_and_not_infinite() -> None:
    """And without devices that matured nothing follows from it."""
    assert math.isfinite(Evidence().after(Step(1, 0.0, (1.0, 0.0, 0.0))).log_e)
    assert Evidence().after(Step(5, 0.0, (0.0, 0.0, 0.0))).log_e == pytest.approx(0)


def test_a_huge_fleet_without_trouble_is_certain_and_does_not_overflow() -> None:
    """As many devices as nobody has: E is far below what a number can be, and the chance stays one."""
    evidence = Evidence().after(Step(0, 1.0, (1e6, 1e6, 1e6)))
    assert evidence.log_e < -4_000
    assert evidence.chance == 1.0


def test_clean_time_speaks_for_the_patch() -> None:
    """The more devices mature without trouble, the smaller it gets."""
    evidence, before = Evidence(), 0.1
    for _ in range(20):
        evidence = evidence.after(Step(0, 0.01, (10.0, 10.0, 10.0)))
        assert evidence.log_e < before
        before = evidence.log_e
