"""Done when: a reception kiosk, a domain controller, a CAD workstation and a point of sale on one Windows build get
four different plans, and every deciding rule is needed: without it the plan is another."""

from dataclasses import replace
from itertools import combinations

import pytest

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts
from patchring.core.policy.decide import Decision, decide, segment_of
from patchring.core.policy.model import Policy, SegmentRule
from patchring.policyfile import load
from tests.core.builders import device

TEXT = """\
patchring: 1
title: Four devices
automation: recommend
rings:
  - {name: internal, soak: {time: 4h, verified: 2}}
  - {name: low risk, soak: {time: 1d, verified: 5}}
  - {name: production, soak: {time: 2d, verified: 9}}
  - {name: last, soak: {time: 3d, verified: 2}}
windows:
  any time: {any_time: yes}
  lunch: {rule: "FREQ=WEEKLY;BYDAY=MO,TU,WE,TH,FR", start: "12:00", lasts: 1h}
  after close: {rule: FREQ=DAILY, start: "22:00", lasts: 4h}
  sunday night: {rule: FREQ=WEEKLY;BYDAY=SU, start: "02:00", lasts: 4h}
segments:
  - {name: domain controllers, when: {role: domain_controller}, ring: 3, window: sunday night, reboot: always,
     remedy: with hands, automation: approve_first}
  - {name: points of sale, when: {class: point_of_sale}, ring: 2, window: after close, reboot: if_required,
     remedy: all back, automation: automatic}
  - {name: engineering, when: {class: specialised, role: cad}, ring: 2, window: lunch, reboot: never,
     remedy: failed back, automation: automatic}
  - {name: kiosks, when: {class: kiosk, criticality: low}, ring: 1, window: any time, reboot: always,
     remedy: failed back, automation: automatic}
  - {name: everything else, ring: 3, window: sunday night, reboot: never, remedy: with hands}
approvals:
  - {name: windows on controllers, segments: [domain controllers], when: {provider: windows_update}, decide: review,
     people: 2, reason: a directory has no way back}
  - {name: drawings are due, segments: [engineering], when: {provider: windows_update}, decide: hold, authority: client}
  - {name: card readers first, segments: [points of sale],
     when: {provider: windows_update, origin: Microsoft, exploited: "yes"}, decide: expedite}
  - {name: windows security, when: {provider: windows_update, origin: Microsoft, classification: security},
     decide: auto}
on_failure: {failed_max: 0, halt: ring}
remedies:
  failed back: {steps: [return_to_prior], scope: failed}
  all back: {steps: [return_to_prior, revert_snapshot], scope: installed, by: ada}
  with hands: {steps: [return_to_prior, restore_backup], scope: installed, by: ada}
people:
  ada: {name: Ada, mail: ada@example.org}
  bob: {name: Bob, mail: bob@example.org}
  cyd: {name: Cyd, mail: cyd@example.org}
escalation:
  first_line: {person: ada, deputy: bob, within: 15m}
  patch_administrator: {person: bob, deputy: cyd, within: 30m}
  service_desk_lead: {person: cyd, deputy: ada, within: 1h}
  vcio: {person: ada, deputy: cyd, within: 4h}
  client_contact: {person: cyd, deputy: bob, within: 8h}
reporting: {every: monthly, to: [cyd]}
"""
POLICY = load(TEXT)
BUILD = {"os_name": "Windows 11 Enterprise", "os_version": "10.0.26100.6899"}
KIOSK = device(name="LOBBY-1", device_class=DeviceClass.KIOSK, criticality=Criticality.LOW, **BUILD)
CONTROLLER = device(
    name="DC-1",
    device_class=DeviceClass.SERVER,
    criticality=Criticality.MISSION,
    roles=frozenset({"domain_controller"}),
    **BUILD,
)
CAD = device(name="CAD-1", device_class=DeviceClass.SPECIALISED, roles=frozenset({"cad"}), **BUILD)
TILL = device(name="TILL-1", device_class=DeviceClass.POINT_OF_SALE, criticality=Criticality.HIGH, **BUILD)
PATCH = PatchFacts(
    patch_key="windows_update:b1",
    provider="windows_update",
    name="2026-11 Cumulative Update",
    version="26100.7171",
    origin="Microsoft",
    classification="security",
    security=True,
    exploited=True,
)
# Approval with the rule that gives it, ring, window, restart, ladder of remedies. Written by hand.
PLANS = {
    "LOBBY-1": ("auto", "windows security", "low risk", "any time", "always", "failed: return_to_prior"),
    "DC-1": (
        "review by 2", "windows on controllers", "last", "sunday night", "always",
        "installed: return_to_prior, restore_backup",
    ),
    "CAD-1": ("hold", "drawings are due", "production", "lunch", "never", "failed: return_to_prior"),
    "TILL-1": (
        "expedite", "card readers first", "production", "after close", "if_required",
        "installed: return_to_prior, revert_snapshot",
    ),
}  # fmt: skip
DEVICES = (KIOSK, CONTROLLER, CAD, TILL)
SEGMENT_BY = {
    "LOBBY-1": "kiosks",
    "DC-1": "domain controllers",
    "CAD-1": "engineering",
    "TILL-1": "points of sale",
}


