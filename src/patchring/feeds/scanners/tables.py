"""Reports as tables: CSV by its header, within bounds."""

import csv
import io
from collections.abc import Iterator, Mapping

from patchring.feeds.errors import TooLarge, Truncated, WrongShape
from patchring.feeds.guards import BOUNDS
from patchring.feeds.scanners.model import FEED
from patchring.feeds.scanners.words import ADVICE

FIELD_MAX = 131_072


def rows(text: str, wanted: frozenset[str], before_header: bool = False) -> Iterator[tuple[int, Mapping[str, str]]]:
    """Line number and columns, by the names of the header in small letters; empty lines are left out.

    `before_header`: the header may stand behind other lines, and a table ends with the first empty one after it.
    Raises WrongShape, TooLarge, Truncated (a quote that does not end)."""
    csv.field_size_limit(FIELD_MAX)
    reader = csv.reader(io.StringIO(text, newline=""), strict=True)
    header: list[str] | None = None
    try:
        for row in reader:
            if header is None:
                header = _header(row, wanted, before_header)
            elif any(row):
                yield reader.line_num, _named(row, header, reader.line_num)
            elif before_header:
                return
            if reader.line_num > BOUNDS[FEED].rows:
                raise TooLarge(FEED, f"expected at most {BOUNDS[FEED].rows} lines, there are more", ADVICE)
    except csv.Error as error:
        if "unexpected end" in str(error):
            raise Truncated(
                FEED, f"expected a whole table, a quote of line {reader.line_num} does not end", ADVICE
            ) from error
        raise WrongShape(FEED, f"expected CSV at line {reader.line_num}: {error}", ADVICE) from error
    if header is None:
        raise _no_header(wanted)


def _header(row: list[str], wanted: frozenset[str], before_header: bool) -> list[str] | None:
    found = [name.strip().lower() for name in row]
    if wanted <= set(found):
        return found
    if before_header:
        return None
    raise _no_header(wanted)


def _no_header(wanted: frozenset[str]) -> WrongShape:
    return WrongShape(FEED, f"expected a header with {', '.join(sorted(wanted))}, none came", ADVICE)


def _named(row: list[str], header: list[str], line: int) -> Mapping[str, str]:
    if len(row) != len(header):
        raise WrongShape(FEED, f"expected {len(header)} columns in line {line}, {len(row)} came", ADVICE)
    return dict(zip(header, row, strict=True))
