"""A simulated machine: its packages, services and boots. Pure of I/O and time: whoever drives it says what happens.

It behaves as the package manager of a device does: the update installed or not at all, the earlier version kept as
the way back, a service that an update harms stays down until the earlier version is there again.
"""

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass, field

from patchring.sim.catalogue import ORIGIN, PROVIDER, SimUpdate
from patchring.sim.roster import Place
from patchring.wire.authority import KEPT
from patchring.wire.canonical import digest
from patchring.wire.messages import (
    Change,
    Facts,
    InstalledPackage,
    Offer,
    Package,
    Plan,
    ProbeResult,
    ProviderState,
    Scan,
    Update,
)
from patchring_agent.loop import Outcome

ARCHITECTURE = "x64"
CAPABILITIES = ["scan", "plan", "install", "downgrade", "reboot"]
MIB = 1024 * 1024


@dataclass(frozen=True)
class Begun:
    """A change of a product that really began, by true time: what a halt has to be measured against."""

    at_ms: int
    product: str
    version: str
    permit_id: str = ""


@dataclass(frozen=True)
class Down:
    """A time in which the machine did not do its work, because it was changed or restarted; by true time. `permit_id`
    is that of the change, empty for a restart."""

    from_ms: int
    to_ms: int
    permit_id: str = ""


