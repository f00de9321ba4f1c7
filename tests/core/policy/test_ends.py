"""What would have to change, for every reason that can keep a patch back."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from patchring.core.explain import explain
from patchring.core.policy.ends import what_ends
from patchring.core.policy.exceptions import exceptions_of
from patchring.core.policy.known_issues import told
from patchring.core.reason import reason
from tests.core.builders import NOW, patch
from tests.core.policy.test_exceptions import POLICY, TILL
from tests.core.policy.test_known_issues import ISSUE
from tests.core.test_explain import CASE, closed, placed

CORE = Path(__file__).parents[3] / "src/patchring/core"
# These say it themselves, keep nothing back, or are told together with a reason that says what ends it.
SAY_IT = {
    "asked", "urgency", "missing", "patched", "not_missing", "due", "segment_matched", "segment_not_matched",
    "ring_0_refused", "rule_matched", "rule_not_matched", "rule_beaten", "exception_lapsed", "exception_reopened",
    "superseded", "ring_carried", "component_shared", "permitted", "blackout_passed", "observes_only",
}  # fmt: skip
# A permit is refused for these only when something went wrong between offer and request: the next look puts it right.
BETWEEN = {
    "action_differs", "action_not_offered", "decision_against", "device_not_offered", "device_not_rolling_back",
    "plan_differs", "remedy_installs", "ring_not_open", "rollout_not_rolling_back", "rollout_not_running",
}  # fmt: skip
MODULES = [
    "explain", "policy/decide", "policy/exceptions", "policy/asked", "policy/urgency", "policy/bonds",
    "policy/dependencies", "schedule/staffing", "rollout/soak", "rollout/succession", "permits",
]  # fmt: skip


@pytest.mark.parametrize("module", MODULES)
def test_every_reason_says_what_ends_it(module: str) -> None:
    """One that is added without a sentence fails here."""
    codes = set(re.findall(r'\breason\(\s*"(\w+)"', (CORE / f"{module}.py").read_text(encoding="utf-8")))
    assert codes
    assert {code for code in codes - SAY_IT - BETWEEN if not what_ends(reason(code, ""))} == set()


def test_a_rule_ends_as_its_outcome_does() -> None:
    """One that lets the patch go keeps nothing back."""
    found = {each: what_ends(reason("rule_matched", "", outcome=each)) for each in ("auto", "review", "hold", "block")}
    assert found == {
        "auto": "",
        "review": "those who are asked approve the patch",
        "hold": "change the rule that holds it, or write one of a nearer layer",
        "block": "change the rule that blocks it, or write one of a nearer layer",
    }
    assert what_ends(reason("unheard of", "")) == ""


def test_instants_are_named() -> None:
    """Until when, where the reason knows."""
    assert what_ends(reason("soaking", "", until="noon")) == "wait until the soak ends (noon)"
    assert what_ends(reason("approval_missing", "", due="noon")) == "those who are asked approve the patch (noon)"
    assert what_ends(reason("unheard of", "", until="noon")) == ""


def test_an_explanation_says_what_would_have_to_change() -> None:
    """In the order of its reasons, each sentence once."""
    found = explain(replace(CASE, place=placed("offered"), **closed()), NOW)
    assert found.ends == (
        "wait until the device comes for its offer",
        "wait until the window opens (2026-11-23 21:00 UTC)",
    )
    assert explain(CASE, NOW).ends == ("start a rollout of the patch, or wait until the policy prepares one",)


def test_an_exception_answers() -> None:
    """Before whose turn it is; one that was reopened is only known."""
    kept = replace(CASE, exceptions=exceptions_of(POLICY, patch(), TILL, NOW))
    found = explain(kept, NOW)
    assert found.answer.code == "exception_in_force"
    assert found.ends[0] == "wait until the exception lapses, or take it out of the policy (2026-11-30)"
    open_again = replace(CASE, exceptions=exceptions_of(POLICY, patch(exploited=True), TILL, NOW))
    told = explain(open_again, NOW)
    assert "exception_reopened" in [each.code for each in told.known]
    assert [each.code for each in told.reasons] == ["rule_matched", "no_rollout"]


def test_a_known_issue_ends_by_a_person() -> None:
    """Of the installation, or of the client alone."""
    ends = "what the known issue waits for comes, or somebody releases it or sets it aside for this tenant"
    assert what_ends(told(ISSUE)) == ends


def test_what_happened_to_a_device_and_what_keeps_a_patch_are_ended() -> None:
    """Codes that are put together from states, or written in app."""
    codes = ["device_failed", "device_rollback_failed", "device_reboot_pending", "policy_unreadable"]
    codes += ["only_recommended", "abandoned_before", "rollout_open", "older_release_open", "stopped", "ring_halted"]
    codes += ["counts_unreadable", "observes_only", "hold_incident", "hold_msp", "deferral_in_force"]
    codes += ["first_device_failed", "failures_over_limit", "approval_missing", "rejected", "hold_feed", "hold_person"]
    assert [code for code in codes if not what_ends(reason(code, ""))] == []
