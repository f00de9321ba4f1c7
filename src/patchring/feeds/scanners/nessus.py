"""Nessus: the file `.nessus` (version 2), which is XML.

Source: https://docs.tenable.com/quick-reference/nessus-file-format. A host that was looked at and is clean stands in it
with items of severity 0 alone.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime

from patchring.feeds import reading
from patchring.feeds.errors import WrongShape
from patchring.feeds.scanners import words
from patchring.feeds.scanners.model import FEED, Host, Said, report
from patchring.feeds.xml_records import Node, records

_NAMES = ("host-fqdn", "netbios-name", "hostname", "host-ip")
_SECONDS = re.compile(r"[0-9]{1,10}")


def parse(raw: bytes) -> tuple[Host, ...]:
    """`raw`: plain, gzip or xz. Raises FeedRefused."""
    text = reading.document(FEED, raw)
    nodes = records(FEED, text, "NessusClientData_v2", frozenset({"ReportHost"}), level=3)
    return report([_host(node, number) for number, node in enumerate(nodes, start=1)])


def _host(node: Node, number: int) -> Host:
    where = f"ReportHost {number}"
    tags = {each.attributes.get("name", ""): each.text for each in node.under("HostProperties", "tag")}
    said = [tags.get(name, "") for name in _NAMES]
    found = (each for item in node.all("ReportItem") for each in _items(item, where))
    names = words.names(where, [*said, node.attributes.get("name", "")])
    return Host(names, _seen_at(where, tags), tuple(dict.fromkeys(found)))


def _seen_at(where: str, tags: Mapping[str, str]) -> datetime | None:
    """HOST_END is in the scanner's own time and does not say its zone: it is read as UTC only where seconds since 1970
    are not there."""
    seconds = tags.get("HOST_END_TIMESTAMP", "")
    if not seconds:
        return words.instant(where, tags.get("HOST_END", ""))
    if not _SECONDS.fullmatch(seconds):
        raise WrongShape(
            FEED,
            f"expected seconds since 1970 at {where}, HOST_END_TIMESTAMP, got {reading.shown(seconds)}",
            words.ADVICE,
        )
    return datetime.fromtimestamp(int(seconds), UTC)


def _items(item: Node, where: str) -> Iterator[Said]:
    """One for each CVE; what has none and is only information is left out."""
    severity = words.severity(where, item.attributes.get("severity", "0"))
    check = reading.name(FEED, f"{where}, pluginID", item.attributes.get("pluginID", ""), words.CHECK_MAX)
    title = reading.clean(FEED, f"{where}, pluginName", item.attributes.get("pluginName", ""))[: words.TITLE_MAX]
    port = reading.clean(FEED, f"{where}, port", item.attributes.get("port", ""), words.CHECK_MAX)
    cves = [cve for each in item.all("cve") for cve in words.cves(f"{where}, cve", each.text)]
    for cve in dict.fromkeys(cves) or ([""] if severity != "info" else []):
        yield Said(cve, check, severity, title, "" if port == "0" else port)
