"""Which parser reads which feed."""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any

from patchring.feeds import epss, kev, lifecycle, msrc, osv, sofa, winget
from patchring.feeds.model import Snapshot

Parser = Callable[[bytes, datetime, str], Snapshot[Any]]


def _whole(parse: Callable[[bytes, datetime], Snapshot[Any]]) -> Parser:
    """A parser that finds out by itself which part it reads."""
    return lambda raw, observed_at, part: parse(raw, observed_at)


PARSERS: Mapping[str, Parser] = {
    "kev": _whole(kev.parse),
    "epss": _whole(epss.parse),
    "osv": lambda raw, observed_at, part: osv.parse(raw, observed_at, part=part),
    "msrc": _whole(msrc.parse),
    "sofa": _whole(sofa.parse),
    "winget": _whole(winget.parse),
    "endoflife": _whole(lifecycle.parse),
}
