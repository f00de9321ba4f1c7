"""What the agent knows: `Kept` survives a restart and a power cut, the rest of `State` belongs to one run.

Both are plain dataclasses that `patchring.wire.codec` reads and writes.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from patchring.wire.authority import Root
from patchring.wire.messages import Offer, Plan, ProbeResult


@dataclass(frozen=True)
class Identity:
    """Who this device is to its server. `pinned_root` is the fingerprint from the enrolment token."""

    tenant_id: str
    device_id: str
    pinned_root: str


@dataclass(frozen=True)
class Entry:
    """A report that the server has not acknowledged. `body` is empty for a scan: the driver holds that.

    `refused` is the server's reason when it refused the report; it stays until it is accepted or dropped by hand.
    """

    report_id: str
    sequence: int
    kind: str
    made_at_ms: int
    body: dict[str, Any] = field(default_factory=dict)
    refused: str = ""


@dataclass(frozen=True)
class Job:
    """One action on its way through the phases of `phases.py`.

    `retry_boot_ms` is the boot clock before which the next try makes no sense. `started` says that `started` was
    reported; `outcome` is installed or failed once that was. The counts are caps against endless loops.
    """

    offer: Offer
    phase: str
    plan: Optional[Plan] = None
    probes_before: list[ProbeResult] = field(default_factory=list)
    permit_id: str = ""
    deadline_boot_ms: int = 0
    retry_boot_ms: int = 0
    started: bool = False
    outcome: str = ""
    detail: str = ""
    reboot_pending: bool = False
    prepare_count: int = 0
    repair_count: int = 0
    scan_count: int = 0
    boot_count: int = 0
    reboot_count: int = 0


@dataclass(frozen=True)
class Kept:
    """Versions of root and policy only rise, and so do `sequence` (of reports) and `request_count` (for permits).
    `settled` are actions that are done with, newest last.

    `waiting` are jobs that were denied a permit for now and made room for another. `scan` is the report of the
    newest scan while it is not acknowledged; `scanned_digest` names the state it was read from. `watched` are the
    probes of the last action: a later scan asks them again, so that harm that comes late is seen.
    """

    identity: Identity
    root: Optional[Root] = None
    policy_version: int = 0
    sequence: int = 0
    request_count: int = 0
    boot_id: str = ""
    journal: list[Entry] = field(default_factory=list)
    scan: Optional[Entry] = None
    scanned_digest: str = ""
    acknowledged_digest: str = ""
    refreshed_at_ms: int = 0
    job: Optional[Job] = None
    waiting: list[Job] = field(default_factory=list)
    watched: list[str] = field(default_factory=list)
    settled: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class State:
    """`observe`: never ask for a permit, never act. Times `_due` are on the boot clock in milliseconds.

    `refresh_interval_s` is how old the package manager's indexes may grow; 0 never fetches them unasked. `refreshed`:
    they were fetched since the last scan.
    """

    kept: Kept
    observe: bool = False
    refresh_interval_s: int = 6 * 3600
    offers: list[Offer] = field(default_factory=list)
    check_in_due: int = 0
    contact_due: int = 0
    failure_count: int = 0
    batch_count: int = 20
    scan_held: bool = False
    scan_wanted: bool = False
    scan_blocked_until: int = 0
    refresh_wanted: bool = False
    refreshed: bool = False
    refresh_problem: str = ""
    refresh_failure_count: int = 0
    reboot_requested: bool = False
    trouble: str = ""
