"""The last look at the clock, inside the transaction's own unit, right before the package manager takes its place.

However long it takes to start a unit: nothing starts after the permit's lifetime, nor in another boot.
Run as `patchring-agent guard DEADLINE_BOOT_MS BOOT_ID PROGRAM...`; imports nothing of the agent's loop.
"""

from __future__ import annotations

import os
import sys

LAPSED = 75


def main(arguments: list[str]) -> int:
    from patchring_agent import clocks

    deadline_boot_ms, boot_id, program = int(arguments[0]), arguments[1], arguments[2:]
    if clocks.boot_id() != boot_id or clocks.boot_ms() >= deadline_boot_ms:
        print("patchring-agent: the permit's lifetime is over; nothing was started", file=sys.stderr)
        return LAPSED
    os.environ.pop("PYTHONPATH", None)
    os.execvp(program[0], program)  # noqa: S606 - no shell is the point
    raise AssertionError("execvp does not return")
