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
