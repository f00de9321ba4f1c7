"""Time zones of the pinned `tzdata` package, so that every machine has the same rules. Handed to core as values."""

from functools import cache
from importlib import resources
from importlib.metadata import version
from zoneinfo import ZoneInfo


@cache
def zone(name: str) -> ZoneInfo:
    """The zone of an IANA name. Raises KeyError for one that tzdata does not have."""
    if not zone_exists(name):
        raise KeyError(name)
    place = resources.files("tzdata").joinpath("zoneinfo", *name.split("/"))
    with place.open("rb") as file:
        return ZoneInfo.from_file(file, key=name)


@cache
def zone_exists(name: str) -> bool:
    return name in _names()


def zones_version() -> str:
    """The version that decisions are made with."""
    return version("tzdata")


@cache
def _names() -> frozenset[str]:
    return frozenset(resources.files("tzdata").joinpath("zones").read_text(encoding="utf-8").split())