def placed(policy: Policy, found: DeviceFacts) -> SegmentRule:
    rule = segment_of(policy, found).segment
    assert rule is not None
    return rule


def decided(policy: Policy, found: DeviceFacts) -> Decision:
    return decide(policy, PATCH, placed(policy, found).name)


def plan(policy: Policy, found: DeviceFacts) -> tuple[str, ...]:
    rule, decision = placed(policy, found), decided(policy, found)
    people = f" by {decision.asked.people_min}" if decision.asked.people_min > 1 else ""
    remedy = policy.remedies[rule.remedy]
    return (
        f"{decision.outcome}{people}",
        decision.rule,
        policy.ring(segment_of(policy, found).ring).name,
        rule.window,
        rule.reboot.value,
        f"{remedy.scope}: {', '.join(remedy.steps)}",
    )


def test_four_devices_on_one_build_get_four_plans() -> None:
    """Approval, ring, window, restart and ladder, exactly as written in the table; no two alike."""
    assert {each.os_version for each in DEVICES} == {BUILD["os_version"]}
    assert {each.name: plan(POLICY, each) for each in DEVICES} == PLANS
    assert all(one != other for one, other in combinations(PLANS.values(), 2))


@pytest.mark.parametrize("found", DEVICES, ids=lambda each: each.name)
def test_without_the_deciding_rule_the_decision_is_another(found: DeviceFacts) -> None:
    """Its own device's, and nobody else's unless it decided there too."""
    deciding = decided(POLICY, found).rule
    without = replace(POLICY, approvals=tuple(each for each in POLICY.approvals if each.name != deciding))
    assert decided(without, found).rule != deciding
    assert plan(without, found) != plan(POLICY, found)
    for other in DEVICES:
        if decided(POLICY, other).rule != deciding:
            assert plan(without, other) == plan(POLICY, other)


@pytest.mark.parametrize("found", DEVICES, ids=lambda each: each.name)
def test_without_its_segment_the_plan_is_another(found: DeviceFacts) -> None:
    """The row that took the device decides ring, window, restart and ladder."""
    taken = SEGMENT_BY[found.name]
    assert placed(POLICY, found).name == taken
    without = replace(POLICY, segments=tuple(each for each in POLICY.segments if each.name != taken))
    assert placed(without, found).name == "everything else"
    assert plan(without, found)[2:] != plan(POLICY, found)[2:]
    for other in DEVICES:
        if other is not found:
            assert plan(without, other) == plan(POLICY, other)


@pytest.mark.parametrize("found", DEVICES, ids=lambda each: each.name)
def test_each_value_of_the_segment_is_needed(found: DeviceFacts) -> None:
    """Ring, window, restart and remedy each come from the row: with that of another device's the plan is another."""
    rule = placed(POLICY, found)
    for other in (placed(POLICY, each) for each in DEVICES if each is not found):
        for field in ("ring", "window", "reboot", "remedy"):
            value = getattr(other, field)
            changed = tuple(replace(r, **{field: value}) if r.name == rule.name else r for r in POLICY.segments)
            same = plan(replace(POLICY, segments=changed), found) == plan(POLICY, found)
            assert same == (value == getattr(rule, field)), (rule.name, field)


def line_of(start: str) -> int:
    return next(number for number, line in enumerate(TEXT.splitlines(), 1) if line.startswith(f"  - {{name: {start},"))


def test_the_trace_says_why() -> None:
    """Which rule, where it was written, what it beat and what missed; and the same of the row of the segment."""
    review, hold, expedite, auto = (line_of(name) for name in (
        "windows on controllers", "drawings are due", "card readers first", "windows security"))  # fmt: skip
    found = decided(POLICY, CAD)
    assert [each.text for each in found.reasons] == [
        f"rule drawings are due (line {hold}) says hold: provider is windows_update (on the word of the client)"
    ]
    assert [each.text for each in found.lost] == [
        (
            f"rule windows security (line {auto}) says auto, but rule drawings are due (line {hold}) goes before it: "
            "it names the segment"
        ),
        f"rule windows on controllers (line {review}) is for domain controllers",
        f"rule card readers first (line {expedite}) is for points of sale",
    ]
    assert found.authority == "client"
    where = segment_of(POLICY, CAD)
    assert [each.text for each in where.reasons] == [
        f"segment engineering (line {line_of('engineering')}): class is specialised and role is cad"
    ]
    assert [each.text for each in where.lost] == [
        f"segment domain controllers (line {line_of('domain controllers')}) wants role is domain_controller",
        f"segment points of sale (line {line_of('points of sale')}) wants class is point_of_sale",
    ]
    directory = decided(POLICY, CONTROLLER)
    assert [each.text for each in directory.reasons] == [
        (
            f"rule windows on controllers (line {review}) says review: provider is windows_update; "
            "a directory has no way back"
        ),
        "asks for 2 different persons; owner: patch administrator",
    ]
