"""Microsoft's security updates: a document of a month in CVRF, and the index of months.

An update is known by its KB, product and classification; one KB can be in the documents of several months, and what
each says adds up. CVRF does not know the update ids and deployment actions of Windows Update: those a device reports.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import msgspec

from patchring.feeds.errors import Empty, WrongShape
from patchring.feeds.model import Snapshot, WindowsUpdate
from patchring.feeds.msrc_month import Month, Product, Vulnerability
from patchring.feeds.msrc_reading import FEED, moment, products, vulnerability
from patchring.feeds.msrc_updates import updates
from patchring.feeds.reading import as_json, clean, document, name, snapshot
from patchring.feeds.xml_records import Node, records

INDEX = "index"
"""The part of the feed that is the list of months."""
_WANTED = frozenset({"DocumentTitle", "DocumentTracking", "ProductTree", "Vulnerability"})


def parse(raw: bytes, observed_at: datetime) -> Snapshot[WindowsUpdate]:
    """A month by update. `part` is the month ("2026-Feb"), `version` its revision. Raises FeedRefused."""
    month = read(raw)
    rows = updates(month)
    return snapshot(
        FEED, raw, rows, observed_at, published_at=month.revised_at, version=month.revision, part=month.month
    )


def read(raw: bytes) -> Month:
    """The document as it is, with the CVEs that nothing settles yet. Raises FeedRefused."""
    heads: dict[str, Node] = {}
    known: dict[str, Product] = {}
    found: list[Vulnerability] = []
    for record in records(FEED, document(FEED, raw), "cvrfdoc", _WANTED):
        if record.tag == "Vulnerability":
            found.append(vulnerability(record, known))
        elif record.tag in heads:
            raise WrongShape(FEED, f"expected one {record.tag}, two came")
        else:
            heads[record.tag] = record
            known = products(record) if record.tag == "ProductTree" else known
    return _month(heads, known, found)


def _month(heads: dict[str, Node], known: dict[str, Product], found: list[Vulnerability]) -> Month:
    absent = sorted(_WANTED - {"Vulnerability"} - set(heads))
    if absent:
        raise WrongShape(FEED, f"expected a {absent[0]}, none came")
    if not found:
        raise Empty(FEED, "expected vulnerabilities, the month has none")
    tracking = heads["DocumentTracking"]
    revisions = tracking.under("RevisionHistory", "Revision")
    return Month(
        month=name(FEED, "the month", tracking.said("Identification", "ID"), 40),
        title=clean(FEED, "the title", heads["DocumentTitle"].text),
        revision=clean(FEED, "the revision", revisions[-1].said("Number") if revisions else "", 40),
        published_at=moment("the first release", tracking.said("InitialReleaseDate")),
        revised_at=moment("the current release", tracking.said("CurrentReleaseDate")),
        products=known,
        vulnerabilities=tuple(found),
    )


@dataclass(frozen=True, slots=True)
class MonthListed:
    """A line of the index. A month that is not listed any more is still what it was: nothing closes by it."""

    month: str
    title: str
    published_at: datetime
    revised_at: datetime
    url: str

    @property
    def key(self) -> str:
        return self.month


class _Line(msgspec.Struct, rename={"month": "ID", "title": "DocumentTitle", "url": "CvrfUrl"}):
    month: str
    title: str
    url: str
    first: str = msgspec.field(name="InitialReleaseDate")
    current: str = msgspec.field(name="CurrentReleaseDate")


class _Index(msgspec.Struct):
    value: list[_Line]


def parse_index(raw: bytes, observed_at: datetime) -> Snapshot[MonthListed]:
    """The list of months as `https://api.msrc.microsoft.com/cvrf/v3.0/updates` has it. Raises FeedRefused."""
    index = as_json(FEED, document(FEED, raw), _Index)
    rows = [_listed(line) for line in index.value]
    latest = max((row.revised_at for row in rows), default=None)
    return snapshot(FEED, raw, rows, observed_at, version=latest.isoformat() if latest else "", part=INDEX)


def _listed(line: _Line) -> MonthListed:
    month = name(FEED, "a month", line.month, 40)
    return MonthListed(
        month=month,
        title=clean(FEED, f"the title of {month}", line.title),
        published_at=moment(f"the release of {month}", line.first),
        revised_at=moment(f"the change of {month}", line.current),
        url=clean(FEED, f"the address of {month}", line.url),
    )


def to_fetch(loaded: Mapping[str, datetime], listed: Snapshot[MonthListed]) -> tuple[MonthListed, ...]:
    """The months that are new or were revised since they were loaded (`published_at` by `part`), by name."""
    newer = [row for row in listed.rows if row.month not in loaded or loaded[row.month] < row.revised_at]
    return tuple(sorted(newer, key=lambda row: row.month))


def behind(loaded: Mapping[str, datetime], listed: Snapshot[MonthListed]) -> tuple[str, ...]:
    """The months that were loaded and of which the source now has less: an older revision, or nothing. What was loaded
    of them stays, and they are fetched when the source has caught up."""
    at = {row.month: row.revised_at for row in listed.rows}
    return tuple(sorted(month for month, revised_at in loaded.items() if month not in at or at[month] < revised_at))
