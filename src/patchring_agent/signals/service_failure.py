"""Services that failed: went into the failed state, or were started again because they had failed.

systemd logs one message each time a unit ends with a failure, whether it is then started again or stays failed
(MESSAGE_ID below: systemd's catalogue, "Unit failed"). Only services count: names of mounts, devices and scopes hold
paths and sessions of persons. Of an instance the template is named, for the same reason.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Optional

from patchring_agent.signals.found import Found, Seen, counted
from patchring_agent.signals.journald import Line, Span, entries

NAME = "service_failure"
FAILED = "d9b373ed55a64feb8242e02dbe79a49c"
OWN = "patchring-act-"
"""Transactions of this agent: how they ended is told as progress."""


def read(span: Span) -> Found:
    """Raises CommandProblem."""
    found = entries(span, [f"MESSAGE_ID={FAILED}", "_PID=1"], ["UNIT"])
    return Found(counted(NAME, failures(found.lines)), found.whole)


def failures(lines: Iterable[Line]) -> list[Seen]:
    named = ((line.at_ms, subject(line.fields.get("UNIT", ""))) for line in lines)
    return [Seen(at_ms, unit) for at_ms, unit in named if unit is not None]


def subject(unit: str) -> Optional[str]:
    """The unit as it is told, or None for one that is not."""
    if not unit.endswith(".service") or unit.startswith(OWN):
        return None
    if unit.startswith(("run-u", "run-r", "run-p")):  # made by systemd-run under a name that never comes again
        return "run-.service"
    template, at, _ = unit.partition("@")
    return f"{template}@.service" if at else unit
