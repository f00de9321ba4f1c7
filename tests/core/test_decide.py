"""What is decided for a patch, by whom, and what a signed policy allows by itself."""

import re
from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.devices import Criticality, DeviceClass
from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import Decision, HoldInForce, decide, names_of, row_names_of, segment_of
from patchring.core.policy.grants import GrantValue, grants
from patchring.core.policy.handling import RebootRule, Remedy, RemedyScope, RemedyStep
from patchring.core.policy.match import matches
from patchring.core.policy.model import ApprovalRule, Asked, Automation, Outcome
from patchring.core.reason import reason
from patchring.wire.authority import _has_form
from tests.core.builders import device, patch, policy, rule


def decided(*rules: ApprovalRule, segment: str = "rest", **given_: object) -> Decision:
    return decide(policy(approvals=rules, **given_), patch(), segment)


def test_no_rule_is_a_review() -> None:
    """Nobody decided, so a person does."""
    found = decided(rule("other", Outcome.AUTO, provider="dnf"))
    assert (found.outcome, found.authority) == (Outcome.REVIEW, "nobody")
    assert found.reasons[0].text == "no rule says what to do with web 2, so a person has to"
    assert found.lost[0].text == "rule other (line 0) wants provider is dnf"


@pytest.mark.parametrize("strong", [Outcome.HOLD, Outcome.BLOCK])
def test_hold_and_block_beat_approval_at_equal_scope(strong: Outcome) -> None:
    """Wherever in the table they stand."""
    auto, against = rule("a", Outcome.AUTO), rule("b", strong)
    assert decided(auto, against).outcome is strong
    assert decided(against, auto).outcome is strong


def test_the_nearer_scope_wins() -> None:
    """A row for this segment goes before one for all, also before a hold; one for another segment says nothing."""
    near, wide = rule("near", Outcome.AUTO, ("rest",)), rule("wide", Outcome.HOLD)
    found = decided(wide, near)
    assert (found.outcome, found.rule) == (Outcome.AUTO, "near")
    assert [each.text for each in found.lost] == [
        "rule wide (line 0) says hold, but rule near (line 0) goes before it: it names the segment"
    ]
    assert decided(wide, near, segment="own").outcome is Outcome.HOLD


def test_then_the_first_row() -> None:
    """Among equals the order of the text decides."""
    assert decided(rule("a", Outcome.REVIEW), rule("b", Outcome.AUTO)).rule == "a"


def test_a_hold_in_force_goes_before_every_rule() -> None:
    """Placed by a person or an incident, for this segment or all; one for another segment does not hold here."""
    held = decide(policy(), patch(), "rest", [HoldInForce("crashes spoolers", "incident")])
    assert (held.outcome, held.authority, held.reasons[0].text) == (Outcome.HOLD, "hold", "held: crashes spoolers")
    assert decide(policy(), patch(), "rest", [HoldInForce("x", "person", "own")]).goes_by_itself


def test_wildcards_and_sets() -> None:
    """A condition holds when a value matches; of a set any member may."""
    conditions = (Condition("suite", ("*-security",)), Condition("provider", ("apt", "dnf")))
    suits = ApprovalRule("s", conditions, Outcome.AUTO)
    assert decide(policy(approvals=(suits,)), patch(suite="bookworm-security"), "rest").rule == "s"
    assert decide(policy(approvals=(suits,)), patch(suite="bookworm"), "rest").rule == ""


outcomes = st.sampled_from(list(Outcome))
rules = st.lists(st.tuples(outcomes, st.booleans(), st.booleans()), max_size=5)


@given(rows=rules, level=st.sampled_from(list(Automation)))
@settings(max_examples=200, deadline=None)
def test_decisions_keep_their_order(rows: list[tuple[Outcome, bool, bool]], level: Automation) -> None:
    """For any table: no hold or block of the deciding scope is overruled, the level of automation only takes back, and
    one decision is reached however often it is asked."""
    table = tuple(
        rule(str(n), outcome, ("rest",) if near else (), **({} if fits else {"provider": "dnf"}))
        for n, (outcome, near, fits) in enumerate(rows)
    )
    chosen = policy(approvals=table, automation=level)
    found = decide(chosen, patch(), "rest")
    assert found == decide(chosen, patch(), "rest")
    fitting = [(outcome, near) for outcome, near, fits in rows if fits]
    scope = [outcome for outcome, near in fitting if near] or [outcome for outcome, _ in fitting]
    stronger = [outcome for outcome in scope if outcome in (Outcome.HOLD, Outcome.BLOCK)]
    expected = (stronger or scope or [Outcome.REVIEW])[0]
    if expected in (Outcome.AUTO, Outcome.EXPEDITE) and level in (Automation.RECOMMEND, Automation.APPROVE_FIRST):
        expected = Outcome.REVIEW
    if level is Automation.OBSERVE and not stronger:
        expected = Outcome.HOLD
    assert found.outcome is expected


