"""What becomes of a decision that the MSP makes once for many tenants: each tenant's own policy answers it (A6).

A proposal to hold a patch may be taken at once: a hold only ever keeps something back. One to expedite or to approve
never is. What goes out faster is said by a signed row of the policy, and an approval counts when the tenant's own keys
signed it; no key of the MSP stands for them. The most that a policy can say there is `review`: the proposal stays open
until a person of the tenant answers it, and whoever accepts it signs what follows from it as always.
"""

from dataclasses import dataclass
from enum import StrEnum

from patchring.core.policy.model import Policy
from patchring.core.policy.reception import ProposalKind, ProposalRules, Reception
from patchring.core.reason import Reason, reason


class AnswerState(StrEnum):
    """Taken, open and refused are what a policy answers; accepted and declined what a person does to an open one."""

    TAKEN = "taken"
    OPEN = "open"
    REFUSED = "refused"
    ACCEPTED = "accepted"
    DECLINED = "declined"


@dataclass(frozen=True)
class Answer:
    """`rule` is the path of the rule that answered; empty where there is no policy. `line` is 0 and `layer` empty where
    the text says nothing and what is usual counts."""

    state: AnswerState
    reason: Reason
    rule: str = ""
    line: int = 0
    layer: str = ""


_DONE = {
    ProposalKind.HOLD: "the patch is held",
    ProposalKind.EXPEDITE: "the patch goes out faster",
    ProposalKind.APPROVE: "the patch is approved",
}


def answer(policy: Policy | None, kind: ProposalKind) -> Answer:
    """What a tenant's policy in force says to a proposal; None: it has none that can be read, so a person answers.

    Only a hold is ever taken, whatever the rules hold: the language refuses the rest, and so does this.
    """
    if policy is None:
        text = f"the tenant has no policy that could answer, so a person decides whether {_DONE[kind]}"
        return Answer(AnswerState.OPEN, reason("policy_missing", text))
    rule = f"proposals.{kind}"
    source = policy.sources.get(rule)
    line, layer = (source.line, source.layer) if source else (0, "")
    said = f"{rule} (line {line} of {layer})" if source else f"{rule}, which the text leaves as it is usual,"
    state, found = _said(policy.proposals, kind, said)
    return Answer(state, found, rule, line, layer)


def _said(rules: ProposalRules, kind: ProposalKind, said: str) -> tuple[AnswerState, Reason]:
    reception = rules.of(kind)
    if reception is Reception.REFUSE:
        text = f"{said} refuses proposals of this kind, so nothing comes of it"
        return AnswerState.REFUSED, reason("proposal_refused", text)
    if reception is Reception.TAKE and kind is ProposalKind.HOLD:
        return AnswerState.TAKEN, reason("proposal_taken", f"{said} takes proposals of this kind: {_DONE[kind]}")
    return AnswerState.OPEN, reason("proposal_open", f"{said} asks for a person, who decides whether {_DONE[kind]}")
