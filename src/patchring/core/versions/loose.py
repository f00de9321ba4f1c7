"""Products that each number in their own way: runs of digits are numbers, a word makes it a version before the final
one (1.2-beta < 1.2), build metadata after `+` says nothing (semver.org, 11)."""

import re
from itertools import zip_longest

_RUNS = re.compile(r"[0-9]+|[a-z]+")
_FINAL = (1, 0, "")  # the end of a version: after words, before or equal to numbers


def compare_loose(one: str, other: str) -> int:
    for ours, theirs in zip_longest(_read(one), _read(other), fillvalue=_FINAL):
        if ours != theirs:
            return 1 if ours > theirs else -1
    return 0


def _read(version: str) -> list[tuple[int, int, str]]:
    """Each run as (rank, number, word): words before the end, a zero as good as the end, other numbers after it."""
    plain = version.strip().lower().partition("+")[0]
    plain = re.sub(r"^v(?=[0-9])", "", plain)
    return [(1, int(run), "") if run.isdigit() else (0, 0, run) for run in _RUNS.findall(plain)]
