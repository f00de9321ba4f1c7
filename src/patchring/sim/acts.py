"""Effects on the machine itself: what a real agent's providers and probes do, simulated.

A transaction runs apart from the agent: it goes on when the agent is killed, as a package manager's does, and is cut
off by a reboot; then it is half done until it is repaired.
"""

import asyncio
from typing import Any

from patchring.sim.catalogue import PROVIDER
from patchring.sim.clocks import DeviceClock
from patchring.sim.faults import Faults
from patchring.sim.machine import Begun, Down, Machine
from patchring.wire.messages import Plan
from patchring_agent.loop import (
    Act,
    Acted,
    ActLapsed,
    ActStarted,
    Await,
    Download,
    Downloaded,
    Event,
    MakePlan,
    PlanMade,
    ProbesDone,
    Reboot,
    RebootRequested,
    Refresh,
    Refreshed,
    Repair,
    Repaired,
    RunProbes,
    Sleep,
    TimerDue,
)

PLAN_S = 1
PROBE_S = 1
SETTLE_S = 6


class Acts:
    """One machine's; lives as long as the machine, not as the agent's process."""

    def __init__(self, machine: Machine, clock: DeviceClock, faults: Faults) -> None:
        self._machine = machine
        self._clock = clock
        self._faults = faults
        self._transaction: asyncio.Task[None] | None = None
        self._plan = Plan(PROVIDER, [])
        self._marks: set[str] = set()

    def cut_off(self) -> None:
        """Power is gone: whatever runs stays half done."""
        if self._transaction is not None and not self._transaction.done():
            self._transaction.cancel()
            self._machine.half_done = True
        self._transaction = None

    async def refresh(self, effect: Refresh) -> Event:
        await self._clock.sleep(1)
        return Refreshed(self._machine.state_digest())

    async def download(self, effect: Download) -> Event:
        known = self._machine.known.values()
        wanted = {package.name for package in effect.offer.packages}
        usual = sum(update.download for update in known if update.product in wanted)
        await self._clock.sleep(self._faults.duration(usual))
        return Downloaded()

    async def make_plan(self, effect: MakePlan) -> Event:
        await self._clock.sleep(PLAN_S)
        plan, problem, satisfied = self._machine.plan(effect.offer)
        return PlanMade(plan, problem, satisfied)

    async def run_probes(self, effect: RunProbes) -> Event:
        """A probe that fails is asked again for a while; on these machines nothing recovers by itself."""
        await self._clock.sleep(PROBE_S)
        results = [self._machine.probe(name) for name in effect.probes]
        if effect.patience_s and any(result.outcome == "fail" for result in results):
            await self._clock.sleep(min(SETTLE_S, effect.patience_s))
            results = [self._machine.probe(name) for name in effect.probes]
        return ProbesDone(results)

    async def act(self, effect: Act) -> Event:
        if self._clock.boot_ms() >= effect.deadline_boot_ms:
            return ActLapsed("the permit's lifetime was over on the boot clock")
        self._marks.add(effect.permit_id)
        self._machine.half_done = True
        at_ms, permit_id = self._clock.true_ms(), effect.permit_id
        self._machine.begun += [Begun(at_ms, c.package, c.to_version, permit_id) for c in effect.plan.changes]
        self._plan = effect.plan
        self._transaction = asyncio.create_task(self._transact(effect.plan, permit_id))
        return ActStarted()

    async def await_end(self, effect: Await) -> Event:
        assert self._transaction is not None, "nothing was begun that one could wait for"
        if await self._either(self._transaction, effect.until_boot_ms):
            return Acted(self._machine.outcome(self._plan))
        return TimerDue()

    async def repair(self, effect: Repair) -> Event:
        """Wait for what outlived the agent; finish what was begun, and nothing that was not. Without a mark that its
        permit was used, nothing was: that is the proof."""
        if self._transaction is not None:
            await asyncio.wait({self._transaction})
        if self._machine.half_done:
            await self._transact(effect.plan, effect.permit_id)
        return Repaired(self._machine.outcome(effect.plan), begun=effect.permit_id in self._marks)

    async def reboot(self, effect: Reboot) -> Event:
        if self._clock.boot_ms() >= effect.deadline_boot_ms:
            return ActLapsed("the permit's lifetime was over on the boot clock")
        return RebootRequested()

    async def sleep(self, effect: Sleep) -> Event:
        await self._clock.sleep((effect.until_boot_ms - self._clock.boot_ms()) / 1000)
        return TimerDue()

    async def _either(self, task: asyncio.Task[Any], until_boot_ms: int) -> bool:
        """Wait for the task, at most until then; whether it ended."""
        rest = (until_boot_ms - self._clock.boot_ms()) / 1000
        await asyncio.wait({task}, timeout=self._clock.real(rest))
        return task.done()

    async def _transact(self, plan: Plan, permit_id: str) -> None:
        known = self._machine.known
        usual = sum(known[change.package].install for change in plan.changes)
        began_ms = self._clock.true_ms()
        await self._clock.sleep(self._faults.duration(usual))
        self._machine.apply(plan)
        self._machine.downs.append(Down(began_ms, self._clock.true_ms(), permit_id))