def test_a_segment_may_have_a_level_of_its_own() -> None:
    """Automatic as a whole, approval first for one class of devices."""
    usual = policy()
    careful = replace(usual.segments[1], automation=Automation.APPROVE_FIRST)
    mixed = replace(usual, segments=(usual.segments[0], careful))
    assert decide(mixed, patch(), "own").outcome is Outcome.AUTO
    found = decide(mixed, patch(), "rest")
    assert found.outcome is Outcome.REVIEW
    assert found.reasons[0].text.startswith("the level of automation is approve_first")


def test_ring_0_takes_no_client_device() -> None:
    """A row may send it there; unless it is the MSP's own or declared sacrificial it waits for ring 1, and says so."""
    everybody = replace(policy().segments[0], when=())
    found = [
        segment_of(policy(segments=(everybody,)), device(**facts)).ring
        for facts in ({}, {"internal": True}, {"sacrificial": True})
    ]
    assert found == [1, 0, 0]
    moved = segment_of(policy(segments=(everybody,)), device())
    assert moved.reasons[-1].text == "box is neither the MSP's own nor declared sacrificial, so it waits for ring 1"


def test_a_single_ring_takes_every_device() -> None:
    """Two people set the other rings aside in writing, so there is no ring 1 to wait for."""
    everybody, only = replace(policy().segments[0], when=()), policy().rings[:1]
    assert segment_of(policy(segments=(everybody,), rings=only), device()).ring == 0


def test_a_device_that_no_row_takes() -> None:
    """It is left alone, and the rows that were looked at are named."""
    found = segment_of(policy(segments=(policy().segments[0],)), device())
    assert (found.segment, found.ring) == (None, -1)
    assert found.lost[0].text == "segment own (line 1) wants internal is yes"


def test_all_conditions_of_a_row_have_to_hold() -> None:
    """A server of low criticality is no kiosk of low criticality."""
    kiosks = replace(policy().segments[1], when=(Condition("class", ("kiosk",)), Condition("criticality", ("low",))))
    found = segment_of(policy(segments=(kiosks,)), device(criticality=Criticality.LOW))
    assert found.segment is None
    assert found.lost[0].text == "segment rest (line 2) wants class is kiosk"


def test_unknown_exposure_counts_as_exposed() -> None:
    """Nobody looked, so it is treated as if it were reachable."""
    exposed = replace(policy().segments[1], when=(Condition("exposed", ("yes",)),))
    rings = policy(segments=(exposed,))
    assert segment_of(rings, device(internet_facing=None)).segment == exposed
    assert segment_of(rings, device(internet_facing=False)).segment is None


INSTALL = GrantValue("debian", ("install",), "apt", ("*",), ("Debian",), ("*",), ("*",))
BACK = [
    GrantValue("remedy back", ("downgrade",), provider, ("*",), ("kept",), ("*",), ("*",))
    for provider in ("apt", "windows_update")
]
REBOOT = GrantValue("reboots of segments", ("reboot",), "*", ("*",), ("*",), ("*",), ("*",))


def test_what_a_signed_policy_allows_by_itself() -> None:
    """Installations of automatic rules by what devices can check, ways back from kept copies, restarts."""
    assert grants(policy()) == [INSTALL, *BACK, REBOOT]


def test_a_policy_that_asks_first_grants_no_installation() -> None:
    """But the way back and the restart of what a person approves are granted in advance."""
    assert grants(policy(automation=Automation.APPROVE_FIRST)) == [*BACK, REBOOT]


def test_a_policy_that_observes_grants_nothing() -> None:
    """It only looks."""
    assert grants(policy(automation=Automation.OBSERVE)) == []


