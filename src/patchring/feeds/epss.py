"""EPSS of FIRST: how likely each CVE is to be exploited within 30 days. CSV with a comment line and a header.

Source: https://www.first.org/epss/data_stats. All scores of a day are one file of 360,000 lines and more.
"""

import re
from collections.abc import Iterator
from datetime import UTC, date, datetime

from patchring.feeds import reading
from patchring.feeds.errors import Truncated, WrongShape
from patchring.feeds.model import Scored, Snapshot

FEED = "epss"
_COMMENT = re.compile(r"#model_version:([^,\n]{1,100}),score_date:([0-9T:+-]{10,30}Z?)\r?\n")
_HEADER = re.compile(r"cve,epss,percentile\r?\n")
_NUMBER = r"([0-9](?:\.[0-9]{1,15})?(?:[eE]-[0-9]{1,2})?)"
_LINE = re.compile(rf"(CVE-[0-9]{{4}}-[0-9]{{4,19}}),{_NUMBER},{_NUMBER}\r?\n")
_BEFORE_LINES = 2


def parse(raw: bytes, observed_at: datetime) -> Snapshot[Scored]:
    """All scores, in the file's order. `raw`: plain, gzip or xz. Raises FeedRefused."""
    text = reading.document(FEED, raw)
    comment = _COMMENT.match(text)
    if comment is None:
        raise WrongShape(FEED, f"expected #model_version:...,score_date:... on line 1, got {reading.shown(text[:80])}")
    header = _HEADER.match(text, comment.end())
    if header is None:
        raise WrongShape(FEED, "expected the header cve,epss,percentile on line 2")
    if not text.endswith("\n"):
        raise Truncated(FEED, "expected a whole last line, it ends in the middle")
    published_at = _moment(comment[2])
    rows = list(_rows(text, header.end(), published_at.date()))
    version = reading.clean(FEED, "model_version", comment[1])
    return reading.snapshot(FEED, raw, rows, observed_at, published_at=published_at, version=version)


def _rows(text: str, begin: int, scored_on: date) -> Iterator[Scored]:
    """One pass over the text: a copy of every line would cost more than the rows do."""
    millionths = _Millionths()
    position, number = begin, _BEFORE_LINES
    while position < len(text):
        number += 1
        line = _LINE.match(text, position)
        if line is None:
            found = text[position : position + 80].split("\n", 1)[0]
            raise WrongShape(FEED, f"expected CVE,score,percentile on line {number}, got {reading.shown(found)}")
        try:
            yield Scored(line[1], millionths[line[2]], millionths[line[3]], scored_on)
        except ValueError as error:
            raise WrongShape(FEED, f"expected shares of at most 1 on line {number}, got {line[0].strip()}") from error
        position = line.end()


class _Millionths(dict[str, int]):
    """From what is written to millionths: most shares occur often. Raises ValueError above 1."""

    def __missing__(self, said: str) -> int:
        found = round(float(said) * 1_000_000)
        if found > 1_000_000:
            raise ValueError(said)
        return self.setdefault(said, found)


def _moment(said: str) -> datetime:
    try:
        found = datetime.fromisoformat(said)
        return (found if found.tzinfo else found.replace(tzinfo=UTC)).astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongShape(FEED, f"expected a moment as score_date, got {reading.shown(said)}") from error
