"""Whether the internet is likely to reach a device."""

from datetime import UTC, datetime
from typing import Any

import pytest

from patchring.core.devices import DeviceClass
from patchring.core.risk.exposure import Seen, propose

SERVER, DESK = DeviceClass.SERVER, DeviceClass.WORKSTATION
OUTSIDE = {"from_outside_at": datetime(2026, 11, 23, 18, tzinfo=UTC)}


@pytest.mark.parametrize(
    ("class_", "roles", "serving", "more", "exposed", "said"),
    [
        (SERVER, ["web", "db"], ["nginx"], OUTSIDE, True,
         ["a scan from outside reached it on 2026-11-23", "its role is web", "it has nginx"]),
        (SERVER, ["db"], ["nginx", "apache2"], {}, True, ["it has apache2, nginx"]),
        (DESK, [], [], OUTSIDE, True, ["a scan from outside reached it on 2026-11-23"]),
        (DESK, ["reception"], [], {}, False, ["a workstation without software that serves others"]),
        (DeviceClass.POINT_OF_SALE, [], [], {}, False, ["a point of sale without software that serves others"]),
        (SERVER, ["db"], [], {}, None, ["nothing speaks for either, so it counts as exposed"]),
        (DeviceClass.SENSITIVE, [], [], {}, None, ["nothing speaks for either, so it counts as exposed"]),
    ],
)  # fmt: skip
def test_what_is_likely_and_why(
    class_: DeviceClass, roles: list[str], serving: list[str], more: Any, exposed: bool | None, said: list[str]
) -> None:
    """The strongest reason first."""
    found = propose(Seen(class_, roles, serving, **more))
    assert (found.exposed, [each.text for each in found.reasons]) == (exposed, said)
