"""What a line of a feed says, in one line for people. `--json` has all of it."""

from collections.abc import Callable, Mapping
from typing import Any

Body = Mapping[str, Any]
AFFECTED_SHOWN = 3


def words_of(row: Any) -> str:
    """Of a row of `/feeds/entries`; a feed that is not known here shows its fields."""
    say = _WORDS.get(row["feed"], _fields)
    return say(row["body"])


def _kev(body: Body) -> str:
    due = f", to be settled until {body['due_on']}" if body.get("due_on") else ""
    used = ", used for ransomware" if body.get("ransomware") else ""
    return f"exploited, listed on {body['listed_on']}{due}{used}: {body['name']}"


def _epss(body: Body) -> str:
    chance = body["epss_millionths"] / 10_000
    return f"{chance:.2f} % likely to be exploited within 30 days, said on {body['scored_on']}; only the last is kept"


def _osv(body: Body) -> str:
    lines = [f"{each['package']} {_settled(each)} ({each['ecosystem']})" for each in body["affected"]]
    more = [f"{len(lines) - AFFECTED_SHOWN} more"] if len(lines) > AFFECTED_SHOWN else []
    withdrawn = f"withdrawn {body['withdrawn_at'][:10]}" if body.get("withdrawn_at") else ""
    about = " ".join(body["cves"])
    said = [withdrawn, body["severity"], about, body["summary"], *lines[:AFFECTED_SHOWN], *more]
    return "; ".join(filter(None, said))


def _settled(line: Body) -> str:
    if line["fixed"]:
        return f"before {line['fixed']}"
    return f"up to {line['last']}" if line["last"] else "every version"


def _msrc(body: Body) -> str:
    cves = [each["cve"] for each in body["weaknesses"]]
    about = cves[0] if len(cves) == 1 else f"{len(cves)} CVEs"
    exploited = [each["cve"] for each in body["weaknesses"] if each["exploited"]]
    used = f"exploited at release: {', '.join(exploited)}" if exploited else ""
    return "; ".join(filter(None, [body["classification"], f"for {body['product']}", f"settles {about}", used]))


def _sofa(body: Body) -> str:
    return f"{body['product']} {body['version']} of {body['released_on'] or 'no day'}; settles {len(body['cves'])} CVEs"


def _winget(body: Body) -> str:
    return f"{body['package_id']} {body['version']}{'' if body['offered'] else ', not offered any more'}"


def _endoflife(body: Body) -> str:
    until = {True: "maintained no more", False: "maintained, no end is known", None: "nobody said until when"}
    eol = body["eol"]
    return f"{body['label']}: {until[eol] if eol is None or isinstance(eol, bool) else f'maintained until {eol}'}"


def _fields(body: Body) -> str:
    return ", ".join(f"{name}: {value}" for name, value in body.items())


_WORDS: Mapping[str, Callable[[Body], str]] = {
    "kev": _kev,
    "epss": _epss,
    "osv": _osv,
    "msrc": _msrc,
    "sofa": _sofa,
    "winget": _winget,
    "endoflife": _endoflife,
}
