"""Asks systemd's journal for the entries of a span, bounded in lines, bytes and seconds.

The journal is asked by wall time: a cursor would not outlive a journal that is kept in memory alone. Where it is,
nothing of the time before this boot can be read, and that is said.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from patchring_agent.signals.bounded import Printed, printed

LINES_MAX = 5_000
BYTES_MAX = 4_000_000
TIMEOUT_S = 20
STORED = Path("/var/log/journal")
"""Where the journal outlives a boot; journald keeps it in memory when this folder is not there."""


@dataclass(frozen=True)
class Line:
    """One entry: its wall time and its fields. A field that is no text (binary, repeated, very long) is left out."""

    at_ms: int
    fields: dict[str, str]


@dataclass(frozen=True)
class Lines:
    """`whole` is False when there was more than could be read, or nothing could be."""

    lines: list[Line] = field(default_factory=list)
    whole: bool = True


@dataclass(frozen=True)
class Span:
    """From `from_ms` up to, not with, `to_ms`; UTC in milliseconds since 1970. `booted_ms`: when this boot began."""

    from_ms: int
    to_ms: int
    booted_ms: int


def entries(span: Span, matches: Sequence[str], fields: Sequence[str]) -> Lines:
    """The entries of the span that fit; `matches` as journalctl takes them. Raises CommandProblem where it is not."""
    found = printed(command(span, matches, fields), BYTES_MAX, TIMEOUT_S)
    reaches = span.from_ms >= span.booted_ms or is_stored()
    read = parse(found.lines, span)
    return Lines(read, whole=reaches and not found.cut and _answered(found) and len(found.lines) < LINES_MAX)


def command(span: Span, matches: Sequence[str], fields: Sequence[str]) -> list[str]:
    """`--until` is rounded up to the next second; `parse` leaves out what is too late."""
    return [
        *("journalctl", "--quiet", "--no-pager", "--output=json", f"--output-fields={','.join(fields)}"),
        *(f"--since=@{span.from_ms // 1000}", f"--until=@{span.to_ms // 1000 + 1}", f"--lines={LINES_MAX}"),
        *matches,
    ]


def is_stored() -> bool:
    return STORED.is_dir()


def parse(lines: Sequence[str], span: Span) -> list[Line]:
    """Lines of `--output=json`; one that is not understood is passed over."""
    found = []
    for line in lines:
        try:
            value = json.loads(line)
            at_ms = int(value["__REALTIME_TIMESTAMP"]) // 1000
        except (ValueError, KeyError, TypeError):
            continue
        if span.from_ms <= at_ms < span.to_ms:
            found.append(Line(at_ms, {key: text for key, text in value.items() if isinstance(text, str)}))
    return found


def _answered(found: Printed) -> bool:
    """journalctl ends with 1 when no entry fits, and prints nothing."""
    return found.exit_code == 0 or (found.exit_code == 1 and not found.lines)
