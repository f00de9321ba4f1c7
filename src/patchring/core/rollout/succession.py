"""What becomes of a rollout when a newer release of the same update appears in the middle of it (R10).

- What has not begun, gives way: the newer one takes its place. It does so when it starts itself, not while it waits for
  approval.
- What was halted or is on its way back, stays as it is: the newer release may be the cure, and begins at ring 0.
- What has passed every ring is as good as done: its last devices are left to it, and the newer one begins.
- Between these the policy decides. `finish`: the newer waits as long as devices of the older wait or are under way.
  `replace`: the older ends, and the newer stands where it stood: the rings that the older passed count as passed, as
  far as devices were verified in them. `restart`: the older ends, and the newer begins at ring 0.
- What is expedited never waits, nor does what would leave devices more releases behind than the policy allows
  (`behind_max`): `finish` then means `restart`.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from uuid import UUID

from patchring.core.devices import PatchFacts
from patchring.core.policy.handling import Releases, Superseded
from patchring.core.reason import Reason, counted, reason
from patchring.core.rollout.states import RingState, RolloutState
from patchring.core.versions import KEYS, older, scheme_of

OLDER_OPEN = "older_release_open"


@dataclass(frozen=True)
class OlderRing:
    """`placed_count`: devices that were ever in it here, also those that were skipped since."""

    state: RingState
    verified_count: int
    placed_count: int

    @property
    def proven(self) -> bool:
        """Whether it passed by what was seen, here or elsewhere, and not because its devices went away."""
        return self.state is RingState.PASSED and (self.verified_count > 0 or self.placed_count == 0)


@dataclass(frozen=True)
class OlderRollout:
    """A rollout of a release that the new one supersedes. `unsettled_count`: its devices that wait or are under way."""

    rollout_id: UUID
    version: str
    state: RolloutState
    rings: tuple[OlderRing, ...]
    unsettled_count: int

    @property
    def proven_count(self) -> int:
        """How many rings in a row are proven, from ring 0 on."""
        return next((at for at, ring in enumerate(self.rings) if not ring.proven), len(self.rings))

    @property
    def begun(self) -> bool:
        """Whether it is in its middle."""
        through = all(ring.state is RingState.PASSED for ring in self.rings)
        return self.state is RolloutState.RUNNING and not through

    @property
    def busy(self) -> bool:
        return self.begun and self.unsettled_count > 0


@dataclass(frozen=True)
class Ending:
    """A rollout that gives way to the newer release, and why."""

    rollout_id: UUID
    reason: Reason


@dataclass(frozen=True)
class Succession:
    """`waits_for`: what the newer release waits for; empty: it may begin, once those of `ends` are over. `carried`: the
    rings of it that count as passed, by what the older was seen to do there; ring number -> why."""

    waits_for: tuple[Reason, ...] = ()
    ends: tuple[Ending, ...] = ()
    carried: tuple[tuple[int, Reason], ...] = ()


@dataclass(frozen=True)
class Release:
    """A patch of the tenant. `verified`: some device here was seen to have it in effect."""

    patch: PatchFacts
    verified: bool


def earlier_releases(newer: PatchFacts, others: Iterable[Release]) -> list[Release]:
    """Those of the same update: same provider, same name, an older version by the provider's own order; oldest first.

    Patches with an update id of their own (Windows) are not compared: their names and numbers say nothing of an order.
    """
    if newer.update_id:
        return []
    scheme = scheme_of(newer.provider)
    same = (newer.provider, newer.name, "")
    found = [each for each in others if (each.patch.provider, each.patch.name, each.patch.update_id) == same]
    older_ones = [each for each in found if older(scheme, each.patch.version, newer.version)]
    return sorted(older_ones, key=lambda each: (KEYS[scheme](each.patch.version), each.patch.patch_key))


def releases_behind(earlier: Sequence[Release]) -> int:
    """How many releases came since the newest that was verified here, oldest first; none ever was: all of them."""
    verified = [at for at, each in enumerate(earlier) if each.verified]
    return len(earlier) - (verified[-1] + 1 if verified else 0)


def succession(releases: Releases, expedited: bool, behind: int, before: Iterable[OlderRollout]) -> Succession:
    """What the newer release does about the rollouts of older ones; the same for them in any order.

    `behind`: how many releases the tenant would stay without a verified one by waiting.
    """
    ordered = sorted(before, key=lambda each: each.rollout_id)
    begun, busy = [each for each in ordered if each.begun], [each for each in ordered if each.busy]
    hurries = expedited or (releases.behind_max is not None and behind > releases.behind_max)
    if releases.superseded is Superseded.FINISH and busy and not hurries:
        return Succession(waits_for=tuple(_unfinished(each) for each in busy))
    gone = [each for each in ordered if each.begun or each.state is RolloutState.AWAITING_APPROVAL]
    ends = tuple(Ending(each.rollout_id, _given_way(each)) for each in gone)
    if releases.superseded is not Superseded.REPLACE or not begun:
        return Succession(ends=ends)
    return Succession(ends=ends, carried=_carried(max(begun, key=lambda each: (each.proven_count, each.rollout_id))))


def _unfinished(each: OlderRollout) -> Reason:
    passed, left = _passed(each), counted(each.unsettled_count, "device")
    text = f"waits for the rollout of {each.version} ({passed}, {left} left), as the policy says"
    return reason(OLDER_OPEN, text, devices=each.unsettled_count)


def _given_way(each: OlderRollout) -> Reason:
    began = _passed(each) if each.state is RolloutState.RUNNING else "nothing of it had begun"
    return reason("superseded", f"a newer release replaces {each.version}: this rollout ends ({began})")


def _passed(each: OlderRollout) -> str:
    passed = sum(ring.state is RingState.PASSED for ring in each.rings)
    return f"{passed} of {counted(len(each.rings), 'ring')} passed"


def _carried(each: OlderRollout) -> tuple[tuple[int, Reason], ...]:
    text = f"passed with {each.version}, which this release replaces; the policy carries the evidence over"
    return tuple((ring, reason("ring_carried", f"Ring {ring} {text}", ring=ring)) for ring in range(each.proven_count))
