"""Qualys: the CSV of a scan or host-based report. The header stands behind lines about the report.

Source: https://docs.qualys.com/en/vm/latest/reports/report_formats.htm. What the report calls fixed was found
before and is gone; it makes its host one that was looked at.
"""

from collections.abc import Mapping

from patchring.feeds import reading
from patchring.feeds.scanners import words
from patchring.feeds.scanners.model import FEED, Host, Said, report
from patchring.feeds.scanners.tables import rows

WANTED = frozenset({"ip", "qid", "title", "severity", "cve id"})
_FIXED = "fixed"
_INFORMATION = "ig"


def parse(raw: bytes) -> tuple[Host, ...]:
    """`raw`: plain, gzip or xz. Raises FeedRefused."""
    text = reading.document(FEED, raw)
    return report(_host(line, row) for line, row in rows(text, WANTED, before_header=True))


def _host(line: int, row: Mapping[str, str]) -> Host:
    where = f"line {line}"
    said = [row.get(name, "") for name in ("fqdn", "dns", "netbios", "ip")]
    seen_at = words.instant(f"{where}, Last Detected", row.get("last detected", ""))
    return Host(words.names(where, said), seen_at, tuple(_found(where, row)))


def _found(where: str, row: Mapping[str, str]) -> list[Said]:
    if row.get("vuln status", "").strip().lower() == _FIXED or row.get("type", "").strip().lower() == _INFORMATION:
        return []
    severity = words.severity(where, row["severity"], words.BY_QUALYS)
    check = reading.name(FEED, f"{where}, QID", row["qid"], words.CHECK_MAX)
    title = reading.clean(FEED, f"{where}, Title", row["title"])[: words.TITLE_MAX]
    port = reading.clean(FEED, f"{where}, Port", row.get("port", ""), words.CHECK_MAX)
    return [Said(cve, check, severity, title, port) for cve in words.cves(where, row["cve id"]) or ("",)]
