"""The forms in which evidence, verdicts and their records are kept. Numbers come back exactly as they went in."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from patchring.core.gate.replay import Beside, Kept
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import Signal
from patchring.core.gate.verdict import GateOutcome, GateVerdict
from patchring.core.reason import Reason, reason

_NOT_ASKED = GateVerdict(GateOutcome.WAIT, reason("gate_not_asked", "nothing was seen yet"))


@dataclass(frozen=True)
class Seen:
    """Evidence of one signal on one facet with its verdict. `told`: what other tenants may read of it. `beside` None:
    read back, where the verdict is what counts."""

    number: int = 0
    evidence: Evidence = field(default_factory=Evidence)
    tenants: int = 0
    unread: int = 0
    verdict: GateVerdict = _NOT_ASKED
    beside: Beside | None = None
    told: Reason | None = None
    installed: int = 0

    def verdict_json(self) -> dict[str, Any]:
        """The part of a record that is compared when it is asked again."""
        said = {"outcome": self.verdict.outcome.value, "reason": self.verdict.reason.as_json()}
        return {"log_e": self.evidence.log_e, **said}

    def as_json(self) -> dict[str, Any]:
        assert self.beside is not None, "only what was just judged is kept"
        numbers = {"events": self.evidence.events, "expected": self.evidence.expected, "logs": self.evidence.logs}
        said = {
            "warned": self.verdict.warned,
            "told": (self.told or self.verdict.reason).as_json(),
            "installed": self.installed,
        }
        return {**numbers, **self.verdict_json(), **said, "budget": self.beside.budget}

    @classmethod
    def read(cls, kept: Mapping[str, Any]) -> "Seen":
        evidence = Evidence(int(kept["events"]), float(kept["expected"]), tuple(float(log) for log in kept["logs"]))
        outcome = GateOutcome(kept["outcome"])
        verdict = GateVerdict(outcome, Reason.from_json(kept["reason"]), bool(kept["warned"]))
        told = Reason.from_json(kept["told"])
        return cls(evidence=evidence, verdict=verdict, told=told, installed=int(kept["installed"]))


def step_json(step: Step) -> dict[str, Any]:
    return {"events": step.events, "expected": step.expected, "matured": list(step.matured)}


def beside_json(beside: Beside) -> dict[str, Any]:
    return {"beside": {**asdict(beside), "signal": beside.signal.value}}


def read_record(number: int, kept: Mapping[str, Any]) -> Kept:
    """One record as core replays it."""
    beside = kept["beside"]
    first, second, third = (float(part) for part in kept["matured"])
    return Kept(
        number=number,
        step=Step(int(kept["events"]), float(kept["expected"]), (first, second, third)),
        beside=Beside(**{**beside, "signal": Signal(beside["signal"]), "budget": float(beside["budget"])}),
        log_e=float(kept["log_e"]),
        outcome=kept["outcome"],
        told=Reason.from_json(kept["reason"]),
    )
