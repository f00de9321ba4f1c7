"""The figures that docs/gate-method.md gives. Whoever tunes one changes it in both, and measures again."""

from datetime import timedelta

from patchring.core.gate import counting, expectation, harm, hold, priors, promotion, sequential, triggers
from patchring.core.gate.promotion import PACES, Pace
from patchring.core.gate.signals import Signal

HOURS = timedelta(hours=1)


def test_counting() -> None:
    assert (counting.TENANT_WINDOW, counting.TENANT_MAX, counting.SOFT_STEP_MAX) == (24 * HOURS, 3, 5)


def test_expectation() -> None:
    assert (expectation.SHRINK_DAYS, expectation.PSEUDO_EVENTS, expectation.OUTAGE_PSEUDO_EVENTS) == (14.0, 3.0, 0.5)
    assert (expectation.RATIO_MIN, expectation.RATIO_MAX, expectation.RATE_MIN) == (0.25, 50.0, 1 / 20_000)
    assert expectation.CONTROL_SHARE_MIN == 0.02


def test_priors() -> None:
    assert (priors.PRIOR_DAYS, priors.WATCHED_DAYS, priors.USUAL_FAILING) == (250.0, 1_000.0, 0.02)
    assert priors.USUAL == {
        Signal.INSTALL_FAILURE: 0.0,
        Signal.SERVICE_FAILURE: 0.008,
        Signal.APP_CRASH: 0.02,
        Signal.FAILED_LOGON: 0.015,
        Signal.REBOOT_LOOP: 0.0004,
        Signal.PERFORMANCE: 0.005,
        Signal.TICKET: 0.005,
        Signal.MISSING_HEARTBEAT: 0.01,
    }


def test_evidence_and_holds() -> None:
    assert sequential.SHARES == (0.005, 0.01, 0.02, 0.05, 0.10, 0.20, 0.50, 1.0)
    assert sequential.ONSETS_H == ((0, 6), (6, 48), (48, 192))
    assert sequential.ONSET_WEIGHTS == (0.5, 0.3, 0.2)
    assert (hold.BUDGET, hold.EXCESS_MIN, hold.TENANTS_MIN) == (0.02, 1.15, 2)


def test_harm_and_promotion() -> None:
    assert (harm.BAD, harm.NOTICED, promotion.HIGH_WEIGHT) == (0.05, 5.0, 8.0)
    usual = {
        "recent": 24 * HOURS,
        "growth": 10.0,
        "growth_high": 4.0,
        "start_min": 8,
        "start_min_high": 6,
        "start_share": 0.01,
    }
    kept = {"reserve_share": 0.05, "reserve_until": 168 * HOURS, "group_aged": 96 * HOURS}
    at_once = {"reserve_share": 0.0, "reserve_until": 168 * HOURS, "group_aged": 24 * HOURS}
    assert {
        "careful": Pace(budget=3.0, device_max=0.5, **usual, **kept),  # type: ignore[arg-type]
        "standard": Pace(budget=6.0, device_max=0.5, **usual, **kept),  # type: ignore[arg-type]
        "fast": Pace(budget=12.0, device_max=1.0, **usual, **kept),  # type: ignore[arg-type]
        "exploited": Pace(budget=20.0, device_max=1.0, **usual, **at_once),  # type: ignore[arg-type]
    } == PACES


def test_triggers() -> None:
    assert (triggers.SOON, triggers.PAUSE) == (12 * HOURS, 24 * HOURS)
    assert {Signal.REBOOT_LOOP, Signal.MISSING_HEARTBEAT} == triggers.HARD
