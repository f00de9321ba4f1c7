"""A few robust figures, told only when they are beyond a plain threshold, so that few are sent.

Pressure is the share of the last 300 seconds in which some task had to wait for the resource (PSI, kernel document
accounting/psi); memory is what the kernel holds available for new programs (MemAvailable, proc(5)).
"""

from __future__ import annotations

from pathlib import Path
from typing import Optional

from patchring.wire.messages import Signal
from patchring_agent.signals.found import Found
from patchring_agent.signals.journald import Span

NAME = "performance"
PROC = Path("/proc")
PRESSURE_PERMILLE = {"cpu": 700, "memory": 150, "io": 500}
"""At this much and above, five minutes of waiting are more than a busy hour: people notice."""
MEMORY_AVAILABLE_PERMILLE = 50
"""Below it the device is about to run out of memory."""


def read(span: Span) -> Found:
    """Measured at the end of the span. A kernel without PSI leaves it in part unread."""
    at_ms = span.to_ms - 1
    found = {f"{name}_pressure": _pressure(name) for name in PRESSURE_PERMILLE}
    free = memory_available(_text("meminfo"))
    signals = [
        Signal(NAME, value, "permille", at_ms, f"{name}_pressure")
        for name, threshold in PRESSURE_PERMILLE.items()
        if (value := found[f"{name}_pressure"]) is not None and value >= threshold
    ]
    if free is not None and free < MEMORY_AVAILABLE_PERMILLE:
        signals.append(Signal(NAME, free, "permille", at_ms, "memory_available"))
    return Found(signals, whole=free is not None and None not in found.values())


def _pressure(name: str) -> Optional[int]:
    return pressure(_text(f"pressure/{name}"))


def pressure(text: str) -> Optional[int]:
    """The permille of 300 seconds in which some task waited; None when the text does not say."""
    for line in text.splitlines():
        kind, *figures = line.split()
        values = dict(figure.partition("=")[::2] for figure in figures)
        if kind == "some" and "avg300" in values:
            return _permille(values["avg300"])
    return None


def _permille(percent: str) -> Optional[int]:
    try:
        return round(float(percent) * 10)
    except ValueError:
        return None


def memory_available(text: str) -> Optional[int]:
    """The permille of all memory that new programs could have; None when the text does not say."""
    fields = {line.partition(":")[0]: line.split() for line in text.splitlines() if ":" in line}
    try:
        return int(fields["MemAvailable"][1]) * 1000 // int(fields["MemTotal"][1])
    except (KeyError, IndexError, ValueError, ZeroDivisionError):
        return None


def _text(name: str) -> str:
    try:
        return (PROC / name).read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError):
        return ""
