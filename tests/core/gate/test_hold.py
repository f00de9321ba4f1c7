"""When a facet is held, and what is said of it."""

import math
from dataclasses import replace

import pytest

from patchring.core.gate.hold import BUDGET, Watched, hold, shares_of_budget
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import RULES, Signal

LOOPS = Evidence().after(Step(4, 0.004, (9.0, 0.0, 0.0)))
WATCHED = Watched("domain controllers", Signal.REBOOT_LOOP, LOOPS, 9, 486, 4, 120)


def test_a_hold_says_what_was_seen_what_was_expected_and_how_likely_that_is() -> None:
    """One sentence with its numbers; the same numbers for the record."""
    found = hold(WATCHED, 1e-4)
    assert found is not None
    assert (found.facet, found.signal) == ("domain controllers", Signal.REBOOT_LOOP)
    assert found.chance == LOOPS.chance
    assert found.reason.code == "gate_reboot_loop"
    one_in = 10 ** math.floor(math.log10(1 / LOOPS.chance))
    most = math.floor(1 / LOOPS.chance / one_in) * one_in
    assert found.reason.text == (
        "Stopped for domain controllers (486 left): restart followed restart on 4 of 9 patched in 4 tenants; "
        "without the patch 0.004 were to be expected; the chance of this at any look is below 1 in "
        f"{most:,.0f}; others go on"
    )
    assert found.reason.numbers == {
        "events": "4", "installed": "9", "expected": "0.004", "tenants": "4", "log_e": f"{LOOPS.log_e:.3f}",
        "left": "486",
    }  # fmt: skip


@pytest.mark.parametrize(
    "changed",
    [
        {"tenants": 1},
        {"evidence": Evidence().after(Step(1, 1e-6, (9.0, 0.0, 0.0)))},
        {"evidence": Evidence().after(Step(4, 4.0, (9.0, 0.0, 0.0)))},
        {"signal": Signal.FAILED_LOGON},
    ],
)
def test_each_condition_has_to_be_met(changed: dict[str, object]) -> None:
    """Two tenants, enough events, more than expected, a signal that is seen in fewer."""
    assert hold(WATCHED, 1e-4) is not None
    assert hold(replace(WATCHED, **changed), 1e-4) is None  # type: ignore[arg-type]


def test_the_budget_is_the_bar() -> None:
    """Held exactly from the chance on that may be spent."""
    assert hold(WATCHED, LOOPS.chance * 1.000001) is not None
    assert hold(WATCHED, LOOPS.chance * 0.999999) is None


def test_what_lives_in_one_tenant_is_held_by_one() -> None:
    assert hold(replace(WATCHED, tenants=1, tenant_count=1), 1e-4) is not None


def test_the_excess_is_asked_for_even_of_overwhelming_evidence() -> None:
    """A thousandth more than usual on very many devices is no reason to stop."""
    evidence = replace(LOOPS, events=1_150, expected=1_000.0)
    assert hold(replace(WATCHED, evidence=evidence), 1e-4) is None
    assert hold(replace(WATCHED, evidence=replace(evidence, events=1_151)), 1e-4) is not None


def test_all_that_is_spent_is_the_budget() -> None:
    """Split by weight, whatever the order."""
    weights = {("all", signal): rule.weight for signal, rule in RULES.items()}
    spent = shares_of_budget(weights)
    assert math.fsum(spent.values()) == pytest.approx(BUDGET)
    assert spent["all", Signal.REBOOT_LOOP] == pytest.approx(3 * spent["all", Signal.APP_CRASH])
    assert spent == shares_of_budget(dict(reversed(weights.items())))
    assert shares_of_budget({}) == {}


def test_two_tenants_are_enough_and_the_least_count_is() -> None:
    """Not more than two, of however many; exactly as many events as the signal asks for."""
    two = Evidence().after(Step(2, 1e-5, (9.0, 0.0, 0.0)))
    assert RULES[Signal.REBOOT_LOOP].count_min == 2
    assert hold(replace(WATCHED, tenants=2, evidence=two), 1e-4) is not None


def test_the_rules_are_those_of_the_method() -> None:
    """Weights, margins, least counts, and which are soft."""
    said = {signal: (rule.weight, rule.margin, rule.count_min, rule.soft) for signal, rule in RULES.items()}
    assert said == {
        Signal.INSTALL_FAILURE: (1.0, 1.5, 4, False),
        Signal.SERVICE_FAILURE: (2.0, 0.3, 3, False),
        Signal.APP_CRASH: (1.0, 0.4, 4, False),
        Signal.FAILED_LOGON: (1.0, 0.5, 5, True),
        Signal.REBOOT_LOOP: (3.0, 0.3, 2, False),
        Signal.PERFORMANCE: (1.0, 0.5, 5, True),
        Signal.TICKET: (1.0, 0.5, 4, True),
        Signal.MISSING_HEARTBEAT: (2.0, 0.5, 3, False),
    }
    assert BUDGET == 0.02


def test_where_everybody_is_held_nobody_goes_on() -> None:
    found = hold(replace(WATCHED, everybody=True), 1e-4)
    assert found is not None
    assert "others go on" not in found.reason.text


@pytest.mark.parametrize(
    ("expected", "said"), [(0.0, "0"), (0.0041, "0.0041"), (0.987, "0.99"), (1.0, "1.0"), (1.54, "1.5"), (1.96, "2.0")]
)
def test_what_was_expected_is_said_in_two_figures(expected: float, said: str) -> None:
    evidence = replace(LOOPS, expected=expected, events=40)
    found = hold(replace(WATCHED, evidence=evidence), 1e-4)
    assert found is not None
    assert f"without the patch {said} were to be expected" in found.reason.text


def test_a_chance_that_is_too_small_to_write_is_said_as_the_smallest() -> None:
    """Also where it is so small that it becomes nothing."""
    for log in (50.0, 2_000.0):
        evidence = replace(LOOPS, logs=(log,) * len(LOOPS.logs))
        found = hold(replace(WATCHED, evidence=evidence), 1e-4)
        assert found is not None
        assert "below 1 in 1,000,000,000,000;" in found.reason.text
