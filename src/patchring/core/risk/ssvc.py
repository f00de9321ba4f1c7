"""The four inputs of the table, with what was assumed where nobody said.

CISA publishes automatable and technical impact for some CVEs only. For the rest the CVSS vector stands in: reachable
over the network, without privileges, without a user, at low complexity counts as automatable; high confidentiality,
integrity and availability together count as total. Without a vector, what is exploited counts as both, because somebody
did it, and what is not counts as neither. Every stand-in is said.
"""

from dataclasses import dataclass

from patchring.core.reason import Reason, reason
from patchring.core.risk.facts import Exposure, Impact, Vulnerability

_AUTOMATABLE = {"AV": "N", "AC": "L", "PR": "N", "UI": "N"}
_TOTAL = {"C": "H", "I": "H", "A": "H"}
# CVSS 4 has the vulnerable system's impact under names of its own.
_TOTAL_4 = {"VC": "H", "VI": "H", "VA": "H"}


@dataclass(frozen=True)
class Inputs:
    """One row's key of the table; `assumed` says what was not known."""

    exposed: bool
    exploited: bool
    automatable: bool
    total: bool
    assumed: tuple[Reason, ...] = ()


def inputs_of(vulnerability: Vulnerability, exposure: Exposure) -> Inputs:
    assumed = []
    if exposure.internet_facing is None:
        assumed.append(reason("exposure_unknown", "nobody confirmed whether it faces the internet: counted as exposed"))
    automatable, why = _automatable(vulnerability)
    assumed += why
    total, why = _total(vulnerability)
    assumed += why
    exploited = vulnerability.exploited_at is not None
    return Inputs(exposure.exposed, exploited, automatable, total, tuple(assumed))


def _automatable(vulnerability: Vulnerability) -> tuple[bool, list[Reason]]:
    if vulnerability.automatable is not None:
        return vulnerability.automatable, []
    found = _says(vulnerability.vector, _AUTOMATABLE)
    return _stand_in(vulnerability, found, "automatable", "automatable")


def _total(vulnerability: Vulnerability) -> tuple[bool, list[Reason]]:
    if vulnerability.impact is not None:
        return vulnerability.impact is Impact.TOTAL, []
    found = _says(vulnerability.vector, _TOTAL)
    if found is None:
        found = _says(vulnerability.vector, _TOTAL_4)
    return _stand_in(vulnerability, found, "impact", "of total impact")


def _says(vector: str, wanted: dict[str, str]) -> bool | None:
    """Whether a CVSS vector has all of the metrics at these values; None: it does not speak of them."""
    metrics = dict(part.split(":", 1) for part in vector.split("/") if ":" in part)
    if not wanted.keys() <= metrics.keys():
        return None
    return all(metrics[name] == value for name, value in wanted.items())


def _stand_in(vulnerability: Vulnerability, by_vector: bool | None, code: str, what: str) -> tuple[bool, list[Reason]]:
    if by_vector is not None:
        text = (
            f"nobody said whether {vulnerability.cve} is {what}: by its CVSS vector it is{'' if by_vector else ' not'}"
        )
        return by_vector, [reason(f"{code}_by_vector", text)]
    exploited = vulnerability.exploited_at is not None
    counted = "counted so, because it is exploited" if exploited else "counted as not"
    return exploited, [reason(f"{code}_unknown", f"nobody said whether {vulnerability.cve} is {what}: {counted}")]
