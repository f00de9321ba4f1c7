"""What one collector found, and how what it saw is counted: one Signal for each subject, from the first instant on."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field

from patchring.wire.messages import Signal

SUBJECT_CHARACTERS_MAX = 100


@dataclass(frozen=True)
class Found:
    """`whole` is False when the collector could not read all of the span: what it says is then a part."""

    signals: list[Signal] = field(default_factory=list)
    whole: bool = True


NOTHING_READ = Found([], whole=False)


@dataclass(frozen=True)
class Seen:
    """`count` times something of this subject, the first time at that instant (UTC, milliseconds since 1970)."""

    at_ms: int
    subject: str
    count: int = 1


def counted(name: str, seen: Iterable[Seen]) -> list[Signal]:
    """One Signal for each subject, the most frequent first."""
    first: dict[str, int] = {}
    counts: dict[str, int] = {}
    for each in seen:
        subject = each.subject[:SUBJECT_CHARACTERS_MAX]
        first[subject] = min(first.get(subject, each.at_ms), each.at_ms)
        counts[subject] = counts.get(subject, 0) + each.count
    order = sorted(counts, key=lambda subject: (-counts[subject], subject))
    return [Signal(name, counts[subject], "count", first[subject], subject) for subject in order]
