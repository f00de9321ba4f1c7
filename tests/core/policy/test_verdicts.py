"""Many verdicts at once are those that `decide` gives one by one; and no answer depends on the order of anything."""

from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import HoldInForce, decide, segment_of
from patchring.core.policy.match import matches
from patchring.core.policy.model import Outcome, UrgencyRule
from patchring.core.policy.verdicts import HELD, Verdict, Verdicts, is_plain
from tests.core.builders import device, patch, policy, rule
from tests.core.policy.random_policies import SEGMENTS, random_holds, random_patch, random_policy

seeds = st.integers(0, 2**48)


@given(seed=seeds)
@settings(max_examples=300, deadline=None)
def test_the_compiled_form_says_what_the_plain_one_says(seed: int) -> None:
    """For any policy, patches and holds; asked together, each alone, and each once more."""
    rng = Random(seed)
    chosen, patches = random_policy(rng), [random_patch(rng) for _ in range(8)]
    holds = {each.patch_key: random_holds(rng) for each in patches}
    verdicts = Verdicts(chosen)
    plain = [
        tuple(Verdict.of(decide(chosen, each, name, holds[each.patch_key])) for name in SEGMENTS) for each in patches
    ]
    assert list(verdicts.rows(patches, holds)) == plain
    assert list(verdicts.rows(patches, holds)) == plain
    free = [tuple(Verdict.of(decide(chosen, each, name)) for name in SEGMENTS) for each in patches]
    assert list(verdicts.rows(patches)) == free
    for each, row in zip(patches, plain, strict=True):
        assert [verdicts.of(each, name, holds[each.patch_key]) for name in SEGMENTS] == list(row)


@given(seed=seeds)
@settings(max_examples=100, deadline=None)
def test_the_order_of_the_inputs_changes_no_byte(seed: int) -> None:
    """Patches and holds in any order; sets of roles and groups filled in any order."""
    rng = Random(seed)
    chosen, patches, holds = random_policy(rng), [random_patch(rng) for _ in range(6)], random_holds(rng)
    first = {each: [repr(decide(chosen, each, name, holds)) for name in SEGMENTS] for each in patches}
    rng.shuffle(patches)
    rng.shuffle(holds)
    assert {each: [repr(decide(chosen, each, name, holds)) for name in SEGMENTS] for each in patches} == first
    roles = [f"role {number}" for number in range(5)]
    known = repr(segment_of(chosen, device(roles=frozenset(roles), groups=frozenset(roles))).reasons)
    rng.shuffle(roles)
    assert repr(segment_of(chosen, device(roles=frozenset(roles), groups=frozenset(roles))).reasons) == known


def test_the_trace_is_worked_out_on_demand() -> None:
    """The same decision, with reasons and rules that lost."""
    chosen, holds = policy(), [HoldInForce("bad", "feed")]
    verdicts = Verdicts(chosen)
    assert verdicts.segments == ("own", "rest")
    assert verdicts.why(patch(), "rest", holds) == decide(chosen, patch(), "rest", holds)
    assert verdicts.of(patch(), "rest", holds) == HELD
    assert verdicts.of(patch(), "rest") == Verdict(Outcome.AUTO, "debian", "msp")


def test_urgency_is_a_verdict_too() -> None:
    """The first row that fits, for what is expedited alone."""
    fast = UrgencyRule("fast", (Condition("exploited", ("yes",)),))
    table = (rule("kev", Outcome.EXPEDITE, exploited="yes"), rule("rest", Outcome.AUTO))
    verdicts = Verdicts(policy(approvals=table, urgency=(fast,)))
    assert verdicts.of(patch(exploited=True), "rest").urgency == fast
    assert verdicts.of(patch(), "rest").urgency is None


@pytest.mark.parametrize(("pattern", "plain"), [("", True), ("web", True), ("w?", False), ("*", False), ("[a]", True)])
def test_a_pattern_without_anything_wild_matches_itself_alone(pattern: str, plain: bool) -> None:
    """So it is looked up instead of tried."""
    assert is_plain(pattern) is plain


@pytest.mark.parametrize("pattern", ["w?b*", "*w?b", "w*b*", "*w*b", "**", "web**", "**web", "*", "web*", "*web"])
@pytest.mark.parametrize("name", ["web", "wob", "web-w?b", "w?b-web", "w*b", "lib-wob", "wob-lib", "lib", ""])
def test_the_faster_forms_match_what_a_pattern_matches(pattern: str, name: str) -> None:
    """What is wild inside stays wild, also where the end of a pattern is."""
    verdicts = Verdicts(policy(approvals=(rule("it", Outcome.AUTO, package=pattern),)))
    assert bool(verdicts.of(patch(name=name), "rest").rule) is matches(pattern, name)
