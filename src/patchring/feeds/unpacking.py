"""Unpacks what feeds are packed with, and never more than a feed may have: a small file can hold gigabytes."""

import lzma
import zlib
from typing import Protocol

from patchring.feeds.errors import TooLarge, Truncated, WrongEncoding

_XZ_MEMORY = 128 * 1024 * 1024


class _Unpacker(Protocol):
    @property
    def eof(self) -> bool: ...
    @property
    def unused_data(self) -> bytes: ...
    def decompress(self, data: bytes, max_length: int = ..., /) -> bytes: ...


def unpacked(feed: str, raw: bytes, most: int) -> bytes:
    """The content of gzip or xz, known by how it begins; anything else as it is. `most` is in bytes.

    Raises TooLarge, Truncated, WrongEncoding (damaged, or Zstandard, which there is no reader for)."""
    if raw.startswith(b"\x28\xb5\x2f\xfd"):
        raise WrongEncoding(feed, "expected plain text, gzip or xz, Zstandard came", "unpack it first: `zstd -d`")
    if raw.startswith(b"\x1f\x8b"):
        return _all_of(feed, raw, most, gzip=True)
    if raw.startswith(b"\xfd7zXZ\x00"):
        return _all_of(feed, raw, most, gzip=False)
    if len(raw) > most:
        raise TooLarge(feed, f"expected at most {most} bytes, {len(raw)} came")
    return raw


def _all_of(feed: str, raw: bytes, most: int, *, gzip: bool) -> bytes:
    """All streams of the file, one after the other: both formats let them be joined."""
    parts: list[bytes] = []
    left, rest = most, raw
    while rest:
        unpacker = _opened(gzip=gzip)
        part = _one(feed, unpacker, rest, left)
        parts.append(part)
        left, rest = left - len(part), unpacker.unused_data
    return b"".join(parts)


def _opened(*, gzip: bool) -> _Unpacker:
    if gzip:
        return zlib.decompressobj(wbits=31)
    return lzma.LZMADecompressor(format=lzma.FORMAT_XZ, memlimit=_XZ_MEMORY)


def _one(feed: str, unpacker: _Unpacker, packed: bytes, left: int) -> bytes:
    try:
        content = unpacker.decompress(packed, left + 1)
    except (zlib.error, lzma.LZMAError, MemoryError) as error:
        raise WrongEncoding(feed, f"expected a sound packed file, it is damaged ({error})") from error
    if len(content) > left:
        raise TooLarge(feed, f"expected at most {left} bytes once unpacked, there are more")
    if not unpacker.eof:
        raise Truncated(feed, "expected a whole packed file, it ends in the middle")
    return content
