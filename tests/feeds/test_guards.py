"""What a snapshot has to be before it replaces another, and what is said to be different in it."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.feeds import guards
from patchring.feeds.errors import FeedRefused, Older, Shrunken
from patchring.feeds.guards import BOUNDS, Allowed, Difference, accept, check_rows, check_size, difference
from patchring.feeds.model import Scored, Snapshot
from tests.feeds.material import OBSERVED

DAY = date(2026, 8, 16)
PUBLISHED = datetime(2026, 8, 16, tzinfo=UTC)


def row(number: int, share: int = 1) -> Scored:
    return Scored(f"CVE-2026-{number:05}", share, share, DAY)


def taken(*rows: Scored, published_at: datetime | None = PUBLISHED, complete: bool = True) -> Snapshot[Scored]:
    return Snapshot("epss", rows, published_at, "v1", OBSERVED, "00" * 32, 1, complete=complete)


def test_the_first_snapshot_has_everything_new() -> None:
    assert accept(None, taken(row(2), row(1))) == Difference(appeared=(row(1), row(2)))


def test_what_appeared_changed_and_vanished_is_told_apart() -> None:
    found = accept(taken(row(1), row(2), row(3)), taken(row(4), row(3, 9), row(2)))
    assert found == Difference(appeared=(row(4),), changed=((row(3), row(3, 9)),), vanished=(row(1),))
    assert found
    assert not Difference()


def test_a_delta_takes_nothing_away() -> None:
    found = accept(taken(*map(row, range(100))), taken(row(7, 9), row(200), complete=False))
    assert found == Difference(appeared=(row(200),), changed=((row(7), row(7, 9)),))


def test_the_day_of_a_score_alone_is_no_change() -> None:
    later = [replace(row(number), scored_on=DAY + timedelta(days=1)) for number in range(3)]
    assert accept(taken(*map(row, range(3))), taken(*later)) == Difference()


@pytest.mark.parametrize(("rows", "gone"), [(10, 3), (300, 3), (400, 4), (5000, 50)])
def test_up_to_a_share_may_be_withdrawn_and_a_few_in_any_case(rows: int, gone: int) -> None:
    """EPSS: ten in a thousand; one more than that is no withdrawal."""
    before = taken(*map(row, range(rows)))
    assert len(accept(before, taken(*map(row, range(gone, rows)))).vanished) == gone
    with pytest.raises(Shrunken, match=f"expected at most {gone} withdrawn entries, {gone + 1} of {rows} entries"):
        accept(before, taken(*map(row, range(gone + 1, rows))))


def test_what_is_new_does_not_make_up_for_what_is_gone() -> None:
    before, after = taken(*map(row, range(100))), taken(*map(row, range(50, 200)))
    with pytest.raises(Shrunken):
        accept(before, after)


def test_somebody_may_let_a_feed_shrink_and_it_is_told_all_the_same() -> None:
    before, after = taken(*map(row, range(100))), taken(*map(row, range(50)))
    assert accept(before, after, Allowed(shrinking=True)).vanished == tuple(map(row, range(50, 100)))


def test_an_older_snapshot_is_refused_and_one_of_the_same_moment_is_not() -> None:
    older = taken(row(1), published_at=PUBLISHED - timedelta(seconds=1))
    with pytest.raises(Older, match="a mirror or cache on the way is behind"):
        accept(taken(row(1)), older)
    assert accept(taken(row(1)), taken(row(1))) == Difference()
    assert accept(taken(row(1)), taken(row(1), published_at=None)) == Difference()
    assert accept(taken(row(1), published_at=None), older) == Difference()


def test_a_feed_is_compared_with_its_own_past_only() -> None:
    with pytest.raises(AssertionError, match="own past"):
        accept(replace(taken(row(1)), part="Debian"), taken(row(1)))


def test_a_snapshot_by_itself_has_rows_not_too_many_and_each_once(monkeypatch: pytest.MonkeyPatch) -> None:
    small = replace(BOUNDS["epss"], rows=2, bytes_packed=10)
    monkeypatch.setattr(guards, "BOUNDS", {"epss": small})
    said = []
    for rows in ((), (row(1), row(1)), (row(1), row(2), row(3))):
        with pytest.raises(FeedRefused) as refused:
            check_rows("epss", rows)
        said.append((refused.value.kind, refused.value.found))
    for size in (0, 11):
        with pytest.raises(FeedRefused) as refused:
            check_size("epss", size)
        said.append((refused.value.kind, refused.value.found))
    assert said == [
        ("feed_empty", "expected entries, none came"),
        ("feed_duplicate", "expected each entry once, CVE-2026-00001 came twice"),
        ("feed_too_large", "expected at most 2 entries, 3 came"),
        ("feed_empty", "expected a feed, 0 bytes came"),
        ("feed_too_large", "expected at most 10 bytes, 11 came"),
    ]
    check_rows("epss", (row(1), row(2)))
    check_size("epss", 10)


SAID = st.dictionaries(st.integers(0, 30), st.integers(0, 3), min_size=1)


@given(SAID, SAID, st.randoms(use_true_random=False))
def test_a_difference_leads_from_one_to_the_other_in_any_order(
    before: dict[int, int], after: dict[int, int], random: Random
) -> None:
    earlier, later = ([row(*each) for each in said.items()] for said in (before, after))
    found = difference(taken(*earlier), taken(*later))
    random.shuffle(earlier)
    random.shuffle(later)
    assert difference(taken(*earlier), taken(*later)) == found
    gone = {each.key for each in found.vanished} | {old.key for old, _ in found.changed}
    led = {each for each in earlier if each.key not in gone} | set(found.appeared) | {new for _, new in found.changed}
    assert led == set(later)
