"""What `reconcile` wants done. Each is small enough to be done in one statement or two, and safe to do twice."""

from dataclasses import dataclass
from datetime import datetime

from patchring.core.policy.handling import RemedyScope
from patchring.core.policy.model import HaltScope
from patchring.core.reason import Reason


@dataclass(frozen=True)
class Start:
    """The approval that was waited for is there (or none is needed): the rollout runs."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class OpenRing:
    ring: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Offer:
    """Offer the patch to the next `count` waiting devices of the ring, in their order."""

    ring: int
    count: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class StartSoak:
    """`until_at` is the earliest end by time alone."""

    ring: int
    until_at: datetime
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class PassRing:
    ring: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Halt:
    """Stop at this scope, at once: the rollout and the ring where it was seen are halted, and a stop of the scope is
    placed, which for `tenant` and `patch` holds other rollouts as well."""

    ring: int
    scope: HaltScope
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Withdraw:
    """Take back the offers that no device has a permit for."""

    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Remedy:
    """Offer the way back to the devices that the remedy of their segment takes back (remedy.py says which) and that
    are not on it yet; they are `rolling_back` from then on. `scope` is the widest that the policy names."""

    scope: RemedyScope
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class FinishRemedy:
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Abandon:
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Complete:
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class Wait:
    """Nothing to do for this ring (None: the whole rollout) now; `until_at` None: until something is observed."""

    ring: int | None
    until_at: datetime | None
    reasons: tuple[Reason, ...]


Action = (
    Start
    | OpenRing
    | Offer
    | StartSoak
    | PassRing
    | Halt
    | Withdraw
    | Remedy
    | FinishRemedy
    | Abandon
    | Complete
    | Wait
)
