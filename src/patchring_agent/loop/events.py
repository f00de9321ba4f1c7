"""What can happen to an agent. Each effect is answered by one of these; `Restarted` comes first of all.

Instants in `_boot_ms` are on the boot clock (CLOCK_BOOTTIME), which no one can set; `_at_ms` is UTC wall time.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Optional, Union

from patchring.wire.messages import (
    Change,
    CheckInAnswer,
    PermitAnswer,
    PermitRequest,
    Plan,
    ProbeResult,
    ReportsAnswer,
)

ALL, PART, NONE = "all", "part", "none"


@dataclass(frozen=True)
class Now:
    """The one instant of a step on both clocks, in milliseconds."""

    wall_ms: int
    boot_ms: int


@dataclass(frozen=True)
class Restarted:
    """The agent started. `scan_held`: the driver still has the body of the scan report that was not sent yet."""

    boot_id: str
    scan_held: bool = False


@dataclass(frozen=True)
class TimerDue:
    """The time of a Sleep or an Await is over, or something ended it early."""


@dataclass(frozen=True)
class CheckInAnswered:
    """`state_digest` is the package manager's cheap digest, read by the driver beside the check-in."""

    answer: CheckInAnswer
    state_digest: str


@dataclass(frozen=True)
class ReportsAnswered:
    answer: ReportsAnswer


@dataclass(frozen=True)
class ReportsRefused:
    """The server refused the whole request (a 4xx): too large, malformed. `reason` is its one line."""

    report_ids: list[str]
    reason: str


@dataclass(frozen=True)
class PermitAnswered:
    """`sent_boot_ms` is the boot clock just before the request was sent: a permit's lifetime runs from there."""

    request: PermitRequest
    answer: PermitAnswer
    sent_boot_ms: int


@dataclass(frozen=True)
class ServerUnreachable:
    """No usable answer to what was sent. `may_have_arrived` is False only when it surely did not reach the server;
    `retry_after_s` is the server's word (503, 429), 0 when it said nothing."""

    detail: str
    retry_after_s: int = 0
    may_have_arrived: bool = True


@dataclass(frozen=True)
class Refreshed:
    """The package manager's indexes were fetched; `problem` is empty or one line."""

    state_digest: str
    problem: str = ""


@dataclass(frozen=True)
class Scanned:
    """The driver holds the scan itself; the loop needs its name, its instant and whether a reboot is pending."""

    state_digest: str
    taken_at_ms: int
    reboot_pending: bool


@dataclass(frozen=True)
class ScanFailed:
    problem: str


@dataclass(frozen=True)
class Downloaded:
    """`problem` is empty when everything the offer needs lies in the agent's own cache."""

    problem: str = ""


@dataclass(frozen=True)
class PlanMade:
    """`plan` is None with a `problem`. `satisfied`: every target is installed already, there is nothing to do."""

    plan: Optional[Plan]
    problem: str = ""
    satisfied: bool = False


@dataclass(frozen=True)
class ProbesDone:
    results: list[ProbeResult]


@dataclass(frozen=True)
class Outcome:
    """What the packages of a plan look like after an act, whatever the exit code said.

    `reached` is all, part or none of the plan; `healthy` says that the package manager has nothing half done.
    `changes` are those that really happened. `exit_code` is None where nothing ran or nobody knows.
    """

    reached: str
    healthy: bool
    exit_code: Optional[int] = None
    detail: str = ""
    output: str = ""
    changes: list[Change] = field(default_factory=list)
    reboot_pending: bool = False


@dataclass(frozen=True)
class ActStarted:
    """The transaction runs; from here on it has begun."""


@dataclass(frozen=True)
class ActLapsed:
    """Nothing was begun: the lifetime was over, or the transaction could not be started. `detail` says which."""

    detail: str


@dataclass(frozen=True)
class Acted:
    outcome: Outcome


@dataclass(frozen=True)
class Repaired:
    """`begun` is False only with proof: nothing was ever started under this permit."""

    outcome: Outcome
    begun: bool = True


@dataclass(frozen=True)
class RebootRequested:
    """The system accepted the wish to reboot."""


Event = Union[
    Restarted,
    TimerDue,
    CheckInAnswered,
    ReportsAnswered,
    ReportsRefused,
    PermitAnswered,
    ServerUnreachable,
    Refreshed,
    Scanned,
    ScanFailed,
    Downloaded,
    PlanMade,
    ProbesDone,
    ActStarted,
    ActLapsed,
    Acted,
    Repaired,
    RebootRequested,
]
