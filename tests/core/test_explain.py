""" "Why is this device not patched?": one answer, and everything behind it in the order in which people ask."""

from dataclasses import replace
from datetime import timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.explain import Case, Missing, Place, explain
from patchring.core.policy.calendar import Blackout, Window
from patchring.core.policy.decide import HoldInForce, decide, segment_of
from patchring.core.policy.model import Outcome
from patchring.core.reason import reason
from patchring.core.rollout.states import DeviceState
from patchring.policyfile import zone
from tests.core.builders import NOW, device, patch, policy, rule

POLICY = policy()
HELD = decide(POLICY, patch(), "rest", [HoldInForce("crashes spoolers", "incident")])
STOP = reason("stopped", "stopped (tenant): drill")
RING_WAITS = reason("soaking", "Ring 0 soaks until 15:00 UTC")
NEEDED = reason("prerequisite_first", "apt:library=2 goes first: its vendor says so")
CASE = Case(
    device="box",
    patch="web 2",
    missing=Missing(NOW, "1"),
    policy=POLICY,
    segment=segment_of(POLICY, device()),
    decision=decide(POLICY, patch(), "rest"),
    zone=zone("Europe/Berlin"),
    last_seen_at=NOW,
)
OLDER = reason("older_release_open", "waits for the rollout of 1")
NIGHT = Window("night", "FREQ=DAILY", NOW.time().replace(hour=22), timedelta(hours=4))


def placed(state: str, **given_: object) -> Place:
    return replace(Place(1, DeviceState(state)), **given_)


def closed() -> dict[str, object]:
    """A policy whose window is closed at NOW."""
    rest = replace(POLICY.segments[1], window="night")
    chosen = replace(POLICY, segments=(POLICY.segments[0], rest), windows={"night": NIGHT})
    return {"policy": chosen, "segment": segment_of(chosen, device())}


@pytest.mark.parametrize(
    ("given_", "codes"),
    [
        ({}, ["rule_matched", "no_rollout"]),
        ({"missing": None}, ["not_missing", "rule_matched"]),
        ({"missing": None, "place": placed("verified")}, ["patched"]),
        ({"policy": None, "segment": None, "decision": None, "trouble": "it expired"}, ["policy_missing"]),
        ({"decision": None, "segment": segment_of(policy(segments=()), device())}, ["segment_missing", "no_rollout"]),
        ({"observe_only": True}, ["observes_only", "rule_matched", "no_rollout"]),
        ({"decision": HELD}, ["hold_incident", "no_rollout"]),
        ({"stops": (STOP,), "decision": HELD, "place": placed("waiting")}, ["stopped", "hold_incident"]),
        ({"missing": Missing(NOW, "1", "phased"), "place": placed("offered")}, ["kept_back", "device_offered"]),
        ({"place": placed("failed", device_reasons=(reason("probe_failed", "web is down"),))},
         ["probe_failed", "device_failed"]),
        ({"dependencies": (NEEDED,), "place": placed("offered")}, ["prerequisite_first", "device_offered"]),
        ({"not_started": (OLDER,)}, ["rule_matched", "older_release_open", "no_rollout"]),
        ({"not_started": (OLDER,), "decision": HELD}, ["hold_incident", "no_rollout"]),
        ({"not_started": (OLDER,), "place": placed("waiting", ring_reasons=(RING_WAITS,))}, ["soaking"]),
        ({"dependencies": (NEEDED,), "missing": None, "place": placed("verified")}, ["patched"]),
        ({"missing": None, "place": placed("installing")}, ["device_installing"]),
        ({"place": placed("waiting", ring_reasons=(RING_WAITS,), rollout_reasons=(RING_WAITS,))}, ["soaking"]),
        ({"place": placed("offered", denial_reasons=(reason("limit_reached", "2 of 2"),))},
         ["limit_reached", "device_offered"]),
        ({"place": placed("offered"), "last_seen_at": NOW - timedelta(hours=2)}, ["device_offered", "silent"]),
        ({"place": placed("offered"), "last_seen_at": None}, ["device_offered", "silent"]),
        ({"place": placed("offered"), **closed()}, ["device_offered", "window_closed"]),
        ({"place": placed("waiting"),
          "policy": policy(blackouts=(Blackout("fair", NOW.date(), NOW.date()),))}, ["blackout"]),
        ({"place": placed("waiting")}, ["due"]),
    ],
)  # fmt: skip
def test_the_reasons_in_their_order(given_: dict[str, object], codes: list[str]) -> None:
    """Each case changes what is known of one device; the first reason is the answer."""
    found = explain(replace(CASE, **given_), NOW)
    assert [each.code for each in found.reasons] == codes
    assert found.answer == found.reasons[0]


def test_what_is_known_stands_apart() -> None:
    """Since when, which segment, which rule; told before what keeps it back, and nothing twice."""
    found = explain(replace(CASE, place=placed("offered")), NOW)
    assert [each.code for each in found.known] == ["missing", "segment_matched", "rule_matched"]
    assert found.known[0].text == "box has 1, and is offered it since 2026-11-23 14:00 UTC"
    assert [each.code for each in found.told] == ["missing", "segment_matched", "rule_matched", "device_offered"]
    alone = explain(CASE, NOW)
    assert [each.code for each in alone.told] == ["missing", "segment_matched", "rule_matched", "no_rollout"]


def test_the_rules_that_lost_are_told() -> None:
    """Who asks why sees what was looked at and did not decide."""
    chosen = policy(approvals=(rule("other", Outcome.HOLD, provider="dnf"), *POLICY.approvals))
    found = explain(replace(CASE, decision=decide(chosen, patch(), "rest")), NOW)
    assert [each.text for each in found.lost] == [
        "segment own (line 1) wants internal is yes",
        "rule other (line 0) wants provider is dnf",
    ]


@given(
    missing=st.sampled_from([None, CASE.missing, Missing(NOW, "1", "held")]),
    decision=st.sampled_from([None, CASE.decision, HELD]),
    state=st.none() | st.sampled_from(list(DeviceState)),
    stops=st.sampled_from([(), (STOP,)]),
    observe_only=st.booleans(),
    hours=st.none() | st.integers(0, 3),
)
@settings(max_examples=150, deadline=None)
def test_there_is_always_an_answer(
    missing: Missing | None,
    decision: object,
    state: DeviceState | None,
    stops: tuple[object, ...],
    observe_only: bool,
    hours: int | None,
) -> None:
    """Whatever is known, something is said, and a stop is never buried under what comes of it."""
    place = Place(1, state) if state else None
    seen = NOW - timedelta(hours=hours) if hours is not None else None
    known = {"missing": missing, "decision": decision, "place": place, "stops": stops}
    found = explain(replace(CASE, **known, observe_only=observe_only, last_seen_at=seen), NOW)
    assert all(each.text for each in found.reasons)
    over = found.answer.code in ("patched", "not_missing", "observes_only")
    assert not stops or over or found.answer.code == "stopped"
