"""What the loop asks for. The driver on a device and the simulator each carry these out in their own way.

The docstring of each names the events that may answer it. An effect that is carried out twice because of a crash
in between does no harm, except Act and Reboot, which check the permit's lifetime themselves before they begin.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Union

from patchring.wire.messages import Offer, Plan
from patchring_agent.loop.state import Entry


@dataclass(frozen=True)
class SendCheckIn:
    """-> CheckInAnswered, ServerUnreachable. The driver adds boot id, uptime and agent version."""

    scan_digest: str
    unsent_count: int
    busy_action_id: str


@dataclass(frozen=True)
class SendReports:
    """-> ReportsAnswered, ReportsRefused, ServerUnreachable. In order; the driver adds the scan's body and signs."""

    entries: list[Entry]


@dataclass(frozen=True)
class Refresh:
    """-> Refreshed. Fetch the package manager's indexes."""


@dataclass(frozen=True)
class Scan:
    """-> Scanned, ScanFailed. The driver keeps the scan until its report was acknowledged or superseded.

    `probes` are asked as part of the scan, when somebody wants to know how they are.
    """

    probes: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Download:
    """-> Downloaded. Everything the offer needs, and the way back, into the agent's cache; changes nothing else."""

    offer: Offer


@dataclass(frozen=True)
class MakePlan:
    """-> PlanMade. A dry run; changes nothing."""

    offer: Offer


@dataclass(frozen=True)
class RunProbes:
    """-> ProbesDone. With `patience_s` a probe that does not pass is asked again until that time is over."""

    probes: list[str]
    patience_s: int = 0


@dataclass(frozen=True)
class AskPermit:
    """-> PermitAnswered, ServerUnreachable. The driver draws the nonce, notes the boot clock, signs, sends.

    `number`: of all requests of this device.
    """

    offer: Offer
    plan: Plan
    number: int


@dataclass(frozen=True)
class Act:
    """-> ActStarted, ActLapsed. Start the transaction, unless the boot clock has passed `deadline_boot_ms`.

    It runs outside the agent's own process group; its end is reported by Await as Acted.
    """

    offer: Offer
    plan: Plan
    permit_id: str
    deadline_boot_ms: int


@dataclass(frozen=True)
class Await:
    """-> Acted, TimerDue. Wait for the running transaction, at most until then."""

    until_boot_ms: int


@dataclass(frozen=True)
class Repair:
    """-> Repaired. Wait for a transaction that outlived the agent, then finish or repair what was begun of the plan.

    Never anything that is not part of the plan. `permit_id` is that of the transaction that may have begun.
    """

    offer: Offer
    plan: Plan
    permit_id: str


@dataclass(frozen=True)
class Reboot:
    """-> RebootRequested, ActLapsed. Reboot, unless the boot clock has passed `deadline_boot_ms`."""

    deadline_boot_ms: int


@dataclass(frozen=True)
class Sleep:
    """-> TimerDue. Nothing to do until then."""

    until_boot_ms: int


Effect = Union[
    SendCheckIn,
    SendReports,
    Refresh,
    Scan,
    Download,
    MakePlan,
    RunProbes,
    AskPermit,
    Act,
    Await,
    Repair,
    Reboot,
    Sleep,
]
