"""CISA's catalogue of known exploited vulnerabilities (KEV), JSON by its schema of 2024 and later.

Source: https://www.cisa.gov/known-exploited-vulnerabilities-catalog (CC0). What is exploited sets due dates, so the
types are held to, and the catalogue's own count has to agree; fields that are added do no harm.
"""

from datetime import date, datetime

import msgspec

from patchring.feeds import reading
from patchring.feeds.errors import Truncated, WrongShape
from patchring.feeds.model import Exploited, Snapshot

FEED = "kev"


class _Entry(msgspec.Struct):
    """The due date is the one of an older directive; Patchring computes its own, so a missing one is no fault."""

    cve: str = msgspec.field(name="cveID")
    vendor: str = msgspec.field(name="vendorProject")
    product: str
    name: str = msgspec.field(name="vulnerabilityName")
    listed_on: date = msgspec.field(name="dateAdded")
    due_on: date | None = msgspec.field(name="dueDate", default=None)
    ransomware: str | None = msgspec.field(name="knownRansomwareCampaignUse", default=None)


class _Catalogue(msgspec.Struct):
    version: str = msgspec.field(name="catalogVersion")
    released_at: reading.Moment = msgspec.field(name="dateReleased")
    count: int
    entries: list[_Entry] = msgspec.field(name="vulnerabilities")


def parse(raw: bytes, observed_at: datetime) -> Snapshot[Exploited]:
    """The catalogue, in its own order. `raw`: plain, gzip or xz. Raises FeedRefused."""
    catalogue = reading.as_json(FEED, reading.document(FEED, raw), _Catalogue)
    _check_count(catalogue)
    return reading.snapshot(
        FEED,
        raw,
        [_row(number, entry) for number, entry in enumerate(catalogue.entries)],
        observed_at,
        published_at=reading.utc(FEED, "dateReleased", catalogue.released_at),
        version=reading.name(FEED, "catalogVersion", catalogue.version),
    )


def _check_count(catalogue: _Catalogue) -> None:
    came = len(catalogue.entries)
    if came == catalogue.count:
        return
    refusal = Truncated if came < catalogue.count else WrongShape
    raise refusal(FEED, f"expected {catalogue.count} entries, as its count says, {came} came")


def _row(number: int, entry: _Entry) -> Exploited:
    where = f"vulnerabilities[{number}]"
    return Exploited(
        cve=reading.cve(FEED, f"{where}.cveID", entry.cve),
        listed_on=entry.listed_on,
        due_on=entry.due_on,
        # "Unknown" is CISA's word for: nobody has confirmed it.
        ransomware=True if entry.ransomware == "Known" else None,
        vendor=reading.clean(FEED, f"{where}.vendorProject", entry.vendor),
        product=reading.clean(FEED, f"{where}.product", entry.product),
        name=reading.clean(FEED, f"{where}.vulnerabilityName", entry.name),
    )
