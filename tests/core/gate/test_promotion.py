"""How many devices may go next."""

from datetime import timedelta

from patchring.core.gate.promotion import PACES, FacetCount, facet_room, group_room

PACE = PACES["standard"]
HOUR = timedelta(hours=1)


def test_a_facet_begins_small_and_grows_by_what_has_aged() -> None:
    assert facet_room(FacetCount(100, 0, 0, high=False), PACE) == 8
    assert facet_room(FacetCount(100, 5, 0, high=False), PACE) == 3
    assert facet_room(FacetCount(5_000, 0, 0, high=False), PACE) == 50, "one of a hundred"
    assert facet_room(FacetCount(5_000, 50, 0, high=False), PACE) == 0
    assert facet_room(FacetCount(5_000, 50, 20, high=False), PACE) == 150, "ten times those that have aged"
    assert facet_room(FacetCount(5_000, 900, 20, high=False), PACE) == 0, "never less than none"


def test_what_costs_much_begins_smaller_and_grows_slower() -> None:
    assert facet_room(FacetCount(100, 0, 0, high=True), PACE) == 6
    assert facet_room(FacetCount(100, 0, 10, high=True), PACE) == 40


def test_never_more_than_half_of_a_redundancy_group_until_that_half_has_aged() -> None:
    assert group_room(2, 0, None, PACE) == 1
    assert group_room(2, 1, 95 * HOUR, PACE) == 0
    assert group_room(2, 1, 96 * HOUR, PACE) == 1
    assert group_room(5, 1, 1 * HOUR, PACE) == 1
    assert group_room(5, 2, 200 * HOUR, PACE) == 3
    assert group_room(1, 0, None, PACE) == 1, "a group of one has no half to wait for"


def test_what_is_exploited_goes_faster_and_keeps_the_guards() -> None:
    fast = PACES["exploited"]
    assert group_room(2, 1, 23 * HOUR, fast) == 0
    assert group_room(2, 1, 24 * HOUR, fast) == 1
    assert fast.budget > PACE.budget
    assert fast.reserve_share == 0
