"""E4: a reception kiosk, a domain controller, a CAD workstation and a point of sale on one OS get four plans."""

from datetime import UTC, datetime
from pathlib import Path

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts
from patchring.core.policy.decide import decide, segment_of
from patchring.core.schedule.windows import next_window, open_window
from patchring.policyfile import load, zone
from tests.core.builders import device

POLICY = load((Path(__file__).parents[2] / "examples/policies/standard.yaml").read_text(encoding="utf-8"))
ON_ONE_OS = {"os_name": "Windows Server 2025", "os_version": "24H2"}
FOUR = {
    "kiosk": device(name="LOBBY-1", device_class=DeviceClass.KIOSK, criticality=Criticality.LOW, **ON_ONE_OS),
    "domain controller": device(
        name="DC-1",
        device_class=DeviceClass.SERVER,
        roles=frozenset({"domain_controller"}),
        criticality=Criticality.MISSION,
        **ON_ONE_OS,
    ),
    "cad": device(name="CAD-1", device_class=DeviceClass.SPECIALISED, **ON_ONE_OS),
    "point of sale": device(
        name="TILL-1", device_class=DeviceClass.POINT_OF_SALE, criticality=Criticality.HIGH, **ON_ONE_OS
    ),
}
SECURITY = PatchFacts(
    patch_key="windows_update:b1",
    provider="windows_update",
    name="Windows Server 2025",
    version="26100.7171",
    origin="Microsoft",
    classification="security",
    security=True,
)
MONDAY_NOON = datetime(2026, 11, 23, 11, 30, tzinfo=UTC)


def plan(found: DeviceFacts) -> dict[str, object]:
    """What will be done with the patch on the device, in the words of a person who has to know."""
    placed = segment_of(POLICY, found)
    assert placed.segment is not None
    window = POLICY.windows[placed.segment.window]
    berlin = zone("Europe/Berlin")
    opens = next_window(window, berlin, MONDAY_NOON)
    return {
        "segment": placed.segment.name,
        "ring": placed.ring,
        "decision": str(decide(POLICY, SECURITY, placed.segment.name).outcome),
        "open now": open_window(window, berlin, MONDAY_NOON) is not None,
        "opens": f"{opens.opens_at.astimezone(berlin):%a %H:%M}" if opens else "",
        "reboot": str(placed.segment.reboot),
        "taken back": str(POLICY.remedies[placed.segment.remedy].scope),
    }


def test_four_devices_get_four_plans() -> None:
    """One OS, one patch, one minute, one policy."""
    assert {name: plan(found) for name, found in FOUR.items()} == {
        "kiosk": {
            "segment": "kiosks",
            "ring": 1,
            "decision": "auto",
            "open now": True,
            "opens": "",
            "reboot": "if_required",
            "taken back": "failed",
        },
        "domain controller": {
            "segment": "domain controllers",
            "ring": 3,
            "decision": "review",
            "open now": False,
            "opens": "Sun 02:00",
            "reboot": "if_required",
            "taken back": "installed",
        },
        "cad": {
            "segment": "specialised workstations",
            "ring": 2,
            "decision": "auto",
            "open now": True,
            "opens": "Tue 12:00",
            "reboot": "never",
            "taken back": "failed",
        },
        "point of sale": {
            "segment": "points of sale",
            "ring": 2,
            "decision": "auto",
            "open now": False,
            "opens": "Mon 22:00",
            "reboot": "if_required",
            "taken back": "failed",
        },
    }


def test_every_plan_says_why() -> None:
    """The row that took the device, its line in the text, and the rows that were looked at before it."""
    placed = segment_of(POLICY, FOUR["cad"])
    assert placed.reasons[0].code == "segment_matched"
    assert "specialised workstations" in placed.reasons[0].text
    assert [each.text.split(" (")[0] for each in placed.lost] == [
        "segment domain controllers",
        "segment servers",
        "segment sensitive systems",
        "segment the msp's own",
        "segment declared sacrificial",
        "segment points of sale",
        "segment kiosks",
    ]
