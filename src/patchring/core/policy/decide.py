"""Where a device belongs, and what is decided for a patch there. The same inputs give the same answer.

- Segment: the first row whose conditions all hold. No row: the device belongs nowhere, and nothing is done to it.
- Ring 0 takes only devices of the MSP itself and those declared sacrificial; another device that a row puts there is
  moved to ring 1, and told so. Where two people set aside that there are several rings, the only one takes all.
- Decision: holds placed by people or incidents first; then the table of approvals, nearer scope before wider, hold and
  block before the rest at equal scope, then the first row. No row: review, because nobody decided.
- The level of automation comes last and only ever takes back: what would go by itself is reviewed where the policy
  recommends or wants approval first, and where it only observes everything is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.match import described, device_misses, patch_misses
from patchring.core.policy.model import ApprovalRule, Automation, Outcome, Policy, SegmentRule
from patchring.core.reason import Reason, reason

_STRONGER = frozenset({Outcome.HOLD, Outcome.BLOCK})
_BY_ITSELF = frozenset({Outcome.AUTO, Outcome.EXPEDITE})


@dataclass(frozen=True)
class SegmentDecision:
    """`segment` None: no row matched. `lost` are rows that were looked at before and did not match."""

    segment: SegmentRule | None
    ring: int
    reasons: tuple[Reason, ...]
    lost: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class HoldInForce:
    """`segment` None: everywhere in this tenant. `source` is person, incident or feed."""

    text: str
    source: str
    segment: str | None = None


@dataclass(frozen=True)
class Decision:
    """`rule` is the row that decided; empty where a hold or nothing did. `authority` is policy, hold or nobody."""

    outcome: Outcome
    rule: str
    authority: str
    reasons: tuple[Reason, ...]
    lost: tuple[Reason, ...] = ()

    @property
    def goes_by_itself(self) -> bool:
        return self.outcome in _BY_ITSELF


def segment_of(policy: Policy, device: DeviceFacts) -> SegmentDecision:
    """The segment and ring of a device, with the rows that lost."""
    lost: list[Reason] = []
    for rule in policy.segments:
        misses = device_misses(rule.when, device)
        if not misses:
            return _placed(policy, rule, device, tuple(lost))
        wanted = "; ".join(described(miss) for miss in misses)
        lost.append(reason("segment_not_matched", f"segment {rule.name} (line {rule.line}) wants {wanted}"))
    text = f"no segment of the policy takes {device.name}; add a row that does"
    return SegmentDecision(None, -1, (reason("segment_missing", text),), tuple(lost))


def _placed(policy: Policy, rule: SegmentRule, device: DeviceFacts, lost: tuple[Reason, ...]) -> SegmentDecision:
    because = " and ".join(described(c) for c in rule.when) or "it takes every device"
    matched = reason("segment_matched", f"segment {rule.name} (line {rule.line}): {because}", ring=rule.ring)
    if rule.ring == 0 and len(policy.rings) > 1 and not (device.internal or device.sacrificial):
        text = f"{device.name} is neither the MSP's own nor declared sacrificial, so it waits for ring 1"
        return SegmentDecision(rule, 1, (matched, reason("ring_0_refused", text)), lost)
    return SegmentDecision(rule, rule.ring, (matched,), lost)


def decide(policy: Policy, patch: PatchFacts, segment: str, holds: Sequence[HoldInForce] = ()) -> Decision:
    """What happens with a patch in a segment."""
    held = [hold for hold in holds if hold.segment in (None, segment)]
    if held:
        reasons = tuple(reason(f"hold_{hold.source}", f"held: {hold.text}") for hold in held)
        return Decision(Outcome.HOLD, "", "hold", reasons)
    return _as_far_as(policy.automation_of(segment), _by_rules(policy, patch, segment))


def _by_rules(policy: Policy, patch: PatchFacts, segment: str) -> Decision:
    matching: list[ApprovalRule] = []
    lost: list[Reason] = []
    for rule in policy.approvals:
        why_not = _why_not(rule, patch, segment)
        if why_not:
            lost.append(reason("rule_not_matched", f"rule {rule.name} (line {rule.line}) {why_not}"))
        else:
            matching.append(rule)
    if not matching:
        text = f"no rule says what to do with {patch.title or patch.patch_key}, so a person has to"
        return Decision(Outcome.REVIEW, "", "nobody", (reason("no_rule", text),), tuple(lost))
    winner = min(matching, key=_rank)
    beaten = [
        reason("rule_beaten", f"rule {rule.name} says {rule.outcome}, but {winner.name} goes before it")
        for rule in matching
        if rule is not winner
    ]
    because = " and ".join(described(c) for c in winner.when) or "it takes every patch"
    text = f"rule {winner.name} (line {winner.line}) says {winner.outcome}: {because}"
    return Decision(winner.outcome, winner.name, "policy", (reason("rule_matched", text),), (*beaten, *lost))


def _as_far_as(level: Automation, decision: Decision) -> Decision:
    """The decision, taken back to what the level of automation allows."""
    match level:
        case Automation.AUTOMATIC:
            return decision
        case Automation.OBSERVE:
            if decision.outcome in _STRONGER:
                return decision
            text = "the policy only observes here: nothing is installed"
            return replace(decision, outcome=Outcome.HOLD, reasons=(reason("observes", text), *decision.reasons))
        case Automation.RECOMMEND | Automation.APPROVE_FIRST:
            if not decision.goes_by_itself:
                return decision
            text = f"the level of automation is {level}, so a person approves what a rule would let go"
            return replace(decision, outcome=Outcome.REVIEW, reasons=(reason("level", text), *decision.reasons))


def _why_not(rule: ApprovalRule, patch: PatchFacts, segment: str) -> str:
    if rule.segments and segment not in rule.segments:
        return f"is for {', '.join(rule.segments)}"
    misses = patch_misses(rule.when, patch)
    return "wants " + "; ".join(described(miss) for miss in misses) if misses else ""


def _rank(rule: ApprovalRule) -> tuple[bool, bool]:
    """Smaller wins; ties go to the first row, because min keeps it."""
    return (not rule.segments, rule.outcome not in _STRONGER)
