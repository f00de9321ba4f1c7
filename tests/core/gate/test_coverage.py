"""What was not seen before a ring opens."""

from patchring.core.gate.coverage import DeviceKind, RingKind, Uncovered, said, uncovered

PC = DeviceKind("debian 12", "", "")
WEB = DeviceKind("debian 12", "web servers", "nginx")
ROWS = [RingKind(PC, 0, 3, 3), RingKind(PC, 1, 40, 0), RingKind(WEB, 1, 2, 0), RingKind(WEB, 3, 5, 0)]


def test_kinds_that_lie_further_out_and_were_not_verified_further_in_are_listed_with_their_count() -> None:
    found = uncovered(ROWS, 1)
    assert found == [Uncovered(WEB, 1, 7)]
    told = said(found, 1)
    assert told is not None
    assert told.text == ("Not seen before ring 1: 1 kind with 7 devices: web servers with debian 12 and nginx (7)")


def test_devices_that_are_there_and_not_verified_cover_nothing() -> None:
    assert uncovered(ROWS, 3) == [Uncovered(WEB, 3, 5)]


def test_one_verified_device_further_in_covers_its_kind() -> None:
    assert uncovered([*ROWS, RingKind(WEB, 0, 1, 1)], 1) == []
    assert said([], 1) is None
