"""The messages of `/agent/v1`, as plain dataclasses at the level of Python 3.9.

Instants are `_at_ms`: milliseconds since 1970 in UTC. Durations are in seconds. Texts may be empty where that
is said; nothing is None unless it is Optional. The server derives strict msgspec Structs from these classes,
the agent reads them with `wire.codec`; both refuse unknown fields.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, Optional

from patchring.wire.signing import SignedDocument

PROTOCOL = 1
CHECK_IN_BYTES_MAX = 16_384
REPORT_BYTES_MAX = 4_194_304
REPORTS_A_REQUEST_MAX = 50


@dataclass(frozen=True)
class Package:
    """One version of one package. `architecture` is empty where the platform has none."""

    provider: str
    name: str
    version: str
    architecture: str = ""


@dataclass(frozen=True)
class InstalledPackage(Package):
    """A package that is there. `source` is what it was built from, where advisories go by that and it is named
    otherwise; `source_version` is that one's version where it differs."""

    source: str = ""
    source_version: str = ""


@dataclass(frozen=True)
class Update:
    """A pending update as the device's own package manager offers it.

    `installed_version` is empty for a package that is not there yet. `security` says whether the origin that
    offers it is a security origin. `held_back` is empty, or why the package manager would not install it now:
    "phased", "held", "kept_back". `type` is os, application, browser, driver, firmware; `classification` is
    security, critical, rollup, feature, preview, optional, definition or unknown; `reboot` is never, maybe,
    always or unknown. `kb` and `update_id` are Windows' names, empty elsewhere.
    """

    package: Package
    installed_version: str
    title: str = ""
    source: str = ""
    origin: str = ""
    label: str = ""
    suite: str = ""
    security: bool = False
    held_back: str = ""
    type: str = "os"
    classification: str = "unknown"
    reboot: str = "unknown"
    size_bytes: int = 0
    kb: str = ""
    update_id: str = ""


@dataclass(frozen=True)
class Facts:
    """What a device says of itself. `booted_at_ms` is the start of this boot; 0 is unknown for counts of bytes."""

    hostname: str
    os_name: str
    os_version: str
    kernel: str
    architecture: str
    boot_id: str
    booted_at_ms: int
    agent_version: str
    disk_free_bytes: int = 0
    memory_bytes: int = 0
    on_battery: bool = False
    manufacturer: str = ""
    model: str = ""
    other_managers: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class ProviderState:
    """One package manager on the device. `capabilities` are words of the provider contract; `problem` is empty
    when it is in order, else one line (interrupted transaction, lock, unreadable metadata)."""

    provider: str
    version: str
    capabilities: list[str]
    problem: str = ""


@dataclass(frozen=True)
class ProbeResult:
    """`outcome` is pass, fail or unknown; `detail` is one line with what was expected and what came."""

    probe: str
    outcome: str
    detail: str = ""
    duration_ms: int = 0


@dataclass(frozen=True)
class Scan:
    """The whole inventory at one instant. `state_digest` names the package manager's state it was read from: while
    that is unchanged the agent scans no further."""

    taken_at_ms: int
    state_digest: str
    facts: Facts
    providers: list[ProviderState]
    installed: list[InstalledPackage]
    updates: list[Update]
    reboot_pending: bool
    reboot_reasons: list[str] = field(default_factory=list)
    restarts_needed: list[str] = field(default_factory=list)
    probes: list[ProbeResult] = field(default_factory=list)


@dataclass(frozen=True)
class Change:
    """One line of a resolved plan. `from_version` is empty for an addition, `to_version` for a removal. `sha256`
    is that of the package file; origin, label and suite are where the device takes it from ("kept" for the
    device's own kept copy of an earlier version)."""

    package: str
    architecture: str
    from_version: str
    to_version: str
    origin: str
    label: str
    suite: str
    sha256: str


@dataclass(frozen=True)
class Plan:
    """What the package manager would do, to the letter. `way_back` lists the changes that undo it, from kept
    files; empty when there is no way back by packages. `bytes_needed` is disk space."""

    provider: str
    changes: list[Change]
    way_back: list[Change] = field(default_factory=list)
    bytes_needed: int = 0


@dataclass(frozen=True)
class Offer:
    """Work that lies ready for a device; not a permission. `action` is install, downgrade or reboot.

    For install and downgrade `packages` are the targets. `probes` names what is asked before and after.
    `reboot` is never, if_required or always. `lifetime_s` of the window's rest is not promised here: what
    counts is the permit.
    """

    action_id: str
    action: str
    packages: list[Package]
    reboot: str = "if_required"
    probes: list[str] = field(default_factory=list)
    title: str = ""


