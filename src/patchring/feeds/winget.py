"""Versions of third-party applications in the community catalogue of winget.

Two forms are read: the index of the catalogue as JSON (a list of packages with the version that is offered now; with
or without the day of its last change), and a history of versions as CSV. Winget's own index is a SQLite file in a
signed MSIX; it is not read.
"""

import csv
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from io import StringIO

import msgspec

from patchring.feeds.errors import Duplicate, Truncated, WrongShape
from patchring.feeds.model import AppVersion, Snapshot
from patchring.feeds.reading import as_json, document, name, shown, snapshot

FEED = "winget"
_HISTORY = ("package_id", "version", "previous_version", "first_seen_at")


class _Package(msgspec.Struct, rename="pascal"):
    package_id: str
    version: str
    last_update: str | None = None


def parse(raw: bytes, observed_at: datetime) -> Snapshot[AppVersion]:
    """Which form it is, it says itself. `part` is "index" or "history". Raises FeedRefused."""
    text = document(FEED, raw)
    if text.lstrip()[:1] in ("[", "{"):
        return snapshot(FEED, raw, _offered(as_json(FEED, text, list[_Package])), observed_at, part="index")
    return snapshot(FEED, raw, _gathered(_events(text)), observed_at, part="history")


def _offered(packages: list[_Package]) -> list[AppVersion]:
    rows = [_package(package) for package in packages]
    once: dict[str, AppVersion] = {}
    for row in rows:
        if once.setdefault(row.package_id, row) != row:
            raise Duplicate(FEED, f"expected one version of {row.package_id}, two came")
    return list(once.values())


def _package(said: _Package) -> AppVersion:
    package_id = _id(said.package_id)
    seen_at = _moment(package_id, said.last_update) if said.last_update else None
    return AppVersion(package_id, _version(package_id, said.version), "", seen_at)


def _events(text: str) -> Iterator[AppVersion]:
    """Lines as they are. Raises Truncated where the last one has no end."""
    if not text.endswith("\n"):
        raise Truncated(FEED, "expected whole lines, the last one has no end")
    lines = csv.reader(StringIO(text, newline=""), strict=True)
    try:
        header = next(lines, [])
        if not set(_HISTORY) <= set(header):
            raise WrongShape(FEED, f"expected the columns {', '.join(_HISTORY)}, got {shown(','.join(header))}")
        at = [header.index(column) for column in _HISTORY]
        for line in lines:
            if len(line) != len(header):
                raise WrongShape(FEED, f"expected {len(header)} fields in line {lines.line_num}, got {len(line)}")
            yield _event(*(line[index] for index in at))
    except csv.Error as error:
        raise WrongShape(FEED, f"expected CSV in line {lines.line_num}: {error}") from error


def _event(package_id: str, version: str, previous: str, seen: str) -> AppVersion:
    package_id = _id(package_id)
    before = _version(package_id, previous) if previous else ""
    return AppVersion(package_id, _version(package_id, version), before, _moment(package_id, seen))


def _gathered(events: Iterable[AppVersion]) -> list[AppVersion]:
    """A version that came twice is told once, as it came first. Offered is what came last of a package."""
    first: dict[str, AppVersion] = {}
    last: dict[str, AppVersion] = {}
    for event in sorted(events, key=_seen):
        first.setdefault(event.key, event)
        last[event.package_id] = event
    offered = {event.key for event in last.values()}
    return [replace(row, offered=row.key in offered) for row in first.values()]


def _seen(event: AppVersion) -> datetime:
    assert event.seen_at is not None, "an event of the history has its moment"
    return event.seen_at


def _id(said: str) -> str:
    text = name(FEED, "a package", said, 200)
    if " " in text or "." not in text:
        raise WrongShape(FEED, f"expected the id of a package (Publisher.Name), got {shown(text)}")
    return text


def _version(package_id: str, said: str) -> str:
    return name(FEED, f"the version of {package_id}", said, 200)


def _moment(where: str, said: str) -> datetime:
    try:
        at = datetime.fromisoformat(said)
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, OverflowError) as error:
        raise WrongShape(FEED, f"expected a time at {where}, got {shown(said)}") from error
