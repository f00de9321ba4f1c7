"""How much harm is still to be expected, by what was seen."""

import math

import pytest

from patchring.core.gate.harm import BAD, harm_by_logs, harm_if_clean
from patchring.core.gate.sequential import ONSET_WEIGHTS, SHARES, Evidence, Step

NOTHING = Evidence().logs


def test_before_anything_is_seen_it_is_the_prior() -> None:
    assert harm_by_logs(NOTHING) == pytest.approx(BAD * sum(SHARES) / len(SHARES))
    assert harm_if_clean((0, 0, 0)) == harm_by_logs(NOTHING)
    assert harm_by_logs(NOTHING, bad=0.1) == pytest.approx(0.1 * sum(SHARES) / len(SHARES))


def test_every_device_that_is_well_takes_some_away() -> None:
    found = [harm_if_clean((count, count, count)) for count in (0, 1, 10, 100, 1_000, 10_000)]
    assert found == sorted(found, reverse=True)
    assert found[-1] < 1e-6
    assert harm_if_clean((19, 0, 0)) == harm_if_clean((19.9, 0, 0)), "rounded down: it rests on no more than was seen"


def test_it_is_the_posterior_mean_written_out() -> None:
    """Bayes, term by term."""
    matured, ahead = (30.0, 10.0, 0.0), 20.0
    over, under = 0.0, 1 - BAD
    for window, weight in enumerate(ONSET_WEIGHTS):
        for share in SHARES:
            likely = BAD * weight / len(SHARES) * math.exp(-share * matured[window])
            late = math.exp(-share * ahead / 5.0) if window == 2 else 1.0
            over += likely * share * late
            under += likely
    assert harm_if_clean(matured, ahead) == pytest.approx(over / under)


def test_events_bring_it_back() -> None:
    quiet = Evidence().after(Step(0, 0.01, (20.0, 0.0, 0.0)))
    bad = quiet.after(Step(3, 0.01, (10.0, 0.0, 0.0)))
    assert harm_by_logs(quiet.logs) < harm_by_logs(NOTHING) < harm_by_logs(bad.logs)
    assert harm_by_logs(bad.logs) == pytest.approx(0.12, abs=0.08)


def test_who_goes_later_is_warned_by_those_ahead_of_what_is_slow() -> None:
    """Only of what is slow: what shows at once shows on those ahead already."""
    assert harm_if_clean((0, 0, 0), ahead=1_000) < harm_if_clean((0, 0, 0))
    assert harm_if_clean((1_000, 1_000, 0), ahead=1_000) < harm_if_clean((1_000, 1_000, 0), ahead=0) / 5


def test_huge_evidence_does_not_overflow() -> None:
    """A thousand nats for the largest share at once: then nearly every device is expected to fail."""
    logs = [0.0] * len(NOTHING)
    logs[len(SHARES) - 1] = 1_000.0
    assert harm_by_logs(logs) == pytest.approx(1.0)
    assert harm_by_logs([-1_000.0] * len(NOTHING)) == pytest.approx(0.0, abs=1e-12)


def test_logs_are_as_many_as_there_are_hypotheses() -> None:
    with pytest.raises(ValueError, match="zip"):
        harm_by_logs(NOTHING[:-1])


@pytest.mark.parametrize(
    ("seen", "counted"), [(0.0, 0.0), (0.19, 0.1), (0.99, 0.9), (1.0, 1.0), (9.97, 9.9), (10.0, 10.0), (128.0, 120.0)]
)
def test_counts_are_rounded_down_to_two_figures(seen: float, counted: float) -> None:
    just_over = counted + (0.001 if counted else 0.0)
    assert harm_if_clean((seen, 0, 0)) == harm_if_clean((just_over, 0, 0))
    exactly = [-share * counted for share in SHARES] + [0.0] * (2 * len(SHARES))
    assert harm_if_clean((seen, 0, 0)) == pytest.approx(harm_by_logs(exactly), rel=1e-9)