@dataclass(frozen=True)
class EnrolRequest:
    """Asks for a place in a tenant. `signature` is over kind "enrol" and all other fields: proof that the device
    holds the private key."""

    token: str
    public_key: str
    nonce: str
    made_at_ms: int
    facts: Facts
    signature: str


@dataclass(frozen=True)
class EnrolAnswer:
    """`roots` is the tenant's chain of signed roots, oldest first; the agent pins the one its token names."""

    tenant_id: str
    device_id: str
    session: str
    roots: list[SignedDocument]
    server_at_ms: int


@dataclass(frozen=True)
class SessionRequest:
    """Asks for a new session; signed over kind "session" and all other fields."""

    tenant_id: str
    device_id: str
    nonce: str
    made_at_ms: int
    signature: str


@dataclass(frozen=True)
class SessionAnswer:
    session: str
    server_at_ms: int


@dataclass(frozen=True)
class CheckIn:
    """The heartbeat; authenticated by the session. `scan_digest` is the state digest of the last scan that the
    server acknowledged, empty before the first. `unsent_count` is the length of the agent's journal of reports."""

    boot_id: str
    uptime_s: int
    agent_version: str
    scan_digest: str
    unsent_count: int = 0
    busy_action_id: str = ""


@dataclass(frozen=True)
class CheckInAnswer:
    """`next_check_in_s` has the server's jitter in it. `scan_wanted` asks for a scan whatever the digest says."""

    next_check_in_s: int
    server_at_ms: int
    scan_wanted: bool
    offers: list[Offer]


@dataclass(frozen=True)
class Signal:
    """Something that was seen on a device, most often trouble. `name` is service_failure, app_crash, failed_logon,
    reboot_loop or performance. `subject` is what it happened to (a unit, a program; a sort of performance figure),
    never a person. `at_ms` is the first time of `value` times where `unit` is "count"; else when it was measured."""

    name: str
    value: int
    unit: str
    at_ms: int
    subject: str = ""


@dataclass(frozen=True)
class Signals:
    """All that was seen from `from_ms` up to `to_ms`. A name in `unread` could not be read in that time: that nothing
    is said of it means nothing. Spans of one device do not overlap; a gap between two of them was not read."""

    from_ms: int
    to_ms: int
    signals: list[Signal]
    unread: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Report:
    """A signed statement of a device that must not be lost: kept in its journal until acknowledged.

    `kind` is scan, progress or signals; `body` is that message. `sequence` rises by one with each report of a device.
    The signature is over kind "report" and all other fields.
    """

    tenant_id: str
    device_id: str
    report_id: str
    sequence: int
    kind: str
    made_at_ms: int
    body: dict[str, Any]
    signature: str


@dataclass(frozen=True)
class Progress:
    """What became of an action. `state` is received, downloading, ready, started, installed, failed, rebooting,
    not_started or finished. `finished` comes after the scan and the probes that follow the act; `not_started`
    is the proof that nothing was begun (a permit that lapsed). `exit_code` is the package manager's, None where
    nothing ran."""

    action_id: str
    state: str
    at_ms: int
    detail: str = ""
    permit_id: str = ""
    exit_code: Optional[int] = None
    changes: list[Change] = field(default_factory=list)
    probes_before: list[ProbeResult] = field(default_factory=list)
    probes_after: list[ProbeResult] = field(default_factory=list)
    reboot_pending: bool = False
    boot_id: str = ""
    output: str = ""


@dataclass(frozen=True)
class Reports:
    reports: list[Report]


@dataclass(frozen=True)
class Receipt:
    """`outcome` is accepted, repeated (already there; forget it) or refused (keep it; `reason` says why)."""

    report_id: str
    outcome: str
    reason: str = ""


@dataclass(frozen=True)
class ReportsAnswer:
    receipts: list[Receipt]


@dataclass(frozen=True)
class PermitRequest:
    """Asked right before the act; signed by the device over kind "permit-request" and all other fields.

    `nonce` is 128 bits of the device's own choosing, in hexadecimal; the permit has to repeat it. `number` counts the
    requests of this device and only rises, so that one that comes late is known to have been overtaken.
    """

    tenant_id: str
    device_id: str
    action_id: str
    action: str
    nonce: str
    number: int
    made_at_ms: int
    boot_id: str
    plan: Plan
    signature: str


@dataclass(frozen=True)
class Reason:
    """One reason of a decision: a stable `code`, a sentence for people, and the numbers it used, as text."""

    code: str
    text: str
    numbers: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class PermitAnswer:
    """Either a permit with its chain, or the reasons why there is none and when asking again makes sense.

    `chain` is the tenant's current signed root and the signed policy version or approval that the permit stands on.
    """

    permit: Optional[SignedDocument]
    chain: list[SignedDocument] = field(default_factory=list)
    denied: list[Reason] = field(default_factory=list)
    retry_after_s: int = 0
