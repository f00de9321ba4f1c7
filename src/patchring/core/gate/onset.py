"""How much of each onset's window a device spends in a step: what `Step.matured` adds up."""

from collections.abc import Iterable

from patchring.core.gate.sequential import ONSETS_H


def matured(ages_h: Iterable[tuple[float, float, int]]) -> tuple[float, float, float]:
    """`ages_h`: age at the begin and at the end of the step, in hours since the installation, and how many devices have
    it. A device that was taken back has no age any more."""
    first = second = third = 0.0
    for begin, end, count in ages_h:
        first += count * _part(ONSETS_H[0], begin, end)
        second += count * _part(ONSETS_H[1], begin, end)
        third += count * _part(ONSETS_H[2], begin, end)
    return first, second, third


def _part(window: tuple[float, float], begin: float, end: float) -> float:
    opens, closes = window
    return max(0.0, min(end, closes) - max(begin, opens)) / (closes - opens)
