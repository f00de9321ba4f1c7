"""Reports of scanners: what they say in one form, and that what is damaged is refused as a whole."""

import random
from datetime import UTC, datetime
from pathlib import Path

import pytest

from patchring.feeds.errors import FeedRefused
from patchring.feeds.scanners.formats import PARSERS, Format
from patchring.feeds.scanners.model import Host, Said

CUTS = Path(__file__).parent / "cuts" / "scanners"
FILES = {
    Format.NESSUS: "report.nessus", Format.QUALYS: "qualys.csv", Format.CSV: "other.csv", Format.JSON: "other.json",
}  # fmt: skip
NAMES = ("web-1.northwind.example", "web-1", "10.0.0.7")


def at(hour: int, minute: int = 0, second: int = 0) -> datetime:
    return datetime(2026, 11, 23, hour, minute, second, tzinfo=UTC)


def content(format_: Format) -> bytes:
    return (CUTS / FILES[format_]).read_bytes()


def openssl(check: str, title: str, port: str) -> tuple[Said, Said]:
    one, other = (Said(f"CVE-2026-000{n}", check, "critical", title, port) for n in (1, 2))
    return one, other


def test_nessus() -> None:
    """Its own severities; information is no finding, and makes its host one that was looked at."""
    web = openssl("201234", "OpenSSL < 3.0.16 multiple vulnerabilities", "443")
    signing = Said("", "57608", "medium", "SMB signing not required")
    assert PARSERS[Format.NESSUS](content(Format.NESSUS)) == (
        Host(("clean-1",), at(18, 5)),
        Host(NAMES, at(18, 4, 5), (*web, signing)),
    )


def test_nessus_in_another_zone() -> None:
    """Seconds since 1970 go before the scanner's own time, which has no zone; what is no number is refused."""
    tag = b'<tag name="HOST_END">'
    assert tag in content(Format.NESSUS)

    def with_seconds(seconds: bytes) -> bytes:
        return content(Format.NESSUS).replace(tag, b'<tag name="HOST_END_TIMESTAMP">' + seconds + b"</tag>" + tag, 1)

    seconds = b"%d" % at(23, 4, 5).timestamp()
    assert PARSERS[Format.NESSUS](with_seconds(seconds))[1].seen_at == at(23, 4, 5)
    with pytest.raises(FeedRefused) as refused:
        PARSERS[Format.NESSUS](with_seconds(b"soon"))
    assert "expected seconds since 1970 at ReportHost 1, HOST_END_TIMESTAMP, got 'soon'" in str(refused.value)


def test_qualys() -> None:
    """Behind the lines about the report, before its summary; what is fixed is not found."""
    assert PARSERS[Format.QUALYS](content(Format.QUALYS)) == (
        Host(("pc-2", "10.0.0.8"), at(18, 10)),
        Host(NAMES, at(18), openssl("38901", "OpenSSL, several weaknesses", "443")),
    )


@pytest.mark.parametrize("format_", [Format.CSV, Format.JSON])
def test_any_other(format_: Format) -> None:
    """The same said in either form; a host alone is clean."""
    hosts = {host.names[0]: host for host in PARSERS[format_](content(format_))}
    assert hosts["clean-1"] == Host(("clean-1",), at(17))
    assert hosts["web-1"] == Host(("web-1", "10.0.0.7"), at(18), openssl("", "OpenSSL", ""))
    if format_ is Format.JSON:
        assert hosts["pc-2"] == Host(("pc-2",), None, (Said("", "weak-cipher", "", "", "443"),))


@pytest.mark.parametrize(
    ("format_", "raw", "said"),
    [
        (Format.NESSUS, b"", "expected a feed, 0 bytes came"),
        (Format.NESSUS, b"<NessusClientData_v2><Report><ReportHost name='a'>", "it ends at line 1"),
        (Format.NESSUS, b"<!DOCTYPE x [<!ENTITY a 'b'>]><NessusClientData_v2/>", "without a DOCTYPE"),
        (Format.NESSUS, b"<html/>", "expected a document of NessusClientData_v2, got 'html'"),
        (Format.NESSUS, b"<NessusClientData_v2/>", "expected hosts, none came"),
        (Format.QUALYS, b"a,b\nc,d\n", "expected a header with cve id, ip, qid, severity, title, none came"),
        (Format.CSV, b"host;cve\n", "expected a header with cve, host, none came"),
        (Format.CSV, b"host,cve\npc-1,CVE-1\n", "expected a CVE at line 2, got 'CVE-1'"),
        (Format.CSV, b"host,cve\npc-1\n", "expected 2 columns in line 2, 1 came"),
        (Format.CSV, b'host,cve\n"pc-1,CVE-2026-0001\n', "a quote of line 2 does not end"),
        (Format.CSV, b"host,cve,severity\npc-1,,awful\n", "expected info, low, medium, high or critical at line 2"),
        (Format.CSV, b"host,cve\n,CVE-2026-0001\n", "expected the name or address of a host at line 2"),
        (Format.CSV, b"host,cve,seen_at\npc-1,,yesterday\n", "expected an instant such as 2026-11-23T18:00:00Z"),
        (Format.JSON, b'[{"host": "a"', "expected a whole JSON document"),
        (Format.JSON, b'[{"host": "a", "hots": "b"}]', "unknown field `hots`"),
        (Format.JSON, b'[{"host": "a b;rm"}]', "expected the name of a host at entry 0, got 'b;rm'"),
        (Format.JSON, b"[]", "expected hosts, none came"),
    ],
)
def test_what_is_refused_says_what_was_expected(format_: Format, raw: bytes, said: str) -> None:
    """As a whole, with line or entry."""
    with pytest.raises(FeedRefused) as refused:
        PARSERS[format_](raw)
    assert said in str(refused.value)


@pytest.mark.parametrize("format_", list(Format))
def test_damaged_files_never_crash(format_: Format) -> None:
    """Cut anywhere, with bytes changed, doubled or taken out: read, or refused."""
    rng, whole, refused = random.Random(4711), content(format_), 0
    for _ in range(400):
        raw = bytearray(whole)
        for _ in range(rng.randint(1, 4)):
            place = rng.randrange(len(raw))
            change = rng.randrange(4)
            if change == 0:
                del raw[place:]
            elif change == 1:
                raw[place] = rng.randrange(256)
            elif change == 2:
                raw[place:place] = raw[: rng.randrange(len(raw))]
            else:
                del raw[place : place + rng.randrange(40)]
            if not raw:
                break
        try:
            hosts = PARSERS[format_](bytes(raw))
        except FeedRefused:
            refused += 1
        else:
            assert all(host.names for host in hosts)
    assert refused > 100
