"""A verdict's record, and whether asking again gives the same, bit for bit.

A record is one step with all that stood beside it. The steps of one signal on one facet, in their order, give the
evidence; the evidence with what the last record says gives its verdict.
"""

from collections.abc import Sequence
from dataclasses import dataclass

from patchring.core.gate.hold import Watched
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import Signal
from patchring.core.gate.verdict import GateVerdict, judge
from patchring.core.reason import Reason

METHOD = "gate-1"
"""The method that records were made by; it changes when the same record would give another verdict."""


@dataclass(frozen=True)
class Beside:
    """What a verdict takes into account besides the evidence; see Watched, and `judge` for `unread`."""

    facet: str
    signal: Signal
    installed: int
    left: int
    tenants: int
    tenant_count: int
    unread: int
    budget: float


@dataclass(frozen=True)
class Kept:
    """One record. `log_e` after the step; `outcome` and `told` as they were given then."""

    number: int
    step: Step
    beside: Beside
    log_e: float
    outcome: str
    told: Reason


def verdict_of(evidence: Evidence, beside: Beside) -> GateVerdict:
    return judge(watched_of(evidence, beside), beside.budget, beside.unread)


def watched_of(evidence: Evidence, beside: Beside) -> Watched:
    return Watched(
        facet=beside.facet,
        signal=beside.signal,
        evidence=evidence,
        installed=beside.installed,
        left=beside.left,
        tenants=beside.tenants,
        tenant_count=beside.tenant_count,
    )


def differences(records: Sequence[Kept], logs: Sequence[float]) -> list[str]:
    """What differs when the records of one signal on one facet are asked again, in words; `logs` are kept apart."""
    evidence = Evidence()
    found: list[str] = []
    for number, kept in enumerate(records, 1):
        if kept.number != number:
            return [*found, f"record {number} is missing: the next is {kept.number}"]
        evidence = evidence.after(kept.step)
        verdict = verdict_of(evidence, kept.beside)
        if evidence.log_e != kept.log_e:
            found.append(f"record {number}: log E is {evidence.log_e!r}, kept was {kept.log_e!r}")
        if (verdict.outcome.value, verdict.reason) != (kept.outcome, kept.told):
            found.append(f"record {number}: {verdict.outcome} ({verdict.reason.text}), kept was {kept.outcome}")
    if tuple(logs) != evidence.logs:
        found.append("the logarithms that are kept are not those that the records give")
    return found