def test_rules_that_review_grant_nothing() -> None:
    """Only what goes by itself is granted by rule."""
    reviewed = policy(approvals=(rule("r", Outcome.REVIEW, provider="apt", origin="Debian"),))
    assert grants(reviewed) == [*BACK, REBOOT]


def test_no_restart_is_granted_where_all_segments_forbid_it() -> None:
    """`reboot: never` everywhere is a promise."""
    never = tuple(replace(segment, reboot=RebootRule.NEVER) for segment in policy().segments)
    assert REBOOT not in grants(policy(segments=never))


def test_a_way_back_is_granted_by_every_provider_that_a_rule_names() -> None:
    """Beside those that everybody has, in the order of their names."""
    named = policy(approvals=(rule("r", Outcome.REVIEW, provider="dnf"),))
    assert [each.provider for each in grants(named) if each.actions == ("downgrade",)] == [
        "apt", "dnf", "windows_update",
    ]  # fmt: skip


def test_no_way_back_is_granted_where_the_remedy_has_none() -> None:
    """Removing a package brings no kept version back."""
    away = {"away": Remedy("away", (RemedyStep.UNINSTALL,), RemedyScope.FAILED)}
    assert grants(policy(remedies=away)) == [INSTALL, REBOOT]


def test_every_condition_becomes_a_pattern() -> None:
    """Package, label and suite go into the grant as they are written."""
    narrow = rule("n", Outcome.EXPEDITE, provider="apt", package="web*", origin="Debian", label="L", suite="*-security")
    first = grants(policy(approvals=(narrow,)))[0]
    assert first == GrantValue("n", ("install",), "apt", ("web*",), ("Debian",), ("L",), ("*-security",))


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("", "", True), ("", "a", False), ("a", "a", True), ("a", "A", False), ("a", "ab", False), ("*", "", True),
        ("?", "", False), ("?", "a", True), ("??", "a", False), ("a*", "a", True), ("*a", "ba", True),
        ("*a", "ab", False), ("a*c", "abbc", True), ("a*c", "abbd", False), ("*a*b*", "xaxbx", True),
        ("*ab", "aab", True), ("a?c*e", "abcde", True), ("[ab]", "a", False), ("[ab]", "[ab]", True),
        ("[!a]*", "[!a]x", True), ("a.c", "abc", False), ("a*", "a\nb", True), ("**", "x", True), ("a**", "ab", True),
    ],
)  # fmt: skip
def test_only_star_and_question_mark_are_wild(pattern: str, value: str, fits: bool) -> None:
    """Brackets and dots are characters; the server's rules and the agent's grants read a pattern alike."""
    assert matches(pattern, value) is fits
    assert _has_form(pattern, value) is fits


@given(pattern=st.text("ab[*?", max_size=8), value=st.text("ab[", max_size=8))
def test_a_pattern_means_the_same_as_its_regular_expression(pattern: str, value: str) -> None:
    """For any pattern, on both sides."""
    written = "".join({"*": ".*", "?": "."}.get(each, re.escape(each)) for each in pattern)
    expected = re.fullmatch(written, value, re.DOTALL) is not None
    assert matches(pattern, value) is expected
    assert _has_form(pattern, value) is expected


def test_a_segment_of_one_site() -> None:
    """The site's name is a fact of the device."""
    there = replace(policy().segments[1], when=(Condition("site", ("Ber*",)),))
    assert segment_of(policy(segments=(there,)), device(site="Berlin")).segment == there
    assert segment_of(policy(segments=(there,)), device()).segment is None


def test_a_device_and_its_segment_are_told_in_whole_sentences() -> None:
    """Each row with all that it wants, by a code that programs know."""
    kiosks = replace(policy().segments[1], when=(Condition("class", ("kiosk",)), Condition("criticality", ("low",))))
    none = segment_of(policy(segments=(kiosks,)), device())
    assert (none.reasons, none.lost) == (
        (reason("segment_missing", "no segment of the policy takes box; add a row that does"),),
        (reason("segment_not_matched", "segment rest (line 2) wants class is kiosk; criticality is low"),),
    )
    low = device(device_class=DeviceClass.KIOSK, criticality=Criticality.LOW)
    assert segment_of(policy(segments=(kiosks,)), low).reasons == (
        reason("segment_matched", "segment rest (line 2): class is kiosk and criticality is low", ring=1),
    )
    everybody = replace(policy().segments[0], when=())
    moved = segment_of(policy(segments=(everybody,)), device()).reasons
    assert [each.code for each in moved] == ["segment_matched", "ring_0_refused"]


