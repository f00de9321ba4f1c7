"""What sets devices apart that a patch failed on."""

from dataclasses import replace

from patchring.core.devices import DeviceClass
from patchring.core.policy.condition import Condition
from patchring.core.policy.suspect import in_common
from tests.core.builders import device

KIOSK = replace(device(), device_class=DeviceClass.KIOSK, os_name="debian", os_version="12", groups=frozenset({"x"}))
DESK = replace(KIOSK, device_class=DeviceClass.WORKSTATION)
CLASS, SYSTEM, VERSION = Condition("class", ("kiosk",)), Condition("os", ("debian",)), Condition("os_version", ("12",))


def test_what_all_that_failed_have_and_some_that_are_well_have_not() -> None:
    assert in_common([KIOSK, KIOSK], [DESK]) == (CLASS,)
    assert in_common([KIOSK], [DESK, replace(KIOSK, os_version="11")]) == (VERSION, CLASS)
    assert in_common([KIOSK, DESK], [replace(DESK, os_version="11")]) == (VERSION,)


def test_where_nobody_is_well_it_is_all_that_they_have_in_common() -> None:
    assert in_common([KIOSK], []) == (SYSTEM, VERSION, CLASS)
    assert in_common([KIOSK, replace(DESK, os_version="11")], []) == (SYSTEM,)


def test_nothing_sets_apart_what_is_alike() -> None:
    """Nor what failed nowhere; and what nobody knows is not a thing in common."""
    assert in_common([KIOSK], [KIOSK]) == ()
    assert in_common([], [DESK]) == ()
    assert in_common([replace(KIOSK, os_name="")], []) == (VERSION, CLASS)
