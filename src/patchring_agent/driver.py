"""Carries out what the loop asks for, one effect after the other, and saves the step before it acts."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any, Optional

from patchring.wire.messages import CheckIn, Offer, Plan, Scan
from patchring_agent import VERSION, acting, clocks, device
from patchring_agent.errors import AgentError, ProviderProblem
from patchring_agent.log import say
from patchring_agent.look import look, state_digest
from patchring_agent.loop import effects, events, step
from patchring_agent.loop.state import Entry, State
from patchring_agent.probes import run_probes
from patchring_agent.providers.contract import Provider
from patchring_agent.server import Server
from patchring_agent.store import StateFolder


class Driver:
    """One agent on one device. `sleep` is the only way it waits for nothing."""

    def __init__(
        self,
        folder: StateFolder,
        server: Server,
        providers: Mapping[str, Provider],
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._folder, self._server, self._providers, self._sleep = folder, server, providers, sleep
        self._acting = acting.Acting(folder)
        self._scan: Optional[Scan] = None

    def run(self, state: State, once: bool = False) -> State:
        """For ever, or with `once` until there is nothing left to do but wait."""
        self._scan = self._folder.scan()
        held = self._holds(state.kept.scan)
        state, effect = self._step(state, events.Restarted(clocks.boot_id(), held))
        while not (once and isinstance(effect, effects.Sleep)):
            event = self._carry_out(effect, state)
            state, effect = self._step(state, event)
        return state

    def _holds(self, entry: Optional[Entry]) -> bool:
        return entry is not None and self._scan is not None and self._scan.taken_at_ms == entry.made_at_ms

    def _step(self, state: State, event: events.Event) -> tuple[State, effects.Effect]:
        after, effect = step(state, event, clocks.now())
        if after.kept != state.kept:
            self._folder.save_kept(after.kept)
        _tell(state, after, effect)
        return after, effect

    def _carry_out(self, effect: effects.Effect, state: State) -> events.Event:
        return CARRY_OUT[type(effect)](self, effect, state)

    # --- the server ---------------------------------------------------------------------------------------------

    def _check_in(self, effect: effects.SendCheckIn, state: State) -> events.Event:
        message = CheckIn(
            clocks.boot_id(),
            device.uptime_ms() // 1000,
            VERSION,
            effect.scan_digest,
            effect.unsent_count,
            effect.busy_action_id,
        )
        return self._server.check_in(message, state_digest(self._providers))

    def _send_reports(self, effect: effects.SendReports, state: State) -> events.Event:
        return self._server.reports(effect.entries, self._scan)

    def _ask_permit(self, effect: effects.AskPermit, state: State) -> events.Event:
        return self._server.permit(effect.offer.action_id, effect.offer.action, effect.plan, effect.number)

    # --- looking at the device ----------------------------------------------------------------------------------

    def _refresh(self, effect: effects.Refresh, state: State) -> events.Event:
        problems = [problem for problem in map(_refreshed, self._providers.values()) if problem]
        return events.Refreshed(state_digest(self._providers), "; ".join(problems))

    def _scan_effect(self, effect: effects.Scan, state: State) -> events.Event:
        try:
            found = look(self._providers, effect.probes)
        except AgentError as error:
            return events.ScanFailed(str(error))
        if self._scan is not None and found.taken_at_ms <= self._scan.taken_at_ms:
            found = replace(found, taken_at_ms=self._scan.taken_at_ms + 1)
        self._folder.save_scan(found)
        self._scan = found
        return events.Scanned(found.state_digest, found.taken_at_ms, found.reboot_pending)

    def _run_probes(self, effect: effects.RunProbes, state: State) -> events.Event:
        return events.ProbesDone(run_probes(effect.probes, effect.patience_s, self._sleep))

    # --- the job ------------------------------------------------------------------------------------------------

    def _provider(self, offer: Offer, plan: Optional[Plan] = None) -> Provider:
        name = plan.provider if plan is not None else offer.packages[0].provider
        found = self._providers.get(name)
        if found is None:
            raise ProviderProblem(f"this device has no package manager {name!r}")
        return found

    def _download(self, effect: effects.Download, state: State) -> events.Event:
        try:
            problem = self._provider(effect.offer).download(effect.offer.action, effect.offer.packages)
        except (AgentError, OSError) as error:
            return events.Downloaded(str(error))
        return events.Downloaded(problem)

    def _make_plan(self, effect: effects.MakePlan, state: State) -> events.Event:
        try:
            planned = self._provider(effect.offer).plan(effect.offer.action, effect.offer.packages)
        except (AgentError, OSError) as error:
            return events.PlanMade(None, str(error))
        return events.PlanMade(planned.plan, planned.problem, planned.satisfied)

    def _act(self, effect: effects.Act, state: State) -> events.Event:
        seconds_left = (effect.deadline_boot_ms - clocks.boot_ms()) // 1000
        try:
            provider = self._provider(effect.offer, effect.plan)
            transaction = provider.transaction(effect.offer.action, effect.plan, seconds_left)
            self._acting.start(effect.offer.action_id, effect.permit_id, transaction, effect.deadline_boot_ms)
        except (AgentError, OSError) as error:
            return events.ActLapsed(str(error))
        return events.ActStarted()

    def _await(self, effect: effects.Await, state: State) -> events.Event:
        ended = self._acting.wait(effect.until_boot_ms)
        if ended is None:
            return events.TimerDue()
        self._acting.put_right()
        return events.Acted(self._outcome(state, ended))

    def _outcome(self, state: State, ended: acting.Ended) -> events.Outcome:
        job = state.kept.job
        if job is None or job.plan is None:
            raise AssertionError("a transaction without a job")
        try:
            return self._provider(job.offer, job.plan).outcome(job.plan, ended.exit_code, ended.output)
        except AgentError as error:
            return events.Outcome(events.NONE, False, ended.exit_code, str(error), ended.output)

    def _repair(self, effect: effects.Repair, state: State) -> events.Event:
        if self._folder.begun()[0] != effect.permit_id:
            return events.Repaired(events.Outcome(events.NONE, True), begun=False)
        ended = self._acting.wait_for_orphan(effect.offer.action_id)
        try:
            said = self._provider(effect.offer, effect.plan).repair(effect.offer.action, effect.plan)
            self._acting.put_right()
        except (AgentError, OSError) as error:
            said = str(error)
        outcome = self._outcome(state, ended)
        return events.Repaired(replace(outcome, detail=f"{outcome.detail}; repair: {said}"))

    def _reboot(self, effect: effects.Reboot, state: State) -> events.Event:
        if clocks.boot_ms() >= effect.deadline_boot_ms:
            return events.ActLapsed("the permit's lifetime was over")
        problem = acting.reboot()
        return events.ActLapsed(problem) if problem else events.RebootRequested()

    def _sleep_effect(self, effect: effects.Sleep, state: State) -> events.Event:
        self._sleep(max(effect.until_boot_ms - clocks.boot_ms(), 0) / 1000)
        return events.TimerDue()


CARRY_OUT: dict[type, Callable[[Driver, Any, State], events.Event]] = {
    effects.SendCheckIn: Driver._check_in,
    effects.SendReports: Driver._send_reports,
    effects.AskPermit: Driver._ask_permit,
    effects.Refresh: Driver._refresh,
    effects.Scan: Driver._scan_effect,
    effects.RunProbes: Driver._run_probes,
    effects.Download: Driver._download,
    effects.MakePlan: Driver._make_plan,
    effects.Act: Driver._act,
    effects.Await: Driver._await,
    effects.Repair: Driver._repair,
    effects.Reboot: Driver._reboot,
    effects.Sleep: Driver._sleep_effect,
}


def _refreshed(provider: Provider) -> str:
    try:
        return provider.refresh()
    except AgentError as error:
        return str(error)


def _tell(before: State, after: State, effect: effects.Effect) -> None:
    """One line for what a person reading the journal wants to know."""
    known = {entry.report_id for entry in before.kept.journal}
    for entry in after.kept.journal:
        if entry.report_id not in known:
            body = entry.body
            say(f"action {body['action_id']}: {body['state']}" + (f" ({body['detail']})" if body["detail"] else ""))
    if after.trouble and after.trouble != before.trouble:
        say(after.trouble, warning=True)
    if isinstance(effect, (effects.Act, effects.Repair, effects.Reboot)):
        say(_in_words(effect))


def _in_words(effect: effects.Act | effects.Repair | effects.Reboot) -> str:
    if isinstance(effect, effects.Reboot):
        return "rebooting, as permitted"
    changes = ", ".join(f"{c.package} {c.from_version} to {c.to_version}" for c in effect.plan.changes)
    verb = "beginning the" if isinstance(effect, effects.Act) else "looking after the interrupted"
    return f"action {effect.offer.action_id}: {verb} {effect.offer.action}: {changes}"[:300]
