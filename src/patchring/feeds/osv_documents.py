"""The single advisories of what OSV is packed as, one after the other, so that no zip is ever open as a whole."""

import io
import lzma
import struct
import zipfile
import zlib
from collections.abc import Iterator

import msgspec

from patchring.feeds import reading
from patchring.feeds.errors import Empty, TooLarge, Truncated, WrongEncoding
from patchring.feeds.guards import BOUNDS, MIB, check_size

_ONE_DOCUMENT = 16 * MIB
MEMBER = ".json"
"""How the name of an advisory in a zip ends."""
_DAMAGED = (zipfile.BadZipFile, zlib.error, lzma.LZMAError, EOFError, OSError, ValueError, struct.error)


def documents(feed: str, raw: bytes) -> Iterator[tuple[str, str | bytes]]:
    """JSON texts of one advisory each, and which each is: `line 3`, `entry 3`, the name of a file in a zip, empty where
    there is one. Raises FeedRefused; what was yielded before has to be forgotten then."""
    check_size(feed, len(raw))
    if raw.startswith(b"PK\x03\x04"):
        yield from _of_zip(feed, raw)
        return
    text = reading.document(feed, raw)
    if text.lstrip().startswith("["):
        entries = reading.as_json(feed, text, list[msgspec.Raw])
        yield from ((f"entry {number}", bytes(each)) for number, each in enumerate(entries, 1))
    elif _is_lines(text.lstrip()):
        yield from ((f"line {number}", line) for number, line in enumerate(text.split("\n"), 1) if line.strip())
    else:
        yield "", text


def _is_lines(text: str) -> bool:
    """Whether each of several lines is an advisory; else the text is one, perhaps printed for people."""
    first, _, rest = text.rstrip().partition("\n")
    return bool(rest) and len(first.rstrip()) > 2 and first.rstrip().endswith("}")


def _of_zip(feed: str, raw: bytes) -> Iterator[tuple[str, bytes]]:
    """Its `.json` files. The sizes that a zip claims are not relied on."""
    left = BOUNDS[feed].bytes_open
    with _opened(feed, raw) as archive:
        members = [each for each in archive.infolist() if each.filename.endswith(MEMBER)]
        if not members:
            raise Empty(feed, "expected .json files in the zip, there are none")
        if len(members) > BOUNDS[feed].rows:
            raise TooLarge(feed, f"expected at most {BOUNDS[feed].rows} files in the zip, {len(members)} came")
        for member in members:
            content = _content(feed, archive, member)
            left -= len(content)
            if left < 0:
                raise TooLarge(feed, f"expected at most {BOUNDS[feed].bytes_open} bytes once unpacked, there are more")
            yield member.filename.removesuffix(MEMBER)[:200], content


def _opened(feed: str, raw: bytes) -> zipfile.ZipFile:
    try:
        return zipfile.ZipFile(io.BytesIO(raw))
    except zipfile.BadZipFile as error:  # its list of files is at its end
        raise Truncated(feed, f"expected a whole zip, it is cut off or damaged ({error})") from error
    except (*_DAMAGED, NotImplementedError) as error:
        raise WrongEncoding(feed, f"expected a sound zip, it is damaged ({error})") from error


def _content(feed: str, archive: zipfile.ZipFile, member: zipfile.ZipInfo) -> bytes:
    try:
        with archive.open(member) as opened:
            content = opened.read(_ONE_DOCUMENT + 1)
    except (*_DAMAGED, RuntimeError, NotImplementedError) as error:  # RuntimeError: it wants a password
        found = f"{reading.shown(member.filename)} is damaged ({error})"
        raise WrongEncoding(feed, f"expected a sound zip, {found}") from error
    if len(content) > _ONE_DOCUMENT:
        raise TooLarge(feed, f"expected advisories of at most {_ONE_DOCUMENT} bytes, one is larger")
    return content
