"""Where feeds come from by default; a setting may name a mirror instead."""

from dataclasses import dataclass
from urllib.parse import quote


@dataclass(frozen=True)
class Source:
    """`part`: of a feed that comes in parts, which one."""

    feed: str
    url: str
    part: str = ""


KEV = Source("kev", "https://www.cisa.gov/sites/default/files/feeds/known_exploited_vulnerabilities.json")
EPSS = Source("epss", "https://epss.empiricalsecurity.com/epss_scores-current.csv.gz")


def osv(family: str) -> Source:
    """All advisories of a distribution, whatever the release: `Debian`, `Rocky Linux`."""
    return Source("osv", f"https://osv-vulnerabilities.storage.googleapis.com/{quote(family)}/all.zip", family)
