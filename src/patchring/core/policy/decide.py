"""Where a device belongs, and what is decided for a patch there. The same inputs give the same answer.

- Segment: the first row whose conditions all hold. No row: the device belongs nowhere, and nothing is done to it.
- Ring 0 takes only devices of the MSP itself and those declared sacrificial; another device that a row puts there is
  moved to ring 1, and told so. Where two people set aside that there are several rings, the only one takes all.
- Decision: holds placed by people or incidents first; then the table of approvals: the nearer layer before the wider, a
  row for this segment before one for all, hold and block before the rest at equal scope, then the first row. No row:
  review, because nobody decided. A row for a segment also means the rows that sites and groups made of that segment.
- The level of automation comes last and only ever takes back: what would go by itself is reviewed where the policy
  recommends or wants approval first, and where it only observes everything is held.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.asked import ONE_PERSON, wanted
from patchring.core.policy.match import called, described, device_misses, patch_misses
from patchring.core.policy.model import (
    ApprovalRule,
    Asked,
    Authority,
    Automation,
    Outcome,
    Policy,
    SegmentRule,
    UrgencyRule,
)
from patchring.core.policy.urgency import told, urgency_of
from patchring.core.reason import Reason, reason

STRONGER = frozenset({Outcome.HOLD, Outcome.BLOCK})
BY_ITSELF = frozenset({Outcome.AUTO, Outcome.EXPEDITE})


@dataclass(frozen=True)
class SegmentDecision:
    """`segment` None: no row matched. `lost` are rows that were looked at before and did not match."""

    segment: SegmentRule | None
    ring: int
    reasons: tuple[Reason, ...]
    lost: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class HoldInForce:
    """`segment` None: everywhere in this tenant. `source` is person, incident, feed or msp."""

    text: str
    source: str
    segment: str | None = None


@dataclass(frozen=True)
class Decision:
    """`rule` is the row that decided; empty where a hold or nothing did. `authority`: on whose word, one of
    `model.Authority`, `hold` or `nobody`. `asked` is what a review asks for. `urgency` is the row for what the rule
    expedites, also where the level of automation wants a person to start it. `lost` are the rules that were beaten, by
    what and why, and then those that missed."""

    outcome: Outcome
    rule: str
    authority: str
    reasons: tuple[Reason, ...]
    lost: tuple[Reason, ...] = ()
    asked: Asked = ONE_PERSON
    urgency: UrgencyRule | None = None

    @property
    def goes_by_itself(self) -> bool:
        return self.outcome in BY_ITSELF


def segment_of(policy: Policy, device: DeviceFacts) -> SegmentDecision:
    """The segment and ring of a device, with the rows that lost."""
    lost: list[Reason] = []
    for rule in policy.segments:
        misses = device_misses(rule.when, device)
        if not misses:
            return _placed(policy, rule, device, tuple(lost))
        wants = "; ".join(described(miss) for miss in misses)
        lost.append(reason("segment_not_matched", f"{called('segment', rule)} wants {wants}"))
    text = f"no segment of the policy takes {device.name}; add a row that does"
    return SegmentDecision(None, -1, (reason("segment_missing", text),), tuple(lost))


def _placed(policy: Policy, rule: SegmentRule, device: DeviceFacts, lost: tuple[Reason, ...]) -> SegmentDecision:
    because = " and ".join(described(c) for c in rule.when) or "it takes every device"
    matched = reason("segment_matched", f"{called('segment', rule)}: {because}", ring=rule.ring)
    if rule.ring == 0 and len(policy.rings) > 1 and not (device.internal or device.sacrificial):
        text = f"{device.name} is neither the MSP's own nor declared sacrificial, so it waits for ring 1"
        return SegmentDecision(rule, 1, (matched, reason("ring_0_refused", text)), lost)
    return SegmentDecision(rule, rule.ring, (matched,), lost)


def names_of(policy: Policy, segment: str) -> tuple[str, ...]:
    """The names that mean a segment in a hold: its own, and that of the row it was made from."""
    rule = policy.segment(segment)
    return (segment, rule.base) if rule and rule.base and rule.base != segment else (segment,)


def row_names_of(policy: Policy, segment: str) -> tuple[str, ...]:
    """The names that mean a segment in the rows of a policy. Where sites or groups have layers, compiling wrote out
    every segment that a row is for: there a row that names the base means the base alone."""
    local = any(layer.startswith(("site ", "group ")) for layer in policy.layers)
    return (segment,) if local else names_of(policy, segment)


def decide(policy: Policy, patch: PatchFacts, segment: str, holds: Sequence[HoldInForce] = ()) -> Decision:
    """What happens with a patch in a segment. The order of the holds does not matter."""
    names = names_of(policy, segment)
    by_rules = _by_rules(policy, patch, row_names_of(policy, segment))
    held = [hold for hold in holds if hold.segment is None or hold.segment in names]
    if held:
        return _held(held, by_rules)
    return _as_far_as(policy.automation_of(segment), by_rules)


def _held(holds: Sequence[HoldInForce], by_rules: Decision) -> Decision:
    inwards = sorted(holds, key=lambda hold: (hold.source, hold.text))
    reasons = tuple(reason(f"hold_{hold.source}", f"held: {hold.text}") for hold in inwards)
    beaten = reason("rule_beaten", f"{by_rules.reasons[0].text}, but a hold goes before every rule")
    return Decision(Outcome.HOLD, "", "hold", reasons, (beaten, *by_rules.lost))


def _by_rules(policy: Policy, patch: PatchFacts, names: Sequence[str]) -> Decision:
    matching: list[ApprovalRule] = []
    missed: list[Reason] = []
    for rule in policy.approvals:
        why_not = _why_not(rule, patch, names)
        if why_not:
            missed.append(reason("rule_not_matched", f"{called('rule', rule)} {why_not}"))
        else:
            matching.append(rule)
    if not matching:
        text = f"no rule says what to do with {patch.title or patch.patch_key}, so a person has to"
        return Decision(Outcome.REVIEW, "", "nobody", (reason("no_rule", text),), tuple(missed))
    winner = min(matching, key=rank)
    beaten = [_beaten(rule, winner) for rule in matching if rule is not winner]
    urgency = urgency_of(policy, patch, names) if winner.outcome is Outcome.EXPEDITE else None
    told_of = (told(urgency),) if urgency else ()
    reasons = (_says(winner), *told_of)
    lost = (*beaten, *missed)
    return Decision(winner.outcome, winner.name, winner.authority.value, reasons, lost, winner.asked, urgency)


def _says(winner: ApprovalRule) -> Reason:
    because = " and ".join(described(c) for c in winner.when) or "it takes every patch"
    text = f"{called('rule', winner)} says {winner.outcome}: {because}"
    if winner.reason:
        text += f"; {winner.reason}"
    if winner.authority is not Authority.MSP:
        text += f" (on the word of the {winner.authority})"
    return reason("rule_matched", text, line=winner.line, layer=winner.layer, outcome=winner.outcome)


def _beaten(rule: ApprovalRule, winner: ApprovalRule) -> Reason:
    text = f"{called('rule', rule)} says {rule.outcome}, but {called('rule', winner)} goes before it: "
    return reason("rule_beaten", text + _why_beaten(rule, winner), line=rule.line, by_line=winner.line)


def _why_beaten(rule: ApprovalRule, winner: ApprovalRule) -> str:
    if rule.nearness != winner.nearness:
        return "it is of a nearer layer"
    if bool(rule.segments) != bool(winner.segments):
        return "it names the segment"
    if (rule.outcome in STRONGER) != (winner.outcome in STRONGER):
        return f"{winner.outcome} goes before {rule.outcome}"
    return "it stands first"


def _as_far_as(level: Automation, decision: Decision) -> Decision:
    """The decision, taken back to what the level of automation allows, and with what a review asks for."""
    match level:
        case Automation.AUTOMATIC:
            return _asking(decision)
        case Automation.OBSERVE:
            if decision.outcome in STRONGER:
                return decision
            observes = reason("observes", "the policy only observes here: nothing is installed")
            return replace(decision, outcome=Outcome.HOLD, reasons=(observes, *decision.reasons), urgency=None)
        case Automation.RECOMMEND | Automation.APPROVE_FIRST:
            if not decision.goes_by_itself:
                return _asking(decision)
            text = f"the level of automation is {level}, so a person approves what a rule would let go"
            taken_back = replace(decision, outcome=Outcome.REVIEW, reasons=(reason("level", text), *decision.reasons))
            return _asking(taken_back)


def _asking(decision: Decision) -> Decision:
    asks = wanted(decision.asked) if decision.outcome is Outcome.REVIEW else None
    return replace(decision, reasons=(*decision.reasons, asks)) if asks else decision


def _why_not(rule: ApprovalRule, patch: PatchFacts, names: Sequence[str]) -> str:
    if not is_for(rule, names):
        return f"is for {', '.join(rule.segments)}"
    misses = patch_misses(rule.when, patch)
    return "wants " + "; ".join(described(miss) for miss in misses) if misses else ""


def is_for(rule: ApprovalRule | UrgencyRule, names: Sequence[str]) -> bool:
    """Whether a row concerns a segment: it names none, or one of the segment's names."""
    return not rule.segments or any(name in rule.segments for name in names)


def rank(rule: ApprovalRule) -> tuple[int, bool, bool]:
    """Smaller wins; ties go to the first row, because min keeps it."""
    return (-rule.nearness, not rule.segments, rule.outcome not in STRONGER)
