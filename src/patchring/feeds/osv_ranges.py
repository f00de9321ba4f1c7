"""From OSV's ranges to lines that say from which version to which an advisory holds.

Evaluation: https://ossf.github.io/osv-schema/#evaluation. Events are told in any order, so they are sorted by the order
of the distribution's own versions. Where no range of versions is given, each version that is named is a line.
"""

from collections.abc import Iterable, Iterator, Sequence
from sys import intern
from typing import Any

import msgspec

from patchring.core.risk.matching import Affected
from patchring.core.versions import KEYS
from patchring.feeds import reading
from patchring.feeds.ecosystems import FAMILIES, family_of, scheme_of
from patchring.feeds.errors import WrongShape

# At the same version a range ends before another begins, and its last version comes after its first.
_RANK = {"fixed": 0, "introduced": 1, "last_affected": 2}


class Event(msgspec.Struct):
    introduced: str | None = None
    fixed: str | None = None
    last_affected: str | None = None
    limit: str | None = None


class Range(msgspec.Struct):
    type: str
    events: list[Event]


class Package(msgspec.Struct):
    ecosystem: str
    name: str


class Own(msgspec.Struct):
    """What only one ecosystem has."""

    urgency: Any = None


class Line(msgspec.Struct):
    package: Package | None = None
    ranges: list[Range] | None = None
    versions: list[str] | None = None
    own: Own | None = msgspec.field(name="ecosystem_specific", default=None)

    @property
    def urgency(self) -> str:
        """Debian's word; empty: it said none."""
        return self.own.urgency if self.own and isinstance(self.own.urgency, str) else ""


def lines_of(feed: str, advisory_id: str, said: Iterable[Line]) -> tuple[Affected, ...]:
    """What the advisory affects among distributions, sorted, each once. Raises WrongShape."""
    found = {line for each in said for line in _of_package(feed, advisory_id, each)}
    return tuple(sorted(found, key=lambda line: (line.ecosystem, line.package, line.introduced, line.fixed, line.last)))


def _of_package(feed: str, advisory_id: str, said: Line) -> Iterator[Affected]:
    if said.package is None or family_of(said.package.ecosystem) not in FAMILIES:
        return
    ecosystem = intern(reading.name(feed, f"an ecosystem of {advisory_id}", said.package.ecosystem, 200))
    package = intern(reading.name(feed, f"a package of {advisory_id}", said.package.name, 200))
    ranges = [each for each in said.ranges or () if each.type == "ECOSYSTEM"]
    spans = [span for each in ranges for span in _spans(feed, advisory_id, ecosystem, each.events)]
    if not ranges:
        spans = [(version, "", version) for version in said.versions or ()]
    for introduced, fixed, last in spans:
        yield Affected(advisory_id, ecosystem, package, "" if introduced == "0" else introduced, fixed, last)


def _spans(feed: str, advisory_id: str, ecosystem: str, events: Sequence[Event]) -> Iterator[tuple[str, str, str]]:
    """Introduced, fixed, last: of each stretch of versions that is affected."""
    begun: str | None = None
    steps = _in_order(ecosystem, [_step(feed, advisory_id, event) for event in events])
    if not any(kind == "introduced" for kind, _ in steps):
        raise WrongShape(feed, f"expected a range of {advisory_id} to begin with introduced, it does not begin")
    for kind, version in steps:
        if kind == "introduced":
            begun = version if begun is None else begun
        elif begun is not None:
            yield (begun, version, "") if kind == "fixed" else (begun, "", version)
            begun = None
    if begun is not None:
        yield begun, "", ""


def _step(feed: str, advisory_id: str, event: Event) -> tuple[str, str]:
    said = [(kind, version) for kind in _RANK if (version := getattr(event, kind)) is not None]
    if len(said) != 1 or event.limit is not None:
        raise WrongShape(
            feed, f"expected introduced, fixed or last_affected in each event of {advisory_id}, {len(said)} came"
        )
    kind, version = said[0]
    return kind, reading.name(feed, f"{kind} of {advisory_id}", version, 200)


def _in_order(ecosystem: str, steps: list[tuple[str, str]]) -> list[tuple[str, str]]:
    if len(steps) == 2 and steps[0] == ("introduced", "0"):  # nearly all of them
        return steps
    key = KEYS[scheme_of(ecosystem)]

    def place(step: tuple[str, str]) -> Any:
        kind, version = step
        return (0, (), _RANK[kind]) if step == ("introduced", "0") else (1, key(version), _RANK[kind])

    return sorted(steps, key=place)
