"""From elements of a CVRF document to values; everything is checked here, and nothing is guessed."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime
from sys import intern

from patchring.feeds.errors import WrongShape
from patchring.feeds.msrc_month import Fix, KnownIssue, Product, Rating, Vulnerability
from patchring.feeds.reading import clean, name, shown
from patchring.feeds.xml_records import Node

FEED = "msrc"
_ID = re.compile(r"CVE-[0-9]{4}-[0-9]{4,19}|ADV[0-9]{6}")
_KB = re.compile(r"(?:KB)?([0-9]{6,8})")
_SCORE = re.compile(r"10(?:\.0)?|[0-9](?:\.[0-9])?")
_PRODUCT_ID = re.compile(r"[0-9A-Za-z._-]{1,64}")
_YES_OR_NO = {"yes": True, "no": False}
_ONE_NAME = {"SecurityHotpatchUpdate": "Security Hotpatch Update"}
"""Microsoft writes the same kind of update in two ways."""


def products(tree: Node) -> dict[str, Product]:
    """By id. The tree names products twice, by family and flat with their CPE: the first name holds."""
    found: dict[str, Product] = {}
    _gather(tree, "", found)
    return found


def _gather(node: Node, family: str, found: dict[str, Product]) -> None:
    for child in node.children:
        if child.tag == "Branch":
            is_family = child.attributes.get("Type") == "Product Family"
            said = clean(FEED, "a product family", child.attributes.get("Name", ""))
            _gather(child, said if is_family else family, found)
        elif child.tag == "FullProductName":
            number = product_id(child.attributes.get("ProductID", ""))
            found.setdefault(number, Product(number, name(FEED, f"product {number}", child.text), intern(family)))


def vulnerability(node: Node, known: dict[str, Product]) -> Vulnerability:
    """Raises WrongShape also for a product that the document does not name."""
    cve = _identifier(node.said("CVE"))
    exploited, disclosed, exploitability = _exploitation(node)
    history = [_revision(each) for each in node.under("RevisionHistory", "Revision")]
    last = max(history, default=None, key=lambda revision: revision[0])
    remedies = node.under("Remediations", "Remediation")
    return Vulnerability(
        cve=cve,
        title=clean(FEED, f"the title of {cve}", node.said("Title")),
        exploited=exploited,
        disclosed=disclosed,
        exploitability=exploitability,
        affected=_products_of(node.under("ProductStatuses", "Status"), known),
        ratings=_ratings(node, known),
        fixes=tuple(_fix(each, known) for each in remedies if _type(each) == "Vendor Fix"),
        known_issues=tuple(_known_issue(each, known) for each in remedies if _type(each) == "Known Issue"),
        revision=last[1] if last else "",
        published_at=min((at for at, _ in history), default=None),
        revised_at=last[0] if last else None,
    )


def moment(where: str, said: str) -> datetime:
    """MSRC leaves the zone out most of the time; its times are UTC: midnight in Redmond is 07:00 or 08:00."""
    try:
        at = datetime.fromisoformat(said)
        return at.replace(tzinfo=UTC) if at.tzinfo is None else at.astimezone(UTC)
    except (ValueError, OverflowError) as error:
        raise WrongShape(FEED, f"expected a time at {where}, got {shown(said)}") from error


def product_id(said: str) -> str:
    if not _PRODUCT_ID.fullmatch(said):
        raise WrongShape(FEED, f"expected the number of a product, got {shown(said)}")
    return intern(said)


def kb(said: str) -> str:
    """`KB5077181` of `5077181`; empty: it is no number of an article."""
    found = _KB.fullmatch(said)
    return intern(f"KB{found[1]}") if found else ""


def _type(node: Node) -> str:
    return node.attributes.get("Type", "")


def _identifier(said: str) -> str:
    if not _ID.fullmatch(said):
        raise WrongShape(FEED, f"expected a CVE or an advisory of Microsoft, got {shown(said)}")
    return said


def _revision(node: Node) -> tuple[datetime, str]:
    return moment("a revision", node.said("Date")), clean(FEED, "a revision", node.said("Number"), 40)


def _products_of(nodes: Iterable[Node], known: dict[str, Product]) -> tuple[str, ...]:
    """In the order of the document, each once."""
    found: dict[str, None] = {}
    for node in nodes:
        for each in node.all("ProductID"):
            number = product_id(each.text)
            if number not in known:
                raise WrongShape(FEED, f"expected a product of the document, got {shown(number)}")
            found[number] = None
    return tuple(found)


def _exploitation(node: Node) -> tuple[bool | None, bool | None, str]:
    """`Publicly Disclosed:No;Exploited:Yes;Latest Software Release:Exploitation Detected`. Said once of a CVE; where
    it is said twice, the graver answer holds."""
    exploited: bool | None = None
    disclosed: bool | None = None
    exploitability = ""
    for threat in node.under("Threats", "Threat"):
        if _type(threat) == "Exploit Status":
            said = dict(_pairs(clean(FEED, "an exploit status", threat.said("Description"))))
            exploited = _graver(exploited, _YES_OR_NO.get(said.get("exploited", "").lower()))
            disclosed = _graver(disclosed, _YES_OR_NO.get(said.get("publicly disclosed", "").lower()))
            exploitability = exploitability or intern(said.get("latest software release", ""))
    return exploited, disclosed, exploitability


def _pairs(text: str) -> Iterable[tuple[str, str]]:
    for part in text.split(";"):
        key, _, said = part.partition(":")
        yield key.strip().lower(), said.strip()


def _graver(one: bool | None, other: bool | None) -> bool | None:
    return True if True in (one, other) else False if False in (one, other) else None


def _ratings(node: Node, known: dict[str, Product]) -> dict[str, Rating]:
    """By product. One Rating is shared by the products of which the same is said."""
    words: dict[str, dict[str, str]] = {"Severity": {}, "Impact": {}}
    for threat in node.under("Threats", "Threat"):
        said = words.get(_type(threat))
        if said is not None:
            text = intern(clean(FEED, "a threat", threat.said("Description"), 200))
            said.update(dict.fromkeys(_products_of([threat], known), text))
    scores = _scores(node, known)
    shared: dict[Rating, Rating] = {}
    found: dict[str, Rating] = {}
    for number in {**words["Severity"], **words["Impact"], **scores}:
        base, vector = scores.get(number, (None, ""))
        rating = Rating(words["Severity"].get(number, ""), words["Impact"].get(number, ""), base, vector)
        found[number] = shared.setdefault(rating, rating)
    return found


def _scores(node: Node, known: dict[str, Product]) -> dict[str, tuple[int | None, str]]:
    """The highest, where a product is scored twice."""
    found: dict[str, tuple[int | None, str]] = {}
    for each in node.under("CVSSScoreSets", "ScoreSet"):
        score = _tenths(each.said("BaseScore")), intern(clean(FEED, "a CVSS vector", each.said("Vector"), 200))
        for number in _products_of([each], known):
            before = found.get(number)
            found[number] = score if before is None else max(before, score, key=lambda one: one[0] or 0)
    return found


def _tenths(said: str) -> int | None:
    if not said:
        return None
    if not _SCORE.fullmatch(said):
        raise WrongShape(FEED, f"expected a CVSS score of 0.0 to 10.0, got {shown(said)}")
    whole, _, tenth = said.partition(".")
    return int(whole) * 10 + int(tenth or 0)


def _fix(node: Node, known: dict[str, Product]) -> Fix:
    says = clean(FEED, "a fix", node.said("Description"))
    classification = clean(FEED, "the kind of a fix", node.said("SubType"), 200)
    build = clean(FEED, "a fixed build", node.said("FixedBuild"), 200)
    return Fix(
        kb=kb(says),
        says=intern(says),
        product_ids=_products_of([node], known),
        classification=intern(_ONE_NAME.get(classification, classification)),
        restart=intern(clean(FEED, "a restart", node.said("RestartRequired"), 40)) or None,
        supersedes=_superseded(clean(FEED, "what a fix supersedes", node.said("Supercedence"))),
        build="" if "://" in build else intern(build),
    )


def _superseded(said: str) -> tuple[str, ...]:
    """One number, or several with anything between them. Raises WrongShape for a text without any."""
    found = sorted({kb(number) for number in re.findall(r"(?<![0-9])[0-9]{6,8}(?![0-9])", said)})
    if said and not found:
        raise WrongShape(FEED, f"expected the number of a superseded update, got {shown(said)}")
    return tuple(found)


def _known_issue(node: Node, known: dict[str, Product]) -> KnownIssue:
    number = kb(clean(FEED, "a known issue", node.said("Description")))
    url = clean(FEED, "the page of a known issue", node.said("URL"))
    return KnownIssue(number, intern(url), _products_of([node], known))
