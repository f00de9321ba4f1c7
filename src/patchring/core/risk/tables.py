"""Tables of due dates: how many days from what is known of a finding. A tenant's policy names one of them.

- `bod_26_04`: CISA's Binding Operational Directive 26-04 of 2026-06-10, table 1, all sixteen rows. It took the place of
  BOD 22-01 and its flat 21 days.
- `cyber_essentials`: 14 days for what is critical or high, CVSS 7.0 and above, or undisclosed (the UK scheme's
  requirements for IT infrastructure); the rest with the next upgrade.
- `flat`: the same number of days for all, 14.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum

from patchring.core.risk.facts import Vulnerability
from patchring.core.risk.ssvc import Inputs


class DueTable(StrEnum):
    """How a policy names them."""

    BOD_26_04 = "bod_26_04"
    CYBER_ESSENTIALS = "cyber_essentials"
    FLAT = "flat"


@dataclass(frozen=True)
class Term:
    """`days` None: with the next upgrade of the system, without a date. `triage`: look for traces of an intruder before
    patching hides them. `row` is how the table names the line."""

    days: int | None
    triage: bool
    row: str


NEXT_UPGRADE: int | None = None

# (exposed, exploited, automatable, total) -> days, forensic triage
_BOD: Mapping[tuple[bool, bool, bool, bool], tuple[int | None, bool]] = {
    (True, True, True, True): (3, True),
    (True, True, True, False): (3, False),
    (True, True, False, True): (3, True),
    (True, True, False, False): (14, False),
    (True, False, True, True): (3, False),
    (True, False, True, False): (14, False),
    (True, False, False, True): (14, False),
    (True, False, False, False): (60, False),
    (False, True, True, True): (3, True),
    (False, True, True, False): (14, False),
    (False, True, False, True): (14, False),
    (False, True, False, False): (14, False),
    (False, False, True, True): (60, False),
    (False, False, True, False): (60, False),
    (False, False, False, True): (NEXT_UPGRADE, False),
    (False, False, False, False): (NEXT_UPGRADE, False),
}

CYBER_ESSENTIALS_DAYS = 14
CYBER_ESSENTIALS_CVSS_TENTHS = 70
FLAT_DAYS = 14


def bod_26_04(inputs: Inputs, vulnerability: Vulnerability) -> Term:
    key = (inputs.exposed, inputs.exploited, inputs.automatable, inputs.total)
    days, triage = _BOD[key]
    words = (
        "exposed" if inputs.exposed else "not exposed",
        "exploited" if inputs.exploited else "not known to be exploited",
        "automatable" if inputs.automatable else "not automatable",
        "total impact" if inputs.total else "partial impact",
    )
    return Term(days, triage, f"BOD 26-04 row {list(_BOD).index(key) + 1}: {', '.join(words)}")


def cyber_essentials(inputs: Inputs, vulnerability: Vulnerability) -> Term:
    score = vulnerability.cvss_tenths
    if vulnerability.severity.lower() in ("critical", "high"):
        return Term(CYBER_ESSENTIALS_DAYS, False, f"Cyber Essentials: {vulnerability.severity.lower()}")
    if score is not None and score >= CYBER_ESSENTIALS_CVSS_TENTHS:
        return Term(CYBER_ESSENTIALS_DAYS, False, f"Cyber Essentials: CVSS {score // 10}.{score % 10}, 7.0 or above")
    if vulnerability.undisclosed or (score is None and not vulnerability.severity):
        return Term(CYBER_ESSENTIALS_DAYS, False, "Cyber Essentials: no details were published")
    return Term(NEXT_UPGRADE, False, "Cyber Essentials: below critical, high and CVSS 7.0")


def flat(inputs: Inputs, vulnerability: Vulnerability) -> Term:
    return Term(FLAT_DAYS, False, f"flat: {FLAT_DAYS} days for everything")


Table = Callable[[Inputs, Vulnerability], Term]
TABLES: Mapping[DueTable, Table] = {
    DueTable.BOD_26_04: bod_26_04,
    DueTable.CYBER_ESSENTIALS: cyber_essentials,
    DueTable.FLAT: flat,
}
