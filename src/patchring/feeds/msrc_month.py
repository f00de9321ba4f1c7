"""A month of the Microsoft Security Response Center as its document says it, before it is turned by update."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Product:
    """`product_id` is MSRC's number, the same in all months. `family` ("Windows", "ESU"): its branch of the product
    tree; empty: it stands in none."""

    product_id: str
    name: str
    family: str = ""


@dataclass(frozen=True, slots=True)
class Rating:
    """Of a CVE in a product. `severity`, `impact`: Microsoft's words; `cvss_tenths` None: not scored."""

    severity: str = ""
    impact: str = ""
    cvss_tenths: int | None = None
    vector: str = ""


@dataclass(frozen=True, slots=True)
class Fix:
    """What settles a CVE in some products. `kb` ("KB5077181") is empty where there is no number; `says` is the text
    that stands there instead, or the number."""

    kb: str
    says: str
    product_ids: tuple[str, ...]
    classification: str
    restart: str | None
    supersedes: tuple[str, ...]
    build: str


@dataclass(frozen=True, slots=True)
class KnownIssue:
    """A page that tells of what an update breaks."""

    kb: str
    url: str
    product_ids: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Vulnerability:
    """`exploited`, `disclosed`: at the first release; None: not said. `revised_at` None: it has no history. Without
    `fixes` there is none yet, or nothing that a customer could install."""

    cve: str
    title: str
    exploited: bool | None
    disclosed: bool | None
    exploitability: str
    affected: tuple[str, ...]
    ratings: Mapping[str, Rating]
    fixes: tuple[Fix, ...]
    known_issues: tuple[KnownIssue, ...]
    revision: str
    published_at: datetime | None
    revised_at: datetime | None


@dataclass(frozen=True, slots=True)
class Month:
    """`month` is MSRC's name of the document ("2026-Feb"); `revision` counts up with each change."""

    month: str
    title: str
    revision: str
    published_at: datetime
    revised_at: datetime
    products: Mapping[str, Product]
    vulnerabilities: tuple[Vulnerability, ...]
