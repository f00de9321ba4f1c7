"""What was not seen before a ring opens."""

from patchring.core.gate.coverage import DeviceKind, RingKind, Uncovered, said, uncovered
from patchring.core.reason import reason

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


def test_a_kind_is_said_by_what_is_known_of_it() -> None:
    """Without a role they are devices; a build or an application that nobody knows is left out."""
    words = {
        ("debian 12", "web servers", "nginx"): "web servers with debian 12 and nginx",
        ("debian 12", "", ""): "devices with debian 12",
        ("", "web servers", ""): "web servers",
        ("", "", "nginx"): "devices and nginx",
        ("", "", ""): "devices",
    }
    assert {kind: DeviceKind(*kind).words for kind in words} == words


def test_a_ring_that_opens_does_not_cover_itself_nor_what_lies_before_it() -> None:
    """What is verified in the ring itself, or further out, was not seen before it."""
    rows = [RingKind(PC, 1, 4, 2), RingKind(PC, 2, 3, 3)]
    assert uncovered(rows, 1) == [Uncovered(PC, 1, 7)]
    assert uncovered(rows, 2) == []


def test_a_kind_without_devices_lacks_nothing_and_one_with_a_single_device_is_listed() -> None:
    assert uncovered([RingKind(PC, 2, 0, 0), RingKind(WEB, 2, 1, 0)], 1) == [Uncovered(WEB, 2, 1)]


def kinds(count: int) -> list[Uncovered]:
    """Of so many builds, the largest first."""
    return uncovered([RingKind(DeviceKind(f"b{number}", "", ""), 1, 10 - number, 0) for number in range(count)], 1)


def test_five_kinds_are_named_and_the_rest_is_counted() -> None:
    listed = "devices with b0 (10), devices with b1 (9), devices with b2 (8), devices with b3 (7), devices with b4 (6)"
    five, seven = said(kinds(5), 1), said(kinds(7), 1)
    assert five == reason(
        "not_covered", f"Not seen before ring 1: 5 kinds with 40 devices: {listed}", ring=1, kinds=5, devices=40
    )
    more = f"Not seen before ring 1: 7 kinds with 49 devices: {listed} and 2 more"
    assert seven == reason("not_covered", more, ring=1, kinds=7, devices=49)


def test_kinds_of_the_same_size_come_in_the_order_of_their_names() -> None:
    rows = [RingKind(WEB, 1, 2, 0), RingKind(PC, 1, 2, 0), RingKind(DeviceKind("alma 9", "", ""), 1, 3, 0)]
    assert [each.kind.build for each in uncovered(rows, 1)] == ["alma 9", "debian 12", "debian 12"]
    assert [each.kind for each in uncovered(rows, 1)][1:] == [PC, WEB]
