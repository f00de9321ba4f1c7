"""What the demo knows of the rollouts at one moment, read over the API, and what its story asks of them. Pure."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patchring.core.rollout.states import IN_FLIGHT, DeviceState, RolloutState
from patchring.sim.catalogue import SimUpdate
from patchring.sim.roster import SimTenant

UNSETTLED = frozenset({*IN_FLIGHT, DeviceState.FAILED, DeviceState.ROLLING_BACK})


@dataclass(frozen=True)
class SeenRing:
    number: int
    state: str
    device_count: int
    counts: Mapping[str, int]
    why: str


@dataclass(frozen=True)
class SeenRollout:
    """One rollout with its rings; `why` is its own sentence."""

    rollout_id: str
    tenant: SimTenant
    title: str
    patch_key: str
    state: str
    why: str
    rings: tuple[SeenRing, ...]

    def count(self, *states: str) -> int:
        return sum(ring.counts.get(state, 0) for ring in self.rings for state in states)

    @property
    def device_count(self) -> int:
        return sum(ring.device_count for ring in self.rings)

    @property
    def is_settled(self) -> bool:
        """Nothing of it is on its way any more."""
        return self.count(*UNSETTLED) == 0


@dataclass(frozen=True)
class Picture:
    """All rollouts, the oldest patch first, in each the tenants in their order."""

    rollouts: Sequence[SeenRollout] = field(default_factory=list)

    def of(self, update: SimUpdate) -> list[SeenRollout]:
        return [rollout for rollout in self.rollouts if rollout.patch_key.endswith(update.update_id)]

    def find(self, update: SimUpdate, tenant: SimTenant) -> SeenRollout | None:
        return next((rollout for rollout in self.of(update) if rollout.tenant == tenant), None)

    def completed(self, update: SimUpdate, tenants: Sequence[SimTenant]) -> bool:
        found = [self.find(update, tenant) for tenant in tenants]
        return all(rollout is not None and rollout.state == RolloutState.COMPLETED for rollout in found)

    def verified(self, update: SimUpdate) -> int:
        return sum(rollout.count(DeviceState.VERIFIED) for rollout in self.of(update))

    def devices(self, update: SimUpdate) -> int:
        return sum(rollout.device_count for rollout in self.of(update))


def seen_rollout(tenant: SimTenant, row: Mapping[str, Any]) -> SeenRollout:
    """A rollout as the API gives it."""
    rings = [
        SeenRing(ring["ring"], ring["state"], ring["device_count"], ring["counts"], _first(ring["reasons"]))
        for ring in row["rings"]
    ]
    return SeenRollout(
        rollout_id=row["rollout_id"],
        tenant=tenant,
        title=row["title"],
        patch_key=row["patch_key"],
        state=row["state"],
        why=_first(row["reasons"]),
        rings=tuple(sorted(rings, key=lambda ring: ring.number)),
    )


def _first(reasons: Sequence[Mapping[str, Any]]) -> str:
    return str(reasons[0]["text"]) if reasons else ""