def test_every_rule_that_lost_says_why() -> None:
    """Its segments with commas, its conditions with semicolons, each with a code."""
    elsewhere = rule("elsewhere", Outcome.AUTO, ("own", "tills"))
    picky = rule("picky", Outcome.AUTO, provider="dnf", origin="Fedora")
    found = decided(elsewhere, picky, rule("first", Outcome.AUTO), rule("second", Outcome.REVIEW))
    assert [(each.code, each.text) for each in found.lost] == [
        (
            "rule_beaten",
            "rule second (line 0) says review, but rule first (line 0) goes before it: it stands first",
        ),
        ("rule_not_matched", "rule elsewhere (line 0) is for own, tills"),
        ("rule_not_matched", "rule picky (line 0) wants provider is dnf; origin is Fedora"),
    ]
    assert [each.numbers for each in found.lost] == [{"line": "0", "by_line": "0"}, {}, {}]
    both = decided(rule("both", Outcome.AUTO, provider="apt", origin="Debian"))
    assert both.reasons == (
        reason(
            "rule_matched",
            "rule both (line 0) says auto: provider is apt and origin is Debian",
            line=0,
            layer="",
            outcome="auto",
        ),
    )


def test_a_patch_without_a_title_is_called_by_its_key() -> None:
    """Where nobody decided."""
    found = decide(policy(approvals=()), patch(title=""), "rest")
    assert found.reasons == (reason("no_rule", "no rule says what to do with apt:web=2, so a person has to"),)


def test_a_hold_names_its_source_and_what_it_goes_before() -> None:
    """One reason each; the rule that would have decided comes first among those that lost."""
    found = decide(policy(), patch(), "rest", [HoldInForce("breaks tills", "feed"), HoldInForce("asked to", "person")])
    assert found.reasons == (
        reason("hold_feed", "held: breaks tills"),
        reason("hold_person", "held: asked to"),
    )
    assert found.lost[0] == reason(
        "rule_beaten",
        "rule debian (line 0) says auto: provider is apt and origin is Debian, but a hold goes before every rule",
    )
    assert (found.rule, found.asked, found.urgency) == ("", Asked(), None)


def test_what_the_level_takes_back_is_told() -> None:
    """By its code and in a sentence, before the rule that it takes back."""
    watched = decided(rule("all", Outcome.AUTO), automation=Automation.OBSERVE)
    assert watched.reasons[0] == reason("observes", "the policy only observes here: nothing is installed")
    assert [each.code for each in watched.reasons] == ["observes", "rule_matched"]
    said = decided(rule("all", Outcome.AUTO), automation=Automation.RECOMMEND)
    text = "the level of automation is recommend, so a person approves what a rule would let go"
    assert said.reasons[0] == reason("level", text)
    held = decided(rule("all", Outcome.BLOCK), automation=Automation.OBSERVE)
    assert (held.outcome, [each.code for each in held.reasons]) == (Outcome.BLOCK, ["rule_matched"])


@pytest.mark.parametrize(
    ("layers", "reached"),
    [((), "wide"), (("baseline", "tenant"), "wide"), (("baseline", "site Berlin"), ""), (("baseline", "group x"), "")],
)
def test_where_sites_have_layers_a_row_means_the_segments_that_it_names(layers: tuple[str, ...], reached: str) -> None:
    """Compiling wrote out for which of them it is; a hold still means all that were made of a segment."""
    made = replace(policy().segments[1], name="rest @ site Berlin", base="rest")
    only = rule("wide", Outcome.AUTO, ("rest",))
    chosen = policy(segments=(made, *policy().segments), approvals=(only,), layers=layers)
    assert row_names_of(chosen, made.name) == ((made.name, "rest") if reached else (made.name,))
    assert decide(chosen, patch(), made.name).rule == reached
    assert decide(chosen, patch(), "rest").rule == "wide"
    assert decide(chosen, patch(), made.name, [HoldInForce("x", "person", "rest")]).authority == "hold"


def test_a_segment_that_is_its_own_base_has_one_name() -> None:
    """As compiling leaves those that nobody changed."""
    rest = replace(policy().segments[1], base="rest")
    assert names_of(policy(segments=(rest,)), "rest") == ("rest",)