@dataclass
class Machine:
    """`known` are the updates that this machine is offered, `stopped` the services that should run and do not.

    `boot` counts its starts: the boot id follows from it, so a run can be repeated.
    """

    place: Place
    agent_version: str
    known: dict[str, SimUpdate] = field(default_factory=dict)
    installed: dict[str, str] = field(default_factory=dict)
    stopped: set[str] = field(default_factory=set)
    reboot_pending: bool = False
    half_done: bool = False
    begun: list[Begun] = field(default_factory=list)
    downs: list[Down] = field(default_factory=list)
    boot: int = 0

    @property
    def boot_id(self) -> str:
        raw = hashlib.sha256(f"{self.place.name}/{self.boot}".encode()).hexdigest()
        return f"{raw[:8]}-{raw[8:12]}-4{raw[13:16]}-8{raw[17:20]}-{raw[20:32]}"

    def meant_for(self, updates: Iterable[SimUpdate]) -> list[SimUpdate]:
        return [update for update in updates if self.place.kind.name in update.kinds]

    def prepare(self, updates: Iterable[SimUpdate]) -> None:
        """Have the products that these updates are for, each in the version before."""
        for update in self.meant_for(updates):
            self.installed.setdefault(update.product, update.before)

    def publish(self, update: SimUpdate) -> None:
        """From now on the machine is offered the update, if it is meant for its kind."""
        for meant in self.meant_for([update]):
            self.known[meant.product] = meant

    def state_digest(self) -> str:
        """Changes exactly when a new scan would say something else about packages."""
        known = {product: update.after for product, update in self.known.items()}
        return digest({"installed": self.installed, "known": known, "reboot": self.reboot_pending})

    def pending(self) -> list[SimUpdate]:
        return [update for update in self.known.values() if self.installed.get(update.product) == update.before]

    # -- what the agent's effects need --

    def scan(self, at_ms: int, booted_at_ms: int, probes: Iterable[str]) -> Scan:
        return Scan(
            taken_at_ms=at_ms,
            state_digest=self.state_digest(),
            facts=self.facts(booted_at_ms),
            providers=[ProviderState(PROVIDER, "10.0.26100", list(CAPABILITIES))],
            installed=[_installed(product, version) for product, version in sorted(self.installed.items())],
            updates=[_update(update) for update in self.pending()],
            reboot_pending=self.reboot_pending,
            reboot_reasons=["an update waits for it"] if self.reboot_pending else [],
            probes=[self.probe(probe) for probe in probes],
        )

    def facts(self, booted_at_ms: int) -> Facts:
        kind = self.place.kind
        return Facts(
            hostname=self.place.name,
            os_name=kind.os[0],
            os_version=kind.os[1],
            kernel="10.0.26100",
            architecture=ARCHITECTURE,
            boot_id=self.boot_id,
            booted_at_ms=booted_at_ms,
            agent_version=self.agent_version,
            disk_free_bytes=180 * 1024 * MIB,
            memory_bytes=kind.memory_gib * 1024 * MIB,
            manufacturer=kind.manufacturer,
            model=kind.model,
        )

    def plan(self, offer: Offer) -> tuple[Plan | None, str, bool]:
        """What an offer would change: the plan, or the problem, or that nothing is left to do (third value)."""
        changes, back = [], []
        for target in offer.packages:
            now = self.installed.get(target.name)
            if now is None:
                return None, f"{target.name} is not installed here", False
            if now == target.version:
                continue
            update = self.known.get(target.name)
            if update is None or target.version not in (update.before, update.after):
                return None, f"{target.name} {target.version} is not known here", False
            changes.append(_change(update, now, target.version))
            back.append(_change(update, target.version, now))
        if not changes:
            return None, "", True
        size = sum(self.known[change.package].size_mib for change in changes) * MIB
        return Plan(PROVIDER, changes, [change for change in back if change.origin == KEPT], size), "", False

    def apply(self, plan: Plan) -> None:
        """Carry a plan out, to its end."""
        for change in plan.changes:
            update = self.known[change.package]
            self.installed[change.package] = change.to_version
            harmed = update.harms.get(self.place.kind.name)
            if harmed and change.to_version == update.after:
                self.stopped.add(harmed)
            if harmed and change.to_version == update.before:
                self.stopped.discard(harmed)
            self.reboot_pending |= update.reboot == "always"
        self.half_done = False

    def outcome(self, plan: Plan) -> Outcome:
        """What the packages of a plan look like now, whatever was said before."""
        there = [change for change in plan.changes if self.installed.get(change.package) == change.to_version]
        reached = "all" if len(there) == len(plan.changes) else "part" if there else "none"
        return Outcome(
            reached,
            healthy=not self.half_done,
            exit_code=0 if reached == "all" else 1,
            output=f"{len(there)} of {len(plan.changes)} done",
            changes=there,
            reboot_pending=self.reboot_pending,
        )

    def restart(self) -> None:
        """A reboot: a new boot id, and what waited for it is in effect."""
        self.boot += 1
        self.reboot_pending = False

    def probe(self, name: str) -> ProbeResult:
        """`service:NAME`, `unit:NAME` and `probe` of other kinds; a kind that Windows does not have is unknown."""
        kind, _, service = name.partition(":")
        if kind not in ("service", "unit", "services"):
            return ProbeResult(name, "unknown", f"this machine has no probe of kind {kind!r}")
        wanted = list(self.place.kind.services) if kind == "services" or service in ("", "*") else [service]
        down = [each for each in wanted if each in self.stopped]
        if down:
            return ProbeResult(name, "fail", f"service {', '.join(down)}: expected running, got stopped", 40)
        return ProbeResult(name, "pass", f"running: {', '.join(wanted)}" if wanted else "nothing to ask", 15)


def _installed(product: str, version: str) -> InstalledPackage:
    return InstalledPackage(PROVIDER, product, version, ARCHITECTURE)


def _package(product: str, version: str) -> Package:
    return Package(PROVIDER, product, version, ARCHITECTURE)


def _change(update: SimUpdate, before: str, after: str) -> Change:
    """Forward from the vendor, back from the machine's own kept copy."""
    back = after == update.before
    origin = KEPT if back else ORIGIN
    sha256 = hashlib.sha256(f"{update.update_id}/{after}".encode()).hexdigest()
    return Change(update.product, ARCHITECTURE, before, after, origin, update.label, update.suite, sha256)


def _update(update: SimUpdate) -> Update:
    return Update(
        package=_package(update.product, update.after),
        installed_version=update.before,
        title=update.title,
        source=update.product,
        origin=ORIGIN,
        label=update.label,
        suite=update.suite,
        security=update.security,
        type=update.type,
        classification=update.classification,
        reboot=update.reboot,
        size_bytes=update.size_mib * MIB,
        kb=update.kb,
        update_id=update.update_id,
    )
