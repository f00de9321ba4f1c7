"""Programs that crashed, where systemd-coredump takes the kernel's dumps: it logs one message for each.

`coredumpctl` lists these very entries of the journal, so the journal alone is asked. A program is named by the name
of its file: its folder may be a person's home.
"""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path

from patchring_agent.signals.found import NOTHING_READ, Found, Seen, counted
from patchring_agent.signals.journald import Line, Span, entries

NAME = "app_crash"
DUMPED = "fc2e22bc6ee647b6b90729ab34a250b1"
CORE_PATTERN = Path("/proc/sys/kernel/core_pattern")
"""Where the kernel sends dumps (core(5)); without systemd-coredump in it no crash comes to the journal."""
FIELDS = ["COREDUMP_EXE", "COREDUMP_COMM"]


def read(span: Span) -> Found:
    """Raises CommandProblem, OSError."""
    if "systemd-coredump" not in CORE_PATTERN.read_text(encoding="utf-8"):
        return NOTHING_READ
    found = entries(span, [f"MESSAGE_ID={DUMPED}"], FIELDS)
    return Found(counted(NAME, crashes(found.lines)), found.whole)


def crashes(lines: Iterable[Line]) -> list[Seen]:
    return [Seen(line.at_ms, program(line.fields)) for line in lines]


def program(fields: dict[str, str]) -> str:
    """The file's name; what the kernel calls the process where the file was not to be seen."""
    return fields.get("COREDUMP_EXE", "").rpartition("/")[2] or fields.get("COREDUMP_COMM", "") or "unknown"
