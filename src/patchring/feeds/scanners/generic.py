"""Any other scanner: a table or a JSON list with `host`, and as far as it is known `cve`, `check`, `severity`, `title`,
`port`, `seen_at`. A row with a host alone says that it was looked at and is clean.
"""

import msgspec

from patchring.feeds import reading
from patchring.feeds.scanners import words
from patchring.feeds.scanners.model import FEED, Host, Said, report
from patchring.feeds.scanners.tables import rows

WANTED = frozenset({"host", "cve"})


class Row(msgspec.Struct, forbid_unknown_fields=True):
    host: str
    cve: str = ""
    check: str = ""
    severity: str = ""
    title: str = ""
    port: str = ""
    seen_at: str = ""


def parse_csv(raw: bytes) -> tuple[Host, ...]:
    """`raw`: plain, gzip or xz. Raises FeedRefused."""
    text = reading.document(FEED, raw)
    known = Row.__struct_fields__
    return report(
        _host(f"line {line}", Row(**{name: row.get(name, "") for name in known})) for line, row in rows(text, WANTED)
    )


def parse_json(raw: bytes) -> tuple[Host, ...]:
    """`raw`: plain, gzip or xz. Raises FeedRefused."""
    listed = reading.as_json(FEED, reading.document(FEED, raw), list[Row])
    return report(_host(f"entry {number}", row) for number, row in enumerate(listed))


def _host(where: str, row: Row) -> Host:
    """A host may be written as several names: `pc-1.example.org 10.0.0.7`."""
    check = reading.clean(FEED, f"{where}, check", row.check, words.CHECK_MAX)
    title = reading.clean(FEED, f"{where}, title", row.title)[: words.TITLE_MAX]
    port = reading.clean(FEED, f"{where}, port", row.port, words.CHECK_MAX)
    severity, cves = words.severity(where, row.severity), words.cves(where, row.cve)
    found = [Said(cve, check, severity, title, port) for cve in cves or (("",) if check else ())]
    return Host(words.names(where, row.host.split()), words.instant(where, row.seen_at), tuple(found))
