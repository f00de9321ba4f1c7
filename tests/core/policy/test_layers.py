"""The nearer layer wins, whatever stands where; and every rule says where it was written and why it lost."""

from dataclasses import replace
from itertools import permutations

import pytest

from patchring.core.policy.decide import HoldInForce, decide, names_of, segment_of
from patchring.core.policy.model import ApprovalRule, Asked, Authority, Automation, Outcome, SegmentRule
from tests.core.builders import device, patch, policy, rule

BASELINE = replace(rule("all", Outcome.AUTO), layer="baseline", line=12)
TENANT = replace(rule("ours", Outcome.REVIEW), layer="tenant", line=3, nearness=1)
SITE = replace(rule("here", Outcome.HOLD, ("rest",)), layer="site Berlin", line=5, nearness=2)


def lost(*rules: ApprovalRule) -> list[str]:
    return [each.text for each in decide(policy(approvals=rules), patch(), "rest").lost]


def test_the_nearest_layer_wins_in_any_order() -> None:
    """Also against a hold and against a row that names the segment of a wider layer."""
    block = replace(BASELINE, outcome=Outcome.BLOCK, segments=("rest",))
    for table in permutations((block, TENANT)):
        assert decide(policy(approvals=table), patch(), "rest").rule == "ours"
    for table in permutations((BASELINE, TENANT, SITE)):
        assert decide(policy(approvals=table), patch(), "rest").rule == "here"


def test_where_a_rule_was_written() -> None:
    """Layer and line; a text of one layer has lines alone."""
    found = decide(policy(approvals=(BASELINE,)), patch(), "rest")
    assert found.reasons[0].text == "rule all (baseline, line 12) says auto: it takes every patch"
    assert found.reasons[0].numbers == {"line": "12", "layer": "baseline", "outcome": "auto"}
    alone = decide(policy(approvals=(replace(BASELINE, layer="policy"),)), patch(), "rest")
    assert alone.reasons[0].text == "rule all (line 12) says auto: it takes every patch"


@pytest.mark.parametrize(
    ("beaten", "winner", "why"),
    [
        (BASELINE, TENANT, "it is of a nearer layer"),
        (BASELINE, replace(BASELINE, name="x", segments=("rest",)), "it names the segment"),
        (BASELINE, replace(BASELINE, name="x", outcome=Outcome.BLOCK), "block goes before auto"),
    ],
)
def test_why_a_rule_was_beaten(beaten: ApprovalRule, winner: ApprovalRule, why: str) -> None:
    """By which rule, and by what."""
    says = f"rule all (baseline, line 12) says auto, but rule {winner.name} ({winner.layer}, line {winner.line})"
    assert lost(beaten, winner) == [f"{says} goes before it: {why}"]


def test_the_later_of_equals_is_beaten_by_its_place() -> None:
    """Nothing else tells them apart."""
    second = replace(BASELINE, name="again", line=13)
    assert lost(BASELINE, second) == [
        "rule again (baseline, line 13) says auto, but rule all (baseline, line 12) goes before it: it stands first"
    ]


def test_rules_that_missed_come_after_those_that_were_beaten() -> None:
    """Each with the reason; a hold goes before all of them and says so."""
    other = replace(rule("other", Outcome.AUTO, ("own",)), line=2)
    dnf = replace(rule("dnf", Outcome.AUTO, provider="dnf"), line=1)
    table = (dnf, other, BASELINE, TENANT)
    beaten = (
        "rule all (baseline, line 12) says auto, but rule ours (tenant, line 3) goes before it: it is of a nearer layer"
    )
    missed = ["rule dnf (line 1) wants provider is dnf", "rule other (line 2) is for own"]
    assert lost(*table) == [beaten, *missed]
    held = decide(policy(approvals=table), patch(), "rest", [HoldInForce("bad", "feed")])
    assert [each.text for each in held.lost] == [
        "rule ours (tenant, line 3) says review: it takes every patch, but a hold goes before every rule",
        beaten,
        *missed,
    ]


def test_the_word_of_somebody_else() -> None:
    """On whose word a rule stands, and why it was written."""
    vendors = replace(BASELINE, authority=Authority.VENDOR, reason="known to break printing", outcome=Outcome.HOLD)
    found = decide(policy(approvals=(vendors,)), patch(), "rest")
    assert found.authority == "vendor"
    assert found.reasons[0].text == (
        "rule all (baseline, line 12) says hold: it takes every patch; known to break printing "
        "(on the word of the vendor)"
    )


def test_what_is_asked_for_is_part_of_a_review_alone() -> None:
    """Of a rule that reviews, and of one that the level of automation has people start."""
    asked = Asked(people_min=2)
    reviewed = decide(policy(approvals=(replace(TENANT, asked=asked),)), patch(), "rest")
    assert (reviewed.asked, reviewed.reasons[-1].code) == (asked, "asked")
    auto = replace(BASELINE, asked=asked)
    assert [each.code for each in decide(policy(approvals=(auto,)), patch(), "rest").reasons] == ["rule_matched"]
    first = policy(approvals=(auto,), automation=Automation.APPROVE_FIRST)
    assert [each.code for each in decide(first, patch(), "rest").reasons] == ["level", "rule_matched", "asked"]
    plain = decide(policy(approvals=(TENANT,)), patch(), "rest")
    assert (plain.asked, len(plain.reasons)) == (Asked(), 1)


def test_a_segment_that_a_site_made_its_own() -> None:
    """Rows and holds for the segment that it was made from mean it too; those for it alone mean nobody else."""
    berlin = SegmentRule("rest @ site Berlin", (), 1, "any", policy().segments[1].reboot, "back", base="rest")
    table = (replace(rule("wide", Outcome.HOLD, ("rest",)), line=1), rule("all", Outcome.AUTO))
    there = policy(segments=(berlin, *policy().segments), approvals=table)
    assert names_of(there, "rest @ site Berlin") == ("rest @ site Berlin", "rest")
    assert names_of(there, "rest") == ("rest",)
    assert names_of(there, "gone") == ("gone",)
    assert decide(there, patch(), "rest @ site Berlin").rule == "wide"
    only = replace(there, approvals=(rule("near", Outcome.HOLD, ("rest @ site Berlin",)), rule("all", Outcome.AUTO)))
    assert [decide(only, patch(), name).rule for name in ("rest @ site Berlin", "rest")] == ["near", "all"]
    assert decide(only, patch(), "rest", [HoldInForce("x", "person", "rest @ site Berlin")]).rule == "all"
    held = decide(there, patch(), "rest @ site Berlin", [HoldInForce("x", "person", "rest")])
    assert held.authority == "hold"


def test_holds_in_any_order_read_alike() -> None:
    """By source and text, which is all that is told of them."""
    holds = [HoldInForce("b", "person"), HoldInForce("a", "person", "rest"), HoldInForce("z", "feed")]
    answers = {repr(decide(policy(), patch(), "rest", order)) for order in permutations(holds)}
    assert len(answers) == 1
    assert [each.text for each in decide(policy(), patch(), "rest", holds).reasons] == ["held: z", "held: a", "held: b"]


def test_segments_name_their_layer() -> None:
    """In the row that took the device and in those that did not."""
    own, rest = policy().segments
    layered = policy(segments=(replace(own, layer="baseline"), replace(rest, layer="tenant")))
    found = segment_of(layered, device())
    assert found.reasons[0].text == "segment rest (tenant, line 2): it takes every device"
    assert found.lost[0].text == "segment own (baseline, line 1) wants internal is yes"
