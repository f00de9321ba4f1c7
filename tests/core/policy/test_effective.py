"""What holds for one device, and which layer and line set it."""

import pytest

from patchring.core.devices import Criticality, DeviceClass
from patchring.core.policy.effective import EffectiveValue, effective
from patchring.policyfile import load
from tests.core.builders import device

TEXT = """\
patchring: 1
layer: baseline
title: Baseline
automation: recommend
rings:
  - {name: first, soak: {time: 1d, verified: 2}}
  - {name: second, soak: {time: 2d, verified: 5, device_hours: 48}, at_once: 7}
windows:
  any time: {any_time: yes}
  night: {rule: FREQ=DAILY, start: "22:00", lasts: 4h, catch_up: {when_seen: yes, within: 2d}}
reboots:
  gentle: {rule: if_required, warnings: [10m, 1h], deferrals: 2, deadline: 3d, at_once: 3}
segments:
  - {name: tills, when: {class: [point_of_sale, kiosk]}, ring: 1, window: night, reboot: gentle, remedy: back}
  - {name: rest, ring: 1, window: any time, remedy: loose}
blackouts:
  - {name: fair, from: 2026-12-20, to: 2026-12-31}
approvals:
  - {name: others, segments: [rest], decide: hold}
  - {name: debian, when: {provider: apt, origin: Debian}, decide: review, people: 2, due: 1d}
on_failure: {failed_max: 1, halt: ring}
remedies:
  back: {steps: [return_to_prior, uninstall]}
  loose: {steps: [uninstall], way_back: optional}
hours: {monday: 08:00-17:00}
people:
  ada: {name: Ada, mail: ada@example.org}
exceptions:
  - {name: one box, kind: deferral, patches: {package: web}, devices: {name: box}, owner: ada, accepted_by: ada,
     reason: it breaks, control: none is needed, until: 2026-12-01}
---
patchring: 1
layer: tenant
windows:
  night: {start: "23:00"}
"""
POLICY = load(TEXT)
TILL = device(device_class=DeviceClass.POINT_OF_SALE, criticality=Criticality.HIGH)
FOUND = {each.path: each for each in effective(POLICY, TILL)}


def value(path: str) -> tuple[str, str, int]:
    found = FOUND[path]
    return found.value, found.layer, found.line


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("title", ("Baseline", "baseline", 3)),
        ("automation", ("recommend", "baseline", 4)),
        ("expected_duration", ("10m", "", 0)),
        ("segments.tills.when.class", ("point_of_sale or kiosk", "baseline", 14)),
        ("segments.tills.ring", ("1", "baseline", 14)),
        ("segments.tills.reboot", ("gentle", "baseline", 14)),
        ("segments.tills.staffing", ("none", "", 0)),
        ("rings.second.soak.time", ("2d", "baseline", 7)),
        ("rings.second.soak.verified", ("5", "baseline", 7)),
        ("rings.second.soak.device_hours", ("48", "baseline", 7)),
        ("rings.second.at_once", ("7", "baseline", 7)),
        ("rings.second.growth", ("3", "", 0)),
        ("windows.night.rule", ("FREQ=DAILY", "baseline", 10)),
        ("windows.night.start", ("23:00", "tenant", 4)),
        ("windows.night.lasts", ("4h", "baseline", 10)),
        ("windows.night.catch_up.when_seen", ("yes", "baseline", 10)),
        ("windows.night.catch_up.within", ("2d", "baseline", 10)),
        ("reboots.gentle.warnings", ("1h, 10m", "baseline", 12)),
        ("reboots.gentle.at_once", ("3", "baseline", 12)),
        ("remedies.back.steps", ("return_to_prior, uninstall", "baseline", 23)),
        ("remedies.back.way_back", ("required", "", 0)),
        ("approvals.debian.decide", ("review", "baseline", 20)),
        ("approvals.debian.when.origin", ("Debian", "baseline", 20)),
        ("approvals.debian.people", ("2", "baseline", 20)),
        ("approvals.debian.due", ("1d", "baseline", 20)),
        ("approvals.debian.consent", ("no", "", 0)),
        ("limits.redundancy_group", ("1", "", 0)),
        ("on_failure.halt", ("ring", "baseline", 21)),
        ("blackouts.fair.from", ("2026-12-20", "baseline", 17)),
        ("exceptions.one box.until", ("2026-12-01", "baseline", 30)),
        ("exceptions.one box.devices.name", ("box", "baseline", 29)),
        ("exceptions.one box.control", ("none is needed", "baseline", 30)),
    ],
)
def test_every_value_names_its_layer_and_line(path: str, expected: tuple[str, str, int]) -> None:
    """In the words of the text; line 0 is what holds unless somebody says otherwise."""
    assert value(path) == expected


def test_what_holds_for_others_is_left_out() -> None:
    """Rules for other segments, other rings, windows, plans and remedies, exceptions of other devices."""
    roots = {".".join(path.split(".")[:2]) for path in FOUND if "." in path}
    assert {"rings.first", "windows.any time", "remedies.loose", "approvals.others", "segments.rest"} & roots == set()
    assert "exceptions.one box" not in {path.rpartition(".")[0] for path in _paths(device(name="other"))}
    assert value("exceptions.one box.kind")[0] == "deferral"


def _paths(of: object) -> list[str]:
    return [each.path for each in effective(POLICY, of)]


def test_another_device_has_other_values() -> None:
    """No plan for its restart but the rule, a remedy without a way back, a rule for its segment."""
    found = {each.path: each.value for each in effective(POLICY, device(name="other"))}
    assert found["segments.rest.reboot"] == "if_required"
    assert found["remedies.loose.way_back"] == "optional"
    assert found["approvals.others.segments"] == "rest"
    assert found["windows.any time.catch_up.when_seen"] == "no"


def test_a_device_without_a_segment_has_what_holds_for_all() -> None:
    """And nothing of any segment."""
    empty = load(TEXT.replace("  - {name: rest, ring", "  - {name: rest, when: {class: server}, ring"))
    found = effective(empty, device())
    assert found[:4] == (
        EffectiveValue("title", "Baseline", "baseline", 3),
        EffectiveValue("expected_duration", "10m", "", 0),
        EffectiveValue("due_dates", "bod_26_04", "", 0),
        EffectiveValue("automation", "recommend", "baseline", 4),
    )
    assert {each.path.partition(".")[0] for each in found[4:]} == {"limits", "on_failure", "blackouts", "exceptions"}
