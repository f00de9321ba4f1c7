"""Products that each number in their own way: runs of digits are numbers, a word makes it a version before the final
one (1.2-beta < 1.2), build metadata after `+` says nothing (semver.org, 11)."""

import re
from functools import cmp_to_key
from itertools import zip_longest
from typing import Any

_RUNS = re.compile(r"[0-9]+|[a-z]+")
Run = tuple[int, int, str]
_END: Run = (1, 0, "")  # of a version: after words, as good as a zero, before other numbers


def loose_key(version: str) -> Any:
    plain = re.sub(r"^v(?=[0-9])", "", version.strip().lower().partition("+")[0])
    return _by_runs([(1, int(run), "") if run.isdigit() else (0, 0, run) for run in _RUNS.findall(plain)])


def _compare(one: list[Run], other: list[Run]) -> int:
    for ours, theirs in zip_longest(one, other, fillvalue=_END):
        if ours != theirs:
            return 1 if ours > theirs else -1
    return 0


_by_runs = cmp_to_key(_compare)
