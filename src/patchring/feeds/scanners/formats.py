"""The formats by the name that people give."""

from collections.abc import Callable, Mapping
from enum import StrEnum

from patchring.feeds.scanners import generic, nessus, qualys
from patchring.feeds.scanners.model import Host


class Format(StrEnum):
    NESSUS = "nessus"
    QUALYS = "qualys"
    CSV = "csv"
    JSON = "json"


PARSERS: Mapping[Format, Callable[[bytes], tuple[Host, ...]]] = {
    Format.NESSUS: nessus.parse,
    Format.QUALYS: qualys.parse,
    Format.CSV: generic.parse_csv,
    Format.JSON: generic.parse_json,
}
