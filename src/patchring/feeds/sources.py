"""Where feeds come from by default; a setting may name a mirror instead."""

from dataclasses import dataclass
from datetime import date, timedelta
from pathlib import PurePosixPath
from urllib.parse import quote, unquote, urlsplit


@dataclass(frozen=True)
class Source:
    """`part`: of a feed that comes in parts, which one."""

    feed: str
    url: str
    part: str = ""

    @property
    def file(self) -> str:
        """The name of the file or folder that somebody brought; empty: it comes over the network."""
        address = urlsplit(self.url)
        return PurePosixPath(unquote(address.path)).name if address.scheme == "file" else ""


KEV = Source("kev", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json")
EPSS = Source("epss", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz")


def osv(family: str) -> Source:
    """All advisories of a distribution, whatever the release: `Debian`, `Rocky Linux`."""
    return Source("osv", f"https://osv-vulnerabilities.storage.googleapis.com/{quote(family)}/all.zip", family)


MACOS = Source("sofa", "https://sofafeed.macadmins.io/v2/macos_data_feed.json", "macos")
LIFECYCLE = Source("endoflife", "https://endoflife.date/api/v1/products/full")


def msrc(month: date) -> Source:
    """The document of a month: 2026-Nov."""
    name = f"{month:%Y}-{_MONTHS[month.month - 1]}"
    return Source("msrc", f"https://api.msrc.microsoft.com/cvrf/v3.0/cvrf/{name}", name)


_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")
_FAMILIES = ("Debian", "Ubuntu", "AlmaLinux", "Rocky Linux")


def default_sources(today: date) -> list[Source]:
    """Everything that is fetched by itself: what is exploited first; of MSRC this month and the one before."""
    this = today.replace(day=1)
    before = (this - timedelta(days=1)).replace(day=1)
    return [KEV, EPSS, *map(osv, _FAMILIES), msrc(before), msrc(this), MACOS, LIFECYCLE]
