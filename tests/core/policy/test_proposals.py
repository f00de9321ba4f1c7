"""What a tenant's policy says to a decision that its MSP proposes to many tenants."""

from dataclasses import replace
from itertools import product

import pytest

from patchring.core.policy.condition import Source
from patchring.core.policy.proposals import Answer, AnswerState, answer
from patchring.core.policy.reception import ProposalKind, ProposalRules, Reception
from patchring.core.reason import reason
from tests.core.builders import policy

SAID = replace(
    policy(),
    proposals=ProposalRules(Reception.REFUSE, Reception.REFUSE, Reception.REVIEW),
    sources={"proposals.hold": Source("tenant", 7), "proposals.approve": Source("baseline", 40)},
)


def test_what_is_usual_where_the_policy_says_nothing() -> None:
    """A hold is taken; what would let a patch go waits for a person."""
    found = {kind: answer(policy(), kind) for kind in ProposalKind}
    assert {kind: each.state for kind, each in found.items()} == {
        ProposalKind.HOLD: AnswerState.TAKEN,
        ProposalKind.EXPEDITE: AnswerState.OPEN,
        ProposalKind.APPROVE: AnswerState.OPEN,
    }
    text = "proposals.hold, which the text leaves as it is usual, takes proposals of this kind: the patch is held"
    assert found[ProposalKind.HOLD] == Answer(AnswerState.TAKEN, reason("proposal_taken", text), "proposals.hold")


def test_the_answer_names_the_line_that_gave_it() -> None:
    refused = "proposals.hold (line 7 of tenant) refuses proposals of this kind, so nothing comes of it"
    assert answer(SAID, ProposalKind.HOLD) == Answer(
        AnswerState.REFUSED, reason("proposal_refused", refused), "proposals.hold", 7, "tenant"
    )
    asked = "proposals.approve (line 40 of baseline) asks for a person, who decides whether the patch is approved"
    assert answer(SAID, ProposalKind.APPROVE) == Answer(
        AnswerState.OPEN, reason("proposal_open", asked), "proposals.approve", 40, "baseline"
    )


def test_without_a_policy_a_person_answers() -> None:
    """Nothing signed says that the tenant takes it, and nothing that it does not."""
    done = {"hold": "the patch is held", "expedite": "the patch goes out faster", "approve": "the patch is approved"}
    for kind in ProposalKind:
        text = f"the tenant has no policy that could answer, so a person decides whether {done[kind]}"
        assert answer(None, kind) == Answer(AnswerState.OPEN, reason("policy_missing", text), "")


@pytest.mark.parametrize(("kind", "reception"), list(product(ProposalKind, Reception)))
def test_only_a_hold_is_ever_taken(kind: ProposalKind, reception: Reception) -> None:
    """Even by rules that no text can say; and each rule answers for its own kind alone."""
    rules = replace(ProposalRules(), **{kind.value: reception})
    found = answer(replace(policy(), proposals=rules), kind).state
    wanted = {Reception.TAKE: AnswerState.TAKEN, Reception.REVIEW: AnswerState.OPEN}.get(reception, AnswerState.REFUSED)
    if kind is not ProposalKind.HOLD and reception is Reception.TAKE:
        wanted = AnswerState.OPEN
    assert found is wanted
    others = [other for other in ProposalKind if other is not kind]
    usual = [answer(policy(), other) for other in others]
    assert [answer(replace(policy(), proposals=rules), other) for other in others] == usual
