"""Waiting that ends: with what was waited for, or with a sentence that says what was expected and what is the case."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TypeVar

from lab.prove.errors import ProofFailed

T = TypeVar("T")
LOOK_S = 0.3


def eventually(
    expected: str,
    seen: Callable[[], T],
    holds: Callable[[T], bool],
    seconds: float,
    explain: Callable[[], str] = lambda: "",
) -> T:
    """What was seen once it holds. Raises ProofFailed after `seconds` with what was seen last and `explain`."""
    deadline = time.monotonic() + seconds
    while not holds(last := seen()):
        if time.monotonic() > deadline:
            more = explain()
            raise ProofFailed(f"{expected} within {seconds:g} s", f"{last}" + (f"\n{more}" if more else ""))
        time.sleep(LOOK_S)
    return last
