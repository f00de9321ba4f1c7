"""Everything that a text says comes out again, under the path, with the value and the line that the text has."""

from pathlib import Path

import pytest

from patchring.core.devices import Criticality, DeviceClass
from patchring.core.policy.compare import ValueChange, changed_values
from patchring.core.policy.effective import effective
from patchring.core.policy.every_value import every_value
from patchring.policyfile import load
from tests.core.builders import device
from tests.core.policy.whole import SMALL, TEXT

POLICY = load(TEXT)
SAID = Path(__file__).with_name("whole.txt").read_text(encoding="utf-8").splitlines()


def test_a_text_that_says_everything() -> None:
    """whole.txt has its values in the order of the sections; (0) is what nobody wrote."""
    assert [f"{each.path} = {each.value} ({each.line})" for each in every_value(POLICY)] == SAID
    assert {each.layer for each in every_value(POLICY) if each.line} == {"policy"}
    assert {each.layer for each in every_value(POLICY) if not each.line} == {""}


def test_nothing_that_is_written_is_lost() -> None:
    """Each key of the text has its value; names are in the paths, and `any_time` is a window without a rule."""
    told = {each.path for each in every_value(POLICY)}
    lost = {path for path in POLICY.sources if path not in told and not path.endswith(".name")}
    assert lost == {"patchring", "windows.any time.any_time"}


def test_what_holds_where_nobody_says_otherwise() -> None:
    """A short text leaves out what has a usual value, and is silent about what nobody asked for."""
    assert [f"{each.path} = {each.value}" for each in every_value(load(SMALL)) if not each.line] == [
        "expected_duration = 10m",
        "due_dates = bod_26_04",
        "limits.redundancy_group = 1",
        "releases.superseded = finish",
        "proposals.hold = take",
        "proposals.expedite = review",
        "proposals.approve = review",
        "rings.first.soak.device_hours = 0",
        "rings.first.growth = 3",
        "rings.first.at_once = 50",
        "rings.second.soak.device_hours = 0",
        "rings.second.growth = 3",
        "rings.second.at_once = 50",
        "segments.rest.reboot = if_required",
        "segments.rest.staffing = none",
        "approvals.all.authority = msp",
        "approvals.all.people = 1",
        "approvals.all.consent = no",
        "urgency.now.in_blackout = no",
        "exceptions.old.renewals = 0",
        "blackouts.fair.authority = msp",
        "windows.night.days_after = 0",
        "windows.night.outside_hours = no",
        "windows.night.catch_up.when_seen = no",
        "windows.night.catch_up.within = 0s",
        "reboots.gentle.deferrals = 0",
        "reboots.gentle.order = 0",
        "reboots.gentle.healthy_within = 15m",
        "remedies.back.scope = failed",
        "remedies.back.way_back = required",
        "standing.stability = normal",
        "standing.pilot = no",
    ]


def test_a_device_has_the_values_that_concern_it() -> None:
    """Those of its segment and of all, each as the whole policy has it, in the order of what decides."""
    kiosk = device(device_class=DeviceClass.KIOSK, criticality=Criticality.LOW)
    found = effective(POLICY, kiosk)
    assert set(found) <= set(every_value(POLICY))
    assert list(dict.fromkeys(".".join(each.path.split(".")[:2]) for each in found)) == [
        "title", "expected_duration", "due_dates", "segments.tills", "rings.second", "windows.night", "reboots.gentle",
        "remedies.back", "approvals.debian", "approvals.fast", "limits.tenant", "limits.site", "limits.ring",
        "limits.redundancy_group", "limits.sites", "on_failure.failed_max", "on_failure.halt", "blackouts.fair",
        "exceptions.old imager",
    ]  # fmt: skip
    others = {".".join(each.path.split(".")[:2]) for each in effective(POLICY, device())}
    assert {"automation", "segments.rest", "approvals.fast", "urgency.now"} <= others
    assert {"segments.tills", "approvals.debian", "windows.night", "reboots.gentle"} & others == set()


def test_a_segment_without_a_window_or_a_plan_names_none() -> None:
    """In the first two rings it needs none."""
    found = {each.path.partition(".")[0] for each in effective(load(SMALL.replace(", window: night", "")), device())}
    assert {"windows", "reboots"} & found == set()


@pytest.mark.parametrize(
    ("added", "expected"),
    [
        (
            "catch_up_campaign: {at_once: 6, patches_at_once: 2}\n",
            (("catch_up_campaign.at_once", "6"), ("catch_up_campaign.patches_at_once", "2")),
        ),
        ("limits: {sites: {North: 3}}\n", (("limits.sites.North", "3"),)),
        ("hours: {sunday: 10:00-12:00}\n", (("hours.sunday", "10:00-12:00"),)),
    ],
)
def test_what_is_by_name_is_compared_by_name(added: str, expected: tuple[tuple[str, str], ...]) -> None:
    """A campaign, a site's limit, a day's hours: told with the layer that wrote it, both ways."""
    one, other = load(SMALL), load(SMALL + added)
    assert changed_values(one, other) == tuple(ValueChange(path, "", value, "policy") for path, value in expected)
    assert changed_values(other, one) == tuple(ValueChange(path, value, "", "policy") for path, value in expected)
