"""What `reconcile` is shown of a rollout: counts, instants and what is in force; never a list of devices."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from patchring.core.policy.model import Policy
from patchring.core.reason import Reason
from patchring.core.rollout.states import IN_FLIGHT, DeviceState, RingState, RolloutState

TOLD_MIN = 3
_GONE_WRONG = (DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED)


@dataclass(frozen=True)
class RingView:
    """One ring of this tenant's rollout. `counts` None: they could not be read, so nothing is concluded from them.

    `enough_verified_at`: since when as many devices are verified as the soak asks for; None: they are not.
    `soak_until_at`: what StartSoak last said; None: no soak began. `device_minutes`: since verification, summed.
    `lost_count`: devices that began and have not been heard of since. `overdue_count`: devices with an offer that do
    not come for it; they keep no place that another could have. `forgiven_count`: failures that a person accepted by
    resuming. `review_needed`: a person has to approve the patch for a segment of this ring before it opens; `waits_for`
    says who (empty: any person). `tests_missing`: what a segment of this ring asks to be tested and was not.
    `doubts`: what the gate has against devices that lie further out than this ring.
    """

    number: int
    state: RingState
    counts: Mapping[DeviceState, int] | None
    enough_verified_at: datetime | None = None
    lost_count: int = 0
    device_minutes: int = 0
    review_needed: bool = False
    soak_until_at: datetime | None = None
    overdue_count: int = 0
    forgiven_count: int = 0
    waits_for: tuple[Reason, ...] = ()
    tests_missing: tuple[Reason, ...] = ()
    doubts: tuple[Reason, ...] = ()

    def count(self, *states: DeviceState) -> int:
        return sum((self.counts or {}).get(state, 0) for state in states)

    @property
    def device_count(self) -> int:
        """The devices that are asked to have the patch: those that were skipped are not."""
        return sum((self.counts or {}).values()) - self.count(DeviceState.SKIPPED)

    @property
    def in_flight_count(self) -> int:
        return self.count(*IN_FLIGHT)

    @property
    def unsettled_count(self) -> int:
        """Devices that may still become verified."""
        return self.count(DeviceState.WAITING) + self.in_flight_count

    @property
    def failed_count(self) -> int:
        """Everything that went wrong here, also what was taken back since, and devices that fell silent."""
        return self.count(*_GONE_WRONG) + self.lost_count


@dataclass(frozen=True)
class Elsewhere:
    """One ring of the campaign over all tenants, pooled, without names. `device_count` 0: nobody has such devices.

    `tenant_count`: how many tenants it was seen at. Below three its counts decide and are told to nobody (T6).
    """

    device_count: int
    verified_count: int
    failed_count: int
    first_verified_at: datetime | None
    last_verified_at: datetime | None
    tenant_count: int = 0

    def may_be_counted(self, count: int) -> bool:
        """Whether a count may be told to another tenant: neither it nor the tenants behind it are fewer than three."""
        return min(self.tenant_count, count) >= TOLD_MIN


@dataclass(frozen=True)
class RolloutView:
    """`approved`: True by a person, False rejected, None nobody decided. `review_needed`: nothing may begin without a
    person (the level of automation, or every segment asks for one); `waits_for` says who (empty: any person).

    `stops` and `holds` are reasons already: what is in force against this rollout. `elsewhere` is by ring.
    `halted_by_failure`: the halt was Patchring's own; `rollback_requested`: a person asked for the way back.
    `take_back_count`: devices that the remedy of their segment takes back and that are not on their way yet (see
    remedy.py); None: not counted, so the widest remedy of the policy is taken for all.
    """

    state: RolloutState
    policy: Policy
    rings: tuple[RingView, ...]
    review_needed: bool
    approved: bool | None = None
    stops: tuple[Reason, ...] = ()
    holds: tuple[Reason, ...] = ()
    elsewhere: Mapping[int, Elsewhere] = field(default_factory=dict)
    halted_by_failure: bool = False
    rollback_requested: bool = False
    take_back_count: int | None = None
    waits_for: tuple[Reason, ...] = ()
