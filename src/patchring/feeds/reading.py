"""From the bytes of a feed to text and typed values, within bounds, before anybody looks at what it says."""

import hashlib
import re
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec

from patchring.feeds.errors import TooLarge, Truncated, WrongEncoding, WrongShape
from patchring.feeds.guards import BOUNDS, check_published, check_rows, check_size
from patchring.feeds.model import R, Snapshot
from patchring.feeds.unpacking import unpacked

T = TypeVar("T")
Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""The type of a field of a feed that has a date, a time and its zone."""
CVE = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}")
_SHOWN = 60
_BYTE = re.compile(r"\(byte ([0-9]+)\)")


def document(feed: str, raw: bytes) -> str:
    """The text of a feed that is one document: plain, gzip or xz, in UTF-8 with or without a byte order mark.

    Raises Empty, TooLarge, Truncated, WrongEncoding."""
    check_size(feed, len(raw))
    return decoded(feed, unpacked(feed, raw, BOUNDS[feed].bytes_open))


def decoded(feed: str, content: bytes) -> str:
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise WrongEncoding(feed, f"expected UTF-8, byte {error.start} is none") from error


def as_json(feed: str, text: str | bytes, shape: type[T]) -> T:
    """The document as `shape` (msgspec types: added fields are ignored, types are held to). Raises Truncated,
    WrongShape, WrongEncoding."""
    try:
        return msgspec.json.decode(text, type=shape)
    except msgspec.ValidationError as error:
        raise WrongShape(feed, str(error)) from error
    except msgspec.DecodeError as error:
        found = str(error)
        if "truncated" in found:
            raise Truncated(feed, "expected a whole JSON document, it ends in the middle") from error
        raise WrongShape(feed, f"{_line(text, found)}expected JSON: {found}") from error
    except UnicodeDecodeError as error:
        raise WrongEncoding(feed, f"expected UTF-8: {error.reason}") from error
    except RecursionError as error:
        raise WrongShape(feed, "expected JSON of a few levels, it is nested without end") from error


def _line(text: str | bytes, found: str) -> str:
    """`line 3: ` where the decoder names a byte of a text of several lines; people look for lines."""
    byte = _BYTE.search(found)
    content = text.encode() if isinstance(text, str) else text
    if byte is None or b"\n" not in content.strip():
        return ""
    above = content.count(b"\n", 0, int(byte[1]))
    return f"line {above + 1}: "


def clean(feed: str, where: str, said: str, longest: int = 1000) -> str:
    """A text that is kept, without spaces around. Raises WrongShape for a NUL (no database takes it), TooLarge."""
    if "\0" in said:
        raise WrongShape(feed, f"expected text at {where}, it has a NUL")
    if len(said) > longest:
        raise TooLarge(feed, f"expected at most {longest} characters at {where}, {len(said)} came")
    return said.strip()


def name(feed: str, where: str, said: str, longest: int = 500) -> str:
    """The same of what has to be said. Raises WrongShape where it is empty."""
    text = clean(feed, where, said, longest)
    if not text:
        raise WrongShape(feed, f"expected a name at {where}, nothing came")
    return text


def cve(feed: str, where: str, said: str) -> str:
    if not CVE.fullmatch(said):
        raise WrongShape(feed, f"expected a CVE at {where}, got {shown(said)}")
    return said


def utc(feed: str, where: str, said: datetime) -> datetime:
    """An aware moment in UTC."""
    try:
        return said.astimezone(UTC)
    except OverflowError as error:
        raise WrongShape(feed, f"expected a moment at {where}, got {said.isoformat()}") from error


def shown(said: str) -> str:
    """A text of a stranger, short enough for a message of one line."""
    return repr(said if len(said) <= _SHOWN else f"{said[:_SHOWN]}…")


def snapshot(
    feed: str,
    raw: bytes,
    rows: Sequence[R],
    observed_at: datetime,
    *,
    published_at: datetime | None = None,
    version: str = "",
    part: str = "",
    complete: bool = True,
) -> Snapshot[R]:
    """What was read, as a whole. Raises Empty, TooLarge, Duplicate, WrongShape (published in the future)."""
    check_rows(feed, rows)
    check_published(feed, published_at, observed_at)
    digest = hashlib.sha256(raw).hexdigest()
    return Snapshot(feed, tuple(rows), published_at, version, observed_at, digest, len(raw), part, complete)
