"""What a text may say but hardly means: rules that never decide, things that nothing uses, rings too far in."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.policy.decide import decide
from patchring.core.policy.model import Automation
from patchring.policyfile import check
from patchring.policyfile.checks.never import never
from tests.core.policy.random_policies import SEGMENTS, random_patch, random_policy
from tests.policyfile.test_load import SMALL

THREE = SMALL.replace("windows:", "  - {name: last, soak: {time: 1h, verified: 1}}\nwindows:")


def warned(text: str, about: str) -> list[str]:
    """The warnings about a section, without file and line."""
    found = check(text, "p.yaml")
    assert found.errors == ()
    told = [each.told().removeprefix("p.yaml:").partition(": warning: ")[2] for each in found.problems]
    return [each for each in told if each.startswith(about)]


def test_a_segment_behind_one_that_takes_all() -> None:
    row = "  - {name: tills, when: {class: point_of_sale}, ring: 1, window: night, remedy: back}\n"
    sentence = "segments[1]: no device ever comes to it: 'all' stands before it and takes all of its devices; put it "
    assert warned(SMALL.replace("approvals:", f"{row}approvals:"), "segments[") == [f"{sentence}first, or take it away"]


@pytest.mark.parametrize(
    ("row", "wanted"),
    [
        ("{name: openssl, when: {provider: apt, origin: Debian, package: openssl}, decide: auto}", True),
        ("{name: openssl, when: {provider: apt, origin: Debian, package: openssl}, decide: hold}", False),
        ("{name: ubuntu, when: {provider: apt, origin: Ubuntu}, decide: auto}", False),
        ("{name: own, segments: [all], when: {provider: apt, origin: Debian}, decide: review}", False),
    ],
)
def test_an_approval_behind_a_wider_one(row: str, wanted: bool) -> None:
    """A hold goes before it all the same, and so does a row for a segment."""
    found = warned(SMALL.replace("on_failure:", f"  - {row}\non_failure:"), "approvals[")
    sentence = (
        "approvals[1]: it never decides: 'debian' goes before it wherever it holds; put it first, name segments, "
    )
    assert found == ([f"{sentence}or take it away"] if wanted else [])


@given(seed=st.integers(0, 2**48))
@settings(max_examples=150, deadline=None)
def test_what_is_called_idle_never_decides(seed: int) -> None:
    """For any policy: a rule that the check says never decides, decides nothing."""
    rng = Random(seed)
    chosen = random_policy(rng)
    plain = [replace(row, automation=None) for row in chosen.segments]
    chosen = replace(chosen, automation=Automation.AUTOMATIC, segments=tuple(plain))
    idle = {chosen.approvals[location[1]].name for location, _ in never(chosen) if location[0] == "approvals"}  # type: ignore[index]
    deciding = {decide(chosen, random_patch(rng), name).rule for _ in range(30) for name in SEGMENTS}
    assert idle.isdisjoint(deciding)


def test_an_urgency_row_without_anything_that_is_expedited() -> None:
    text = SMALL + 'urgency:\n  - {name: fast, when: {exploited: "yes"}, soak_max: 1h}\n'
    assert warned(text, "urgency[") == [
        "urgency[0]: no approval expedites what it is for; add one that decides expedite, or take this row away"
    ]


@pytest.mark.parametrize(
    ("old", "new", "about", "expected"),
    [
        (
            "windows:",
            "windows:\n  noon: {any_time: true}",
            "windows.",
            ["windows.noon: no segment uses it; name it in one, or take it away"],
        ),
        (
            "remedies:",
            "remedies:\n  slow: {steps: [return_to_prior]}",
            "remedies.",
            ["remedies.slow: no segment uses it; name it in one, or take it away"],
        ),
        (
            "title: Small",
            "title: Small\npeople: {ada: {name: Ada, mail: ada@msp.example}}",
            "people.",
            ["people.ada: nothing names them; give them a duty, or take them away"],
        ),
        (
            "title: Small",
            "title: Small\nhours: {monday: 08:00-18:00}",
            "hours",
            ["hours: no window minds them; give one `outside_hours: yes`, or a `catch_up`"],
        ),
    ],
)
def test_what_nothing_uses(old: str, new: str, about: str, expected: list[str]) -> None:
    assert warned(SMALL, about) == []
    assert warned(SMALL.replace(old, new), about) == expected


@pytest.mark.parametrize(
    ("automation", "own", "why"),
    [
        ("automatic", "", "because automation is automatic, which goes further than recommend"),
        ("recommend", "", "before automation may go further than recommend"),
        (
            "recommend",
            "automation: approve_first, ",
            "because the segment 'all' goes further than recommend: its automation is approve_first",
        ),
    ],
)
def test_what_a_client_would_sign_says_why_it_is_needed(automation: str, own: str, why: str) -> None:
    """Also where the policy only recommends, and one of its segments goes further."""
    text = SMALL.replace("automation: automatic", f"automation: {automation}").replace("ring: 1, ", f"ring: 1, {own}")
    sentence = "reporting: no report is promised; add `reporting` with `every` and `to`; needed"
    assert warned(f"{text}reporting:\n", "reporting") == [f"{sentence} {why}"]


def test_ring_1_is_for_what_costs_little() -> None:
    """R2. With two rings the second takes everything; pilots who consented are a group."""
    sentence = "ring 1 is for devices of low criticality and for pilots; add `criticality: low` or the pilots' `group`"
    assert warned(SMALL, "segments[") == []
    assert warned(THREE, "segments[") == [f"segments[0].ring: {sentence}"]
    assert warned(THREE.replace("all, ring: 1", "all, ring: 2"), "segments[") == []
    assert warned(THREE.replace("name: all, ring", "name: all, when: {criticality: low}, ring"), "segments[") == []
    assert warned(THREE.replace("name: all, ring", "name: all, when: {group: pilots}, ring"), "segments[") == []


def test_servers_come_last() -> None:
    four = THREE.replace("windows:", "  - {name: servers, soak: {time: 1h, verified: 1}}\nwindows:")
    text = four.replace("name: all, ring: 1", "name: all, when: {class: [server, sensitive]}, ring: 2")
    expected = "servers and sensitive systems belong in ring 3 (servers), the last"
    assert warned(text, "segments[") == [f"segments[0].ring: {expected}"]
    assert warned(text.replace("ring: 2", "ring: 3"), "segments[") == []


def test_the_shipped_policies_have_no_such_warning() -> None:
    for path in sorted((Path(__file__).parents[2] / "src/patchring/sim/policies").glob("*.yaml")):
        for section in ("segments", "rings", "approvals", "windows", "remedies"):
            assert warned(path.read_text(encoding="utf-8"), section) == [], path.name
