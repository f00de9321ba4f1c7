"""Advisories of Linux distributions in the Open Source Vulnerability format.

Schema: https://ossf.github.io/osv-schema/. Sources: https://osv.dev (a zip for each ecosystem), the AlmaLinux database.
A feed is one advisory, lines of one advisory each (NDJSON), a JSON list, or a zip of `.json` files. Lines about what is
no distribution (npm, PyPI) are left out; an advisory without any is kept, because it may be withdrawn later.
"""

import re
from collections import Counter
from collections.abc import Collection, Sequence
from datetime import datetime

import msgspec

from patchring.feeds import reading
from patchring.feeds.ecosystems import family_of
from patchring.feeds.errors import Duplicate, FeedRefused, TooLarge, WrongPart, WrongShape
from patchring.feeds.guards import BOUNDS
from patchring.feeds.model import Advisory, Snapshot
from patchring.feeds.osv_documents import documents
from patchring.feeds.osv_ranges import Line, lines_of

FEED = "osv"
_CVE_INSIDE = re.compile(r"(?:[A-Z]+-)?(CVE-[0-9]{4}-[0-9]{4,19})")
_WORD_FIRST = re.compile(r"(critical|important|moderate|low)\s*:", re.IGNORECASE)
# Debian's, worst first. "Not yet assigned" and "end-of-life" rate nothing.
_URGENCIES = ("high", "medium", "low", "unimportant")
_SUMMARY_LONGEST = 300
_VECTOR_LONGEST = 300


class _Severity(msgspec.Struct):
    type: str
    score: str


class _Entry(msgspec.Struct):
    id: str
    modified: reading.Moment
    published: reading.Moment | None = None
    withdrawn: reading.Moment | None = None
    aliases: list[str] | None = None
    upstream: list[str] | None = None
    related: list[str] | None = None
    summary: str | None = None
    details: str | None = None
    severity: list[_Severity] | None = None
    affected: list[Line] | None = None


def parse(raw: bytes, observed_at: datetime, *, part: str = "", complete: bool = True) -> Snapshot[Advisory]:
    """All advisories, sorted. `raw`: plain, gzip, xz or zip; `part`: the ecosystem that it is of; `complete` False:
    only what changed lately. An advisory that comes twice and says the same is taken once. Raises FeedRefused."""
    rows: dict[str, Advisory] = {}
    for where, document in documents(FEED, raw):
        try:
            _add(rows, _advisory(reading.as_json(FEED, document, _Entry)))
        except FeedRefused as refused:
            if not where:
                raise
            raise type(refused)(FEED, f"{where}: {refused.found}") from refused
    _check_part(part, rows.values())
    return reading.snapshot(FEED, raw, [rows[key] for key in sorted(rows)], observed_at, part=part, complete=complete)


def _check_part(part: str, rows: Collection[Advisory]) -> None:
    """That it is of the distribution that it was asked for or brought as. An advisory without lines is of any: it may
    be withdrawn, or of what is no distribution. Raises WrongPart."""
    family = family_of(part)
    came = Counter(each for row in rows for each in {family_of(line.ecosystem) for line in row.affected})
    others = [
        row for row in rows if row.affected and family not in {family_of(line.ecosystem) for line in row.affected}
    ]
    if family and (others or not came[family]):
        said = ", ".join(f"{name} ({count})" for name, count in came.most_common())
        first = f"; {others[0].advisory_id} is not of it" if others and came[family] else ""
        raise WrongPart(FEED, f"expected advisories of {family}, got {said or 'none of a distribution'}{first}")


def _add(rows: dict[str, Advisory], row: Advisory) -> None:
    if rows.setdefault(row.advisory_id, row) != row:
        raise Duplicate(FEED, f"expected one advisory {row.advisory_id}, two came that differ")
    if len(rows) > BOUNDS[FEED].rows:
        raise TooLarge(FEED, f"expected at most {BOUNDS[FEED].rows} advisories, more came")


def _advisory(entry: _Entry) -> Advisory:
    advisory_id = reading.name(FEED, "id", entry.id, 200)
    affected = lines_of(FEED, advisory_id, entry.affected or ())
    families = {family_of(line.ecosystem) for line in affected}
    summary = reading.clean(FEED, f"summary of {advisory_id}", _short(entry.summary or entry.details or ""))
    return Advisory(
        advisory_id=advisory_id,
        ecosystem=families.pop() if len(families) == 1 else "",
        published_at=_utc(advisory_id, entry.published),
        modified_at=reading.utc(FEED, f"modified of {advisory_id}", entry.modified),
        withdrawn_at=_utc(advisory_id, entry.withdrawn),
        cves=_cves(entry),
        severity=_word(entry, summary),
        summary=summary,
        affected=affected,
        vectors=_vectors(entry),
    )


def _utc(advisory_id: str, said: datetime | None) -> datetime | None:
    return None if said is None else reading.utc(FEED, f"a moment of {advisory_id}", said)


def _short(text: str) -> str:
    """The first line, to a length for a list."""
    line = text.strip().split("\n", 1)[0].strip()
    return line if len(line) <= _SUMMARY_LONGEST else f"{line[: _SUMMARY_LONGEST - 1]}…"


def _cves(entry: _Entry) -> tuple[str, ...]:
    """What it fixes or is another name of, sorted. `related` is weaker than both and speaks only where they do not:
    AlmaLinux and older notices of Ubuntu and Rocky have their CVEs there."""
    for said in ((entry.id, *(entry.aliases or ()), *(entry.upstream or ())), entry.related or ()):
        found = {match[1] for text in said if (match := _CVE_INSIDE.fullmatch(text))}
        if found:
            return tuple(sorted(found))
    return ()


def _word(entry: _Entry, summary: str) -> str:
    """The vendor's own rating: in the summary (RHEL and its family), a severity of its own type (Ubuntu), or the
    highest urgency of its lines (Debian)."""
    first = _WORD_FIRST.match(summary)
    if first:
        return first[1].lower()
    rated = [each.score.lower() for each in _severities(entry) if each.type == "Ubuntu"]
    rated += [urgency for urgency in _URGENCIES if urgency in {line.urgency for line in entry.affected or ()}]
    return rated[0][:20] if rated else ""


def _vectors(entry: _Entry) -> tuple[str, ...]:
    scored = [each for each in _severities(entry) if each.type.startswith("CVSS_V")]
    for each in scored:
        if len(each.score) > _VECTOR_LONGEST or not each.score.isascii() or not each.score.isprintable():
            raise WrongShape(FEED, f"expected a CVSS vector in {entry.id}, got {reading.shown(each.score)}")
    return tuple(dict.fromkeys(each.score for each in sorted(scored, key=lambda each: each.type, reverse=True)))


def _severities(entry: _Entry) -> Sequence[_Severity]:
    return entry.severity or ()
