"""What a scanner says: hosts that it looked at, and what it found on each."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime

from patchring.feeds.errors import Empty, TooLarge
from patchring.feeds.guards import BOUNDS

FEED = "scanner"
SEVERITIES = ("", "info", "low", "medium", "high", "critical")


@dataclass(frozen=True, slots=True)
class Said:
    """One thing found on a host. `cve` empty: the scanner names none. `check` is its own number for it. `severity` is
    one of SEVERITIES; empty: it said none."""

    cve: str
    check: str
    severity: str
    title: str
    port: str = ""


@dataclass(frozen=True, slots=True)
class Host:
    """`names`: every name and address by which the scanner knows it, the best first, in small letters. `seen_at`: when
    it was last looked at, aware UTC; None: the report does not say. Without `found` it was looked at and is clean."""

    names: tuple[str, ...]
    seen_at: datetime | None
    found: tuple[Said, ...] = ()


def report(hosts: Iterable[Host]) -> tuple[Host, ...]:
    """A whole report, each host once. Raises Empty, TooLarge."""
    merged: dict[str, Host] = {}
    for host in hosts:
        before = merged.get(host.names[0])
        merged[host.names[0]] = host if before is None else _both(before, host)
    rows = sum(len(host.found) for host in merged.values())
    if not merged:
        raise Empty(FEED, "expected hosts, none came", "export the report again, with its hosts")
    if rows > BOUNDS[FEED].rows:
        raise TooLarge(
            FEED, f"expected at most {BOUNDS[FEED].rows} findings, {rows} came", "export fewer hosts at once"
        )
    return tuple(merged[name] for name in sorted(merged))


def _both(one: Host, other: Host) -> Host:
    names = tuple(dict.fromkeys((*one.names, *other.names)))
    seen = [each for each in (one.seen_at, other.seen_at) if each]
    return Host(names, max(seen, default=None), tuple(dict.fromkeys((*one.found, *other.found))))
