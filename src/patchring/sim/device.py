"""A simulated device: the agent's own loop, driven as its contract says, with a simulated machine in its hands.

The rules of the loop are kept: `kept` is on the disk before an effect is carried out, each effect is answered by one
of its events, and each run of the agent begins with `Restarted`.
"""

from collections.abc import Awaitable, Callable
from typing import Any

from patchring.sim.acts import Acts
from patchring.sim.clocks import DeviceClock
from patchring.sim.contact import Contact, Way
from patchring.sim.disk import Disk
from patchring.sim.faults import Faults
from patchring.sim.link import Link
from patchring.sim.machine import Down, Machine
from patchring_agent.loop import (
    Act,
    AskPermit,
    Await,
    Download,
    Effect,
    Event,
    Identity,
    Kept,
    MakePlan,
    Reboot,
    Refresh,
    Repair,
    Restarted,
    RunProbes,
    Scan,
    Scanned,
    SendCheckIn,
    SendReports,
    Sleep,
    State,
    step,
)

BOOT_S = 6
RESTART_S = 3
SCAN_S = 1
NEVER_REFRESH = 0

Handler = Callable[[Any], Awaitable[Event]]


class AgentKilled(Exception):
    """The agent's process ended in the middle of something."""


class WentDown(Exception):
    """The machine reboots, and with it goes everything that was only in memory."""


class SimDevice:
    """One device of the fleet from enrolment on. `observe` as on a real agent: it never asks and never acts."""

    def __init__(self, machine: Machine, link: Way, clock: DeviceClock, faults: Faults, observe: bool = False) -> None:
        self.machine = machine
        self.device_id = ""
        self.kill_count = 0
        self._link = link
        self._clock = clock
        self._faults = faults
        self._observe = observe
        self._acts = Acts(machine, clock, faults)
        self._disk: Disk | None = None

    @property
    def name(self) -> str:
        return self.machine.place.name

    @property
    def disk(self) -> Disk:
        assert self._disk is not None, f"{self.name} was not enrolled"
        return self._disk

    async def enrol(self, token: str, pinned_root: str) -> None:
        """Get a place in the token's tenant; nothing runs yet. Raises Unanswered, Rejected."""
        self._clock.boot()
        assert isinstance(self._link, Link), "only over HTTP does a device ask for its place"
        answer = await self._link.enrol(token, self.machine.facts(self._clock.booted_at_ms))
        self.placed(Disk(Kept(Identity(answer.tenant_id, answer.device_id, pinned_root))))

    def placed(self, disk: Disk) -> None:
        """It has its place in a tenant, and this on its disk."""
        self.device_id, self._disk = disk.kept.identity.device_id, disk

    async def live(self) -> None:
        """Run until cancelled, over kills and reboots."""
        try:
            while True:
                await self._run_until_it_ends()
        finally:
            self._acts.cut_off()

    async def _run_until_it_ends(self) -> None:
        try:
            await self._run()
        except AgentKilled:
            self.kill_count += 1
            await self._clock.sleep(RESTART_S)
        except WentDown:
            self._acts.cut_off()
            went_ms = self._clock.true_ms()
            self.machine.restart()
            await self._clock.sleep(self._faults.duration(BOOT_S))
            self._clock.boot()
            self.machine.downs.append(Down(went_ms, self._clock.true_ms()))

    async def _run(self) -> None:
        """One life of the agent's process."""
        handlers = self._handlers()
        state = State(self.disk.kept, self._observe, NEVER_REFRESH)
        event: Event = Restarted(self.machine.boot_id, scan_held=self.disk.scan is not None)
        reboot_wanted = False
        while True:
            state, effect = step(state, event, self._clock.now())
            self.disk.kept = state.kept
            if self._faults.kills_agent():
                raise AgentKilled
            if reboot_wanted and isinstance(effect, Sleep):
                raise WentDown
            if still_s := self._faults.stands_still_s():
                await self._clock.sleep(still_s)
            event = await handlers[type(effect)](effect)
            reboot_wanted = reboot_wanted or isinstance(effect, Reboot)

    def _handlers(self) -> dict[type[Effect], Handler]:
        contact = Contact(self._link, self.machine, self._clock, self.disk)
        return {
            SendCheckIn: contact.send_check_in,
            SendReports: contact.send_reports,
            AskPermit: contact.ask_permit,
            Refresh: self._acts.refresh,
            Scan: self._scan,
            Download: self._acts.download,
            MakePlan: self._acts.make_plan,
            RunProbes: self._acts.run_probes,
            Act: self._acts.act,
            Await: self._acts.await_end,
            Repair: self._acts.repair,
            Reboot: self._acts.reboot,
            Sleep: self._acts.sleep,
        }

    async def _scan(self, effect: Scan) -> Event:
        await self._clock.sleep(SCAN_S)
        scan = self.machine.scan(self._clock.wall_ms(), self._clock.booted_at_ms, effect.probes)
        self.disk.scan = scan
        return Scanned(scan.state_digest, scan.taken_at_ms, scan.reboot_pending)
