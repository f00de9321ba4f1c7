"""What is usual before anything is known."""

import pytest

from patchring.core.gate.expectation import Past
from patchring.core.gate.priors import PRIOR_DAYS, USUAL, WATCHED_DAYS, kind_past, learning
from patchring.core.gate.signals import Signal


def rate(past: Past) -> float:
    return past.events / past.days


def test_on_the_first_day_the_prior_is_all_there_is() -> None:
    for signal in Signal:
        assert rate(kind_past(signal, Past(0, 0))) == pytest.approx(USUAL[signal])


def test_what_is_seen_takes_its_place() -> None:
    """As if the prior had been watched for PRIOR_DAYS."""
    seen = kind_past(Signal.TICKET, Past(0, PRIOR_DAYS))
    assert rate(seen) == pytest.approx(USUAL[Signal.TICKET] / 2)
    assert rate(kind_past(Signal.TICKET, Past(2_000, 1_000_000))) == pytest.approx(0.002, rel=0.01)


def test_it_says_how_long_it_is_learning() -> None:
    assert learning(Past(0, 0))
    assert learning(Past(50, WATCHED_DAYS - 1))
    assert not learning(Past(50, WATCHED_DAYS))
