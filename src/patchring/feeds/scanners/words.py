"""Words and instants of reports, as scanners write them."""

import re
from collections.abc import Iterable
from datetime import UTC, datetime

from patchring.feeds import reading
from patchring.feeds.errors import WrongShape
from patchring.feeds.scanners.model import FEED, SEVERITIES

TITLE_MAX, NAME_MAX, CHECK_MAX = 300, 253, 60
_NAME = re.compile(r"[a-z0-9_.:%-]+")
_FORMS = ("%m/%d/%Y %H:%M:%S", "%m/%d/%Y %H:%M", "%a %b %d %H:%M:%S %Y", "%m/%d/%Y")
_BY_NUMBER = {"0": "info", "1": "low", "2": "medium", "3": "high", "4": "critical"}
# Qualys counts from 1, minimal, to 5, urgent.
BY_QUALYS = {"1": "info", "2": "low", "3": "medium", "4": "high", "5": "critical"}


def names(where: str, said: Iterable[str]) -> tuple[str, ...]:
    """Names and addresses, each once, the first first. Raises WrongShape when none is left, or one cannot be."""
    found = dict.fromkeys(reading.clean(FEED, where, each, NAME_MAX).lower().rstrip(".") for each in said)
    wanted = tuple(each for each in found if each)
    if not wanted:
        raise WrongShape(FEED, f"expected the name or address of a host at {where}, nothing came", ADVICE)
    for each in wanted:
        if not _NAME.fullmatch(each):
            raise WrongShape(FEED, f"expected the name of a host at {where}, got {reading.shown(each)}", ADVICE)
    return wanted


def severity(where: str, said: str, numbers: dict[str, str] = _BY_NUMBER) -> str:
    """One of SEVERITIES. Raises WrongShape."""
    word = numbers.get(said.strip(), said.strip().lower())
    word = {"none": "info", "informational": "info", "moderate": "medium", "serious": "high"}.get(word, word)
    if word not in SEVERITIES:
        raise WrongShape(
            FEED, f"expected info, low, medium, high or critical at {where}, got {reading.shown(said)}", ADVICE
        )
    return word


def cves(where: str, said: str) -> tuple[str, ...]:
    """Those of a text that separates them by commas, semicolons or spaces. Raises WrongShape."""
    found = [each for each in re.split(r"[,;\s]+", said.strip().upper()) if each]
    return tuple(dict.fromkeys(reading.cve(FEED, where, each) for each in found))


def instant(where: str, said: str) -> datetime | None:
    """ISO 8601, or as Nessus and Qualys write it; without a zone UTC. None: an empty text. Raises WrongShape."""
    text = said.strip()
    if not text:
        return None
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        found = _other(where, text)
    return reading.utc(FEED, where, found if found.tzinfo else found.replace(tzinfo=UTC))


def _other(where: str, text: str) -> datetime:
    for form in _FORMS:
        try:
            return datetime.strptime(text, form).replace(tzinfo=UTC)
        except ValueError:
            continue
    raise WrongShape(
        FEED, f"expected an instant such as 2026-11-23T18:00:00Z at {where}, got {reading.shown(text)}", ADVICE
    )


ADVICE = "nothing of it was taken; mend it, or export it again"
