"""Whatever a feed says, it is refused with a reason or it is a whole snapshot; nothing else, and nothing in between."""

import gzip
import io
import lzma
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import astuple
from typing import Any

import pytest

from patchring.feeds import epss, kev, lifecycle, msrc, osv, sofa, winget
from patchring.feeds.errors import FeedRefused
from patchring.feeds.guards import check_rows
from patchring.feeds.model import Snapshot
from tests.feeds.material import OBSERVED, POLLS, cut
from tests.feeds.mutating import mutations

Parser = Callable[..., Snapshot[Any]]
ALMA = cut("osv/alma.ndjson")


def zipped(lines: list[bytes]) -> bytes:
    packed = io.BytesIO()
    with zipfile.ZipFile(packed, "w") as archive:
        for number, line in enumerate(lines):
            method = zipfile.ZIP_DEFLATED if number % 2 else zipfile.ZIP_STORED
            archive.writestr(zipfile.ZipInfo(f"{number}.json"), line, method)
    return packed.getvalue()


SOUND: dict[str, tuple[Parser, bytes]] = {
    "kev": (kev.parse, cut(f"kev/{POLLS[2]}.json")),
    "kev.gz": (kev.parse, gzip.compress(cut(f"kev/{POLLS[2]}.json"), mtime=0)),
    "epss": (epss.parse, cut("epss/epss.csv")),
    "epss.xz": (epss.parse, lzma.compress(cut("epss/epss.csv"))),
    "osv": (osv.parse, ALMA),
    "osv.zip": (osv.parse, zipped(ALMA.splitlines()[:5])),
    "osv.json": (osv.parse, ALMA.splitlines()[0]),
    "msrc": (msrc.parse, cut("msrc/month.xml")),
    "msrc.index": (msrc.parse_index, cut("msrc/index.json")),
    "sofa.macos": (sofa.parse, cut("sofa/macos.json")),
    "sofa.safari": (sofa.parse, cut("sofa/safari.json")),
    "winget.index": (winget.parse, cut("winget/index.json")),
    "winget.history": (winget.parse, cut("winget/history.csv")),
    "endoflife": (lifecycle.parse, cut("lifecycle/products.json")),
    "endoflife.api": (lifecycle.parse, cut("lifecycle/api.json")),
}


def outcome(parse: Parser, raw: bytes) -> str:
    """The kind of the refusal, or that it was taken; what is taken is whole: it has rows, each once, of real text."""
    try:
        found = parse(raw, OBSERVED)
    except FeedRefused as refused:
        text = str(refused)
        assert "\n" not in text, text
        assert len(text) < 700, text
        return refused.kind
    check_rows(found.feed, found.rows)
    assert found.size_bytes == len(raw)
    for text in texts([astuple(row) for row in found.rows]):
        assert "\0" not in text
        text.encode()  # nothing that has no place in UTF-8
    return "taken"


def texts(said: Any) -> Iterator[str]:
    """All text in what was said, however deep."""
    if isinstance(said, str):
        yield said
    elif isinstance(said, tuple | list):
        for each in said:
            yield from texts(each)


def check(name: str, count: int, seed: int) -> None:
    parse, sound = SOUND[name]
    assert outcome(parse, sound) == "taken"
    outcomes = {outcome(parse, broken) for broken in mutations(sound, count, seed)}
    assert len(outcomes) > 1, "mutations that all end alike test little"


@pytest.mark.parametrize("name", SOUND)
def test_a_broken_feed_is_refused_or_whole(name: str) -> None:
    check(name, 300, seed=1)


@pytest.mark.long
@pytest.mark.parametrize("name", SOUND)
def test_ten_thousand_broken_feeds_are_each_refused_or_whole(name: str) -> None:
    check(name, 10_000, seed=2)
