"""A newer release in the middle of an older one's rollout: who waits, who ends, what is carried over (R10)."""

from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.core.devices import PatchFacts
from patchring.core.policy.handling import Releases, Superseded
from patchring.core.rollout.states import RingState, RolloutState
from patchring.core.rollout.succession import (
    OLDER_OPEN,
    OlderRing,
    OlderRollout,
    Release,
    earlier_releases,
    releases_behind,
    succession,
)

NOT_OVER = (RolloutState.RUNNING, RolloutState.AWAITING_APPROVAL)
PASSED, OPEN, WAITING = (OlderRing(state, 3, 3) for state in (RingState.PASSED, RingState.OPEN, RingState.WAITING))


def old(number: int = 1, state: RolloutState = RolloutState.RUNNING, *rings: OlderRing, left: int = 4) -> OlderRollout:
    return OlderRollout(UUID(int=number), f"1.{number}", state, rings or (PASSED, OPEN, WAITING), left)


def release(version: str, verified: bool = False, name: str = "openssl", provider: str = "apt") -> Release:
    return Release(PatchFacts(f"{provider}:{name}={version}", provider, name, version), verified)


def test_finish_waits_and_says_for_what() -> None:
    found = succession(Releases(), False, 1, [old()])
    assert [(each.code, each.text) for each in found.waits_for] == [
        (OLDER_OPEN, "waits for the rollout of 1.1 (1 of 3 rings passed, 4 devices left), as the policy says")
    ]
    assert (found.ends, found.carried) == ((), ())


@pytest.mark.parametrize(
    ("rings", "left"), [((PASSED, PASSED, PASSED), 2), ((PASSED, OPEN, WAITING), 0)], ids=["through", "nobody left"]
)
def test_finish_waits_for_nothing_that_moves_no_more(rings: tuple[OlderRing, ...], left: int) -> None:
    """A rollout that has passed every ring keeps its last devices; one without devices ends."""
    found = succession(Releases(), False, 1, [old(1, RolloutState.RUNNING, *rings, left=left)])
    assert found.waits_for == ()
    assert len(found.ends) == (0 if left else 1)


@pytest.mark.parametrize(("expedited", "behind", "waits"), [(True, 1, False), (False, 2, True), (False, 3, False)])
def test_haste_and_too_many_releases_end_the_waiting(expedited: bool, behind: int, waits: bool) -> None:
    found = succession(Releases(behind_max=2), expedited, behind, [old()])
    assert bool(found.waits_for) is waits
    assert [each.rollout_id for each in found.ends] == ([] if waits else [UUID(int=1)])
    assert found.carried == ()


def test_replace_carries_the_rings_that_the_older_proved_furthest() -> None:
    further = old(2, RolloutState.RUNNING, PASSED, PASSED, OPEN)
    found = succession(Releases(Superseded.REPLACE), False, 1, [old(), further])
    assert [ring for ring, _ in found.carried] == [0, 1]
    assert found.carried[0][1].text == (
        "Ring 0 passed with 1.2, which this release replaces; the policy carries the evidence over"
    )
    assert [(each.rollout_id.int, each.reason.text) for each in found.ends] == [
        (1, "a newer release replaces 1.1: this rollout ends (1 of 3 rings passed)"),
        (2, "a newer release replaces 1.2: this rollout ends (2 of 3 rings passed)"),
    ]


def test_a_ring_that_emptied_carries_nothing() -> None:
    """Its devices were skipped, so that it passed says nothing; one that never had any passed by what others saw."""
    emptied, never = OlderRing(RingState.PASSED, 0, 2), OlderRing(RingState.PASSED, 0, 0)
    carried = [
        [ring for ring, _ in succession(Releases(Superseded.REPLACE), False, 1, [running]).carried]
        for running in (
            old(1, RolloutState.RUNNING, emptied, PASSED, OPEN),
            old(1, RolloutState.RUNNING, never, PASSED, OPEN),
        )
    ]
    assert carried == [[], [0, 1]]


def test_restart_carries_nothing() -> None:
    found = succession(Releases(Superseded.RESTART), False, 1, [old()])
    assert (len(found.ends), found.carried, found.waits_for) == (1, (), ())


@pytest.mark.parametrize("kind", Superseded)
def test_what_has_not_begun_gives_way(kind: Superseded) -> None:
    found = succession(Releases(kind), False, 1, [old(1, RolloutState.AWAITING_APPROVAL)])
    assert [each.reason.text for each in found.ends] == [
        "a newer release replaces 1.1: this rollout ends (nothing of it had begun)"
    ]
    assert (found.waits_for, found.carried) == ((), ())


@pytest.mark.parametrize("kind", Superseded)
@pytest.mark.parametrize("state", [each for each in RolloutState if each not in NOT_OVER])
def test_what_was_halted_or_is_over_is_left_alone(kind: Superseded, state: RolloutState) -> None:
    """The newer release may be the cure: it neither waits for the broken one nor leans on it."""
    found = succession(Releases(kind), False, 1, [old(1, state)])
    assert (found.waits_for, found.ends, found.carried) == ((), (), ())


RINGS = st.lists(st.builds(OlderRing, st.sampled_from(RingState), st.integers(0, 2), st.integers(0, 2)), max_size=4)
ROLLOUTS = st.lists(
    st.builds(
        OlderRollout,
        st.uuids(),
        st.sampled_from(["1.1", "1.2"]),
        st.sampled_from(RolloutState),
        RINGS.map(tuple),
        st.integers(0, 3),
    ),
    max_size=4,
    unique_by=lambda each: each.rollout_id,
)


@given(ROLLOUTS, st.sampled_from(Superseded), st.booleans(), st.none() | st.integers(1, 3), st.integers(0, 4))
def test_the_laws(before: list[OlderRollout], kind: Superseded, fast: bool, most: int | None, behind: int) -> None:
    """Whoever waits ends nothing; what is expedited never waits; nothing unproven is carried; order does not matter."""
    found = succession(Releases(kind, most), fast, behind, before)
    assert not (found.waits_for and found.ends)
    assert not (fast and found.waits_for)
    assert not (found.waits_for and kind is not Superseded.FINISH)
    for ring, _ in found.carried:
        assert any(each.begun and ring < each.proven_count for each in before)
    assert succession(Releases(kind, most), fast, behind, before[::-1]) == found


def test_earlier_releases_are_those_of_the_same_update_by_the_providers_order() -> None:
    newer = release("3.0.11-1~deb12u10").patch
    others = [
        release("3.0.11-1~deb12u9"),
        release("3.0.11-1~deb12u2"),
        release("3.0.11-1"),
        release("3.0.11-1~deb12u9", name="curl"),
        release("3.0.11-1~deb12u9", provider="dnf"),
    ]
    found = earlier_releases(newer, others)
    assert [each.patch.version for each in found] == ["3.0.11-1~deb12u2", "3.0.11-1~deb12u9"]


def test_windows_updates_are_not_compared_by_their_names() -> None:
    older, newer = (
        PatchFacts(f"windows_update:{id}", "windows_update", "KB1", version, update_id=id)
        for id, version in (("a", "1"), ("b", "2"))
    )
    assert earlier_releases(newer, [Release(older, True)]) == []


@pytest.mark.parametrize(
    ("verified", "behind"), [([], 0), ([False], 1), ([True], 0), ([True, False, False], 2), ([False, True, False], 1)]
)
def test_how_far_behind(verified: list[bool], behind: int) -> None:
    assert releases_behind([release(f"1.{at}", each) for at, each in enumerate(verified)]) == behind
