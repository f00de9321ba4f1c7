"""A permit is granted when every guard agrees, and never when one is broken; every refusal is named."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.permits import PermitDenied, PermitFacts, PermitGranted, decide_permit
from patchring.core.reason import reason
from patchring.core.rollout.states import DeviceState
from tests.core.builders import NOW
from tests.core.permit_cases import BOLD, DUE, FOR_ALL, FOR_PATCHES, REMEDY_DUE, breaks, due_facts


@given(facts=due_facts())
@settings(max_examples=100, deadline=None)
def test_a_permit_that_is_due_is_granted(facts: PermitFacts) -> None:
    """With no guard broken there is nothing to refuse."""
    assert isinstance(decide_permit(facts, NOW), PermitGranted)


@given(data=st.data())
@settings(max_examples=400, deadline=None)
def test_one_broken_guard_refuses_and_is_named(data: st.DataObject) -> None:
    """Exactly one guard is broken: refused, with the code of that guard and of no other."""
    code, facts = data.draw(breaks(data.draw(due_facts())))
    denied = decide_permit(facts, NOW)
    assert isinstance(denied, PermitDenied)
    guards = [reason.code for reason in denied.reasons if reason.code != "rule_matched"]
    assert guards == [code]
    assert denied.retry_after > timedelta(0)


@pytest.mark.parametrize(("code", "given_"), sorted({**FOR_ALL, **FOR_PATCHES}.items(), key=lambda item: item[0]))
def test_each_guard_refuses_an_installation(code: str, given_: dict[str, object]) -> None:
    """Every guard is tried at least once, whatever the random cases chose."""
    denied = decide_permit(replace(DUE, **given_), NOW)
    assert isinstance(denied, PermitDenied)
    assert code in [reason.code for reason in denied.reasons]


@pytest.mark.parametrize("code", sorted(FOR_ALL))
def test_each_guard_for_all_refuses_a_way_back(code: str) -> None:
    """A way back is an act on somebody's device too."""
    denied = decide_permit(replace(REMEDY_DUE, **FOR_ALL[code]), NOW)
    assert isinstance(denied, PermitDenied)
    assert code in [reason.code for reason in denied.reasons]


def test_every_refusal_is_collected() -> None:
    """Not only the first: who has to repair three things is told of three."""
    broken = {**FOR_ALL["plan_removes"], **FOR_ALL["window_closed"], **FOR_ALL["observes_only"]}
    denied = decide_permit(replace(DUE, **broken), NOW)
    assert isinstance(denied, PermitDenied)
    assert [each.code for each in denied.reasons] == ["observes_only", "window_closed", "plan_removes"]
    assert denied.retry_after == timedelta(hours=3)


def test_a_full_limit_is_asked_again_soon() -> None:
    """A slot may be free in seconds; a window that is closed opens when it opens."""
    full = decide_permit(replace(DUE, **FOR_ALL["limit_reached"]), NOW)
    assert isinstance(full, PermitDenied)
    assert full.retry_after == timedelta(seconds=30)
    assert full.reasons[0].text == "2 of 2 under way for site:1"


def test_an_installation_that_ends_with_the_window_is_granted() -> None:
    """W2: what takes exactly what is left still fits; a second more does not."""
    left = DUE.window.closes_at - NOW if DUE.window else timedelta(0)
    assert isinstance(decide_permit(replace(DUE, expected_duration=left), NOW), PermitGranted)
    longer = decide_permit(replace(DUE, expected_duration=left + timedelta(seconds=1)), NOW)
    assert isinstance(longer, PermitDenied)


def test_a_stop_by_a_person_holds_the_way_back_too() -> None:
    """The tenant's own stop means nothing moves; one that a failure placed lets the bad patch be taken back."""
    assert isinstance(decide_permit(REMEDY_DUE, NOW), PermitGranted)
    by_a_person = [replace(stop, automatic=False) for stop in REMEDY_DUE.stops]
    assert isinstance(decide_permit(replace(REMEDY_DUE, stops=by_a_person), NOW), PermitDenied)


BLACKOUT = FOR_ALL["blackout"]["blackout"]


def test_a_row_that_passes_a_blackout_is_named() -> None:
    """With layer and line (A8); nothing else of a permit is passed by it, and a way back has no row."""
    assert DUE.decision is not None
    row = replace(BOLD, layer="tenant", line=4)
    facts = replace(DUE, blackout=BLACKOUT, decision=replace(DUE.decision, urgency=row))
    granted = decide_permit(facts, NOW)
    assert isinstance(granted, PermitGranted)
    assert [each.text for each in granted.reasons] == [
        "permitted: rollout running, ring open, window night, no stop, plan as signed",
        "urgency bold (tenant, line 4): it may begin in a blackout",
        "blackout fair is passed by urgency bold (tenant, line 4)",
    ]
    assert granted.reasons[2].numbers == {"line": "4", "layer": "tenant"}
    outside = decide_permit(replace(facts, blackout=None), NOW)
    assert [each.code for each in outside.reasons] == ["permitted", "urgency"]
    assert isinstance(decide_permit(replace(facts, window=None), NOW), PermitDenied)
    back = replace(REMEDY_DUE, blackout=BLACKOUT, decision=facts.decision)
    assert isinstance(decide_permit(back, NOW), PermitDenied)


def test_an_exception_keeps_back_an_installation_alone() -> None:
    """Not the restart that ends one, and not the way back."""
    kept = {"exception": reason("exception_in_force", "till software")}
    denied = decide_permit(replace(DUE, **kept), NOW)
    assert isinstance(denied, PermitDenied)
    assert denied.reasons == (kept["exception"],)
    pending = {"action_kind": "reboot", "requested_kind": "reboot", "device_state": DeviceState.REBOOT_PENDING}
    assert isinstance(decide_permit(replace(DUE, **kept, **pending), NOW), PermitGranted)
    assert isinstance(decide_permit(replace(REMEDY_DUE, **kept), NOW), PermitGranted)


def test_who_has_not_approved_is_said() -> None:
    """In the words of what the review asks for."""
    waits = reason("approval_missing", "waits for approval: 1 of 2 different persons (ada)")
    asked = replace(DUE, **FOR_PATCHES["approval_missing"], waits_for=waits)
    assert decide_permit(asked, NOW).reasons[0] == waits
    unsaid = decide_permit(replace(asked, waits_for=None), NOW)
    assert unsaid.reasons[0].text == "a person has to approve it first"
