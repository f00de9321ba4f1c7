"""Packed files that are sound, damaged, cut off, joined, and much larger inside than outside."""

import gzip
import lzma
import tracemalloc
from collections.abc import Callable

import pytest

from patchring.feeds.errors import FeedRefused
from patchring.feeds.unpacking import unpacked

MIB = 1024 * 1024
PACKINGS = pytest.mark.parametrize("pack", [gzip.compress, lzma.compress], ids=["gzip", "xz"])
Pack = Callable[[bytes], bytes]


def kind(raw: bytes, most: int = MIB) -> str:
    with pytest.raises(FeedRefused) as refused:
        unpacked("kev", raw, most)
    return refused.value.kind


@PACKINGS
def test_what_is_packed_comes_out_also_when_files_were_joined(pack: Pack) -> None:
    assert unpacked("kev", pack(b"one"), 3) == b"one"
    assert unpacked("kev", pack(b"one ") + pack(b"two"), 7) == b"one two"
    assert unpacked("kev", pack(b""), 0) == b""
    assert unpacked("kev", b"plain", 5) == b"plain"


@PACKINGS
def test_what_is_larger_inside_than_it_may_be_is_refused_before_it_is_there(pack: Pack) -> None:
    """40 MiB of nothing is 40 kB and less; of it one MiB is unpacked and a little more."""
    bomb = pack(bytes(40 * MIB))
    tracemalloc.start()
    refused = kind(bomb)
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert refused == "feed_too_large"
    assert most < 16 * MIB
    assert kind(pack(b"one ") + pack(b"two"), 6) == "feed_too_large"
    assert kind(pack(b"one") + pack(b"!"), 3) == "feed_too_large"


def test_a_plain_file_has_the_same_limit() -> None:
    assert kind(b"plain", 4) == "feed_too_large"


@PACKINGS
def test_what_is_cut_off_or_damaged_is_told_apart(pack: Pack) -> None:
    packed = pack(bytes(range(256)) * 100)
    assert {kind(packed[:end]) for end in range(10, len(packed), 7)} == {"feed_truncated"}
    assert kind(packed + b"and more of it") == "feed_wrong_encoding"
    flipped = bytearray(packed)
    flipped[-3 if pack is gzip.compress else -20] ^= 0xFF
    assert kind(bytes(flipped)) == "feed_wrong_encoding"


def test_an_xz_that_wants_more_memory_than_there_is_for_it_is_refused() -> None:
    """Its header asks for a dictionary of 256 MiB."""
    filters = [{"id": lzma.FILTER_LZMA2, "dict_size": 256 * MIB, "mode": lzma.MODE_FAST, "mf": lzma.MF_HC3}]
    packer = lzma.LZMACompressor(format=lzma.FORMAT_XZ, filters=filters)
    assert kind(packer.compress(b"x") + packer.flush()) == "feed_wrong_encoding"
