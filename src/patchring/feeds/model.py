"""What feeds say, as values. A feed says it; whether it is so, and what follows, is decided elsewhere.

None and the empty text mean that nobody said; never no. Moments are aware UTC; days are the source's own. Each row has
a `key`: what it is about, once in a snapshot. Two rows of a key that are equal say the same.
"""

from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from patchring.core.risk.matching import Affected


class Row(Protocol):
    """A line of a feed."""

    @property
    def key(self) -> str:
        """What the line is about."""


R = TypeVar("R", bound=Row)
R_co = TypeVar("R_co", bound=Row, covariant=True)


@dataclass(frozen=True)
class Snapshot(Generic[R_co]):
    """A feed as it was seen once, whole and checked.

    `version` and `published_at` are what it says of itself; empty and None: nothing. `sha256` (hex) and `size_bytes`
    are of the bytes as they came, packed or not. `part`: of a feed that comes in parts (a month of MSRC, an ecosystem
    of OSV), which one. `complete` False: a delta, so what it does not name is as it was.
    """

    feed: str
    rows: tuple[R_co, ...]
    published_at: datetime | None
    version: str
    observed_at: datetime
    sha256: str
    size_bytes: int
    part: str = ""
    complete: bool = True


@dataclass(frozen=True, slots=True)
class Exploited:
    """A line of KEV: a CVE that is exploited, listed since a day. `ransomware` None: CISA does not know."""

    cve: str
    listed_on: date
    due_on: date | None
    ransomware: bool | None
    vendor: str
    product: str
    name: str

    @property
    def key(self) -> str:
        return self.cve


@dataclass(frozen=True, slots=True)
class Scored:
    """EPSS of a CVE: how likely it is to be exploited within 30 days, and the share of CVEs with no higher score; both
    in millionths. The day alone makes no difference between two rows."""

    cve: str
    epss_millionths: int
    percentile_millionths: int
    scored_on: date = field(compare=False)

    @property
    def key(self) -> str:
        return self.cve


@dataclass(frozen=True, slots=True)
class Advisory:
    """An advisory of a distribution. `ecosystem` is the family that its lines have in common (`Debian` of `Debian:12`);
    empty: there are none, or several. `severity` is the vendor's own word in lower case. `vectors`: of CVSS, the newest
    version first. `affected` is sorted, and empty where the advisory names no packages of a distribution."""

    advisory_id: str
    ecosystem: str
    published_at: datetime | None
    modified_at: datetime
    withdrawn_at: datetime | None
    cves: tuple[str, ...]
    severity: str
    summary: str
    affected: tuple[Affected, ...]
    vectors: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.advisory_id


@dataclass(frozen=True, slots=True)
class Weakness:
    """What a vendor says of a CVE in one product. `severity` is its own word in lower case; `cvss_tenths` 98 is 9.8;
    `exploited` and `disclosed`: at the time of release. `exploitability`: what Microsoft expects of the latest release
    ("Exploitation More Likely"); `impact`: its word for what an attacker gains. Some of its advisories have no CVE but
    a number of their own (ADV200001)."""

    cve: str
    severity: str
    cvss_tenths: int | None
    vector: str
    exploited: bool | None
    disclosed: bool | None
    exploitability: str = ""
    impact: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True)
class WindowsUpdate:
    """An update for one product of Microsoft, as MSRC tells it in the document of a month.

    `kb` is empty for what is settled without one (Office Click-to-Run, a release of Edge); `title` then says how.
    `product_id` is MSRC's number of the product. `classification` is MSRC's ("Security Update"), `restart` too ("Yes",
    "No", "Maybe"). `supersedes`: KBs, sorted. `builds`: what the product is at afterwards; several where the document
    says so, of which one is the product's own branch. `weaknesses`: what it settles, by CVE. `released_on`: the first
    day that the document speaks of any of them; an update out of band came later. `known_issues`: pages on them.
    """

    kb: str
    product_id: str
    product: str
    title: str
    classification: str
    restart: str | None
    supersedes: tuple[str, ...]
    builds: tuple[str, ...]
    weaknesses: tuple[Weakness, ...]
    released_on: date | None = None
    known_issues: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        """Never the KB alone: one KB is a security update of one product and something else of another."""
        what = self.kb or " ".join([self.title, *self.builds])
        return f"{what} | {self.product_id} | {self.classification}"

    @property
    def cves(self) -> tuple[str, ...]:
        return tuple(each.cve for each in self.weaknesses)

    @property
    def exploited(self) -> bool | None:
        """Whether one of the CVEs was exploited at release; None: nobody said so of any, nor denied it of all."""
        said = {each.exploited for each in self.weaknesses}
        return True if True in said else False if said == {False} else None


@dataclass(frozen=True, slots=True)
class MacRelease:
    """A release of macOS (or of what SOFA tells of besides). `line` is the major release ("Tahoe 26"); `builds` all of
    its builds, `build` the main one: either can be empty, and filled in later. `exploited`: those of `cves` that are
    known to be exploited. `devices`: model identifiers ("Mac14,8") that it runs on, or the board where its model is
    not told; empty: not said."""

    product: str
    version: str
    line: str
    build: str
    builds: tuple[str, ...]
    title: str
    released_on: date | None
    cves: tuple[str, ...]
    exploited: tuple[str, ...]
    devices: tuple[str, ...] = ()
    notes_url: str = ""

    @property
    def key(self) -> str:
        """Without the build, and with the title: Apple released iOS 17.0.2 twice, once for the iPad."""
        return f"{self.product} {self.version} | {self.title}"


@dataclass(frozen=True, slots=True)
class AppVersion:
    """A version of a third-party application that its catalogue had. `package_id` is winget's ("7zip.7zip").

    `offered`: it is what the catalogue installs, not one that it had before; one taken back can come again."""

    package_id: str
    version: str
    previous_version: str
    seen_at: datetime | None
    offered: bool = True

    @property
    def key(self) -> str:
        return f"{self.package_id} {self.version}"


@dataclass(frozen=True, slots=True)
class Lifecycle:
    """How long a release of a product is maintained. `eol` and `support_until` (active support) and `extended_until`
    (paid for): a day; True: it is over already; False: not yet, and no day is known; None: nobody said. `long_term`:
    whether it is maintained for longer than others, or the day from which."""

    product: str
    cycle: str
    label: str
    released_on: date | None
    eol: date | bool | None
    support_until: date | bool | None
    extended_until: date | bool | None = None
    long_term: date | bool | None = None
    latest: str = ""

    @property
    def key(self) -> str:
        return f"{self.product} {self.cycle}"
