"""A bucket of tokens for each key."""

from patchring.app.rate_bound import KEYS_MAX, RateBound


class Seconds:
    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


def test_a_burst_then_the_rate() -> None:
    seconds = Seconds()
    bound = RateBound(2, 0.5, seconds)
    waits = []
    for _ in range(3):
        waits.append(bound.wait("a"))
        bound.take("a")
    assert waits == [0.0, 0.0, 2.0]
    seconds.now = 1.0
    assert bound.wait("a") == 1.0
    seconds.now = 2.0
    assert bound.wait("a") == 0.0


def test_it_never_holds_more_than_a_burst_and_never_less_than_nothing() -> None:
    seconds = Seconds()
    bound = RateBound(2, 1.0, seconds)
    seconds.now = 1_000.0
    for _ in range(5):
        bound.take("a")
    assert bound.wait("a") == 1.0


def test_keys_are_apart_and_the_oldest_are_forgotten() -> None:
    seconds = Seconds()
    bound = RateBound(1, 1.0, seconds)
    bound.take("a")
    assert (bound.wait("a"), bound.wait("b")) == (1.0, 0.0)
    for number in range(KEYS_MAX):
        bound.take(str(number))
    assert bound.wait("a") == 0.0
