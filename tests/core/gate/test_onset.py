"""How much of each window devices spend in a step."""

import pytest

from patchring.core.gate.onset import matured
from patchring.core.gate.sequential import ONSETS_H


def test_a_whole_life_is_one_of_each_window() -> None:
    life = [matured([(hour, hour + 1, 1)]) for hour in range(int(ONSETS_H[-1][1]) + 5)]
    assert [sum(each) for each in zip(*life, strict=True)] == pytest.approx([1.0, 1.0, 1.0])


def test_parts_are_those_of_the_window() -> None:
    assert matured([(0, 3, 4)]) == pytest.approx((2.0, 0, 0))
    assert matured([(5, 48, 2)]) == pytest.approx((2 / 6, 2.0, 0))
    assert matured([(192, 500, 9)]) == (0, 0, 0)
    assert matured([]) == (0, 0, 0)
