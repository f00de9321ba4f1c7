"""What to do next, from the state alone. The order of the rules is the agent's order of importance:

1. what has begun or was permitted (act, repair, reboot): a permit does not wait;
2. what the server has to hear (reports in order, then the check-in);
3. looking at the device (indexes, scan), never while something is being changed;
4. the job's next step; 5. waiting.
"""

from __future__ import annotations

from dataclasses import replace
from typing import Optional

from patchring.wire.messages import Offer, Plan
from patchring_agent.loop import effects, jobs, journal, phases
from patchring_agent.loop.events import Now
from patchring_agent.loop.state import Job, State

PATIENCE_S = 30
REBOOT_WAIT_MS = 600_000
IDLE_MS = 60_000


def decide(state: State, now: Now) -> tuple[State, effects.Effect]:
    """The state with what follows from the time alone, and exactly one effect."""
    state = _advance(_choose(state, now), now)
    for rule in (_urgent, _contact, _look, _job_step):
        found = rule(state, now)
        if found is not None:
            return found
    return state, _wait(state, now)


def _choose(state: State, now: Now) -> State:
    """Take up an offer. A job that has to wait for its permit makes room for another; the server's order counts."""
    if state.observe:
        for offer in state.offers:
            if offer.action_id not in state.kept.settled:
                state = jobs.refuse_offer(state, now, offer, "this device only observes; it never acts")
        return state
    job = state.kept.job
    if job is not None and not (job.phase in phases.NOT_BEGUN and job.retry_boot_ms > now.boot_ms):
        return state
    return _take_next(state, job, now)


def _take_next(state: State, job: Optional[Job], now: Now) -> State:
    current = [job.offer.action_id] if job is not None else []
    waiting = {w.offer.action_id: w for w in state.kept.waiting}
    for offer in state.offers:
        known = waiting.get(offer.action_id)
        if known is not None and known.retry_boot_ms <= now.boot_ms:
            return _swap(state, job, known)
        if known is None and offer.action_id not in [*current, *state.kept.settled]:
            taken = _take_new(state, job, now, offer)
            if taken is not state:
                return taken
    if job is None and waiting:
        return _swap(state, None, min(waiting.values(), key=lambda w: w.retry_boot_ms))
    return state


def _take_new(state: State, job: Optional[Job], now: Now, offer: Offer) -> State:
    if journal.is_full(state.kept) or (job is not None and len(state.kept.waiting) >= jobs.WAITING_COUNT_MAX):
        return state
    if offer.action not in jobs.ACTIONS or (offer.action != "reboot" and not offer.packages):
        return jobs.refuse_offer(state, now, offer, f"this agent cannot do {offer.action!r} as it was offered")
    if job is not None:
        state = replace(state, kept=replace(state.kept, waiting=[*state.kept.waiting, job]))
    return jobs.take(state, now, offer)


def _swap(state: State, job: Optional[Job], other: Job) -> State:
    rest = [w for w in state.kept.waiting if w.offer.action_id != other.offer.action_id]
    return jobs.with_job(state, other, waiting=[*rest, job] if job is not None else rest)


def _advance(state: State, now: Now) -> State:
    """The moves that need no answer from outside."""
    job = state.kept.job
    if job is None:
        return state
    if job.phase == phases.RECEIVED and job.offer.action == "reboot":
        job = phases.move(job, phases.PLANNED, plan=Plan("system", []))
        state = jobs.with_job(state, job)
    if job.phase == phases.PLANNED and not job.offer.probes:
        changes = job.plan.changes if job.plan is not None else []
        state = jobs.with_job(jobs.tell(state, now, job, "ready", changes=changes), phases.move(job, phases.READY))
    if job.phase in (phases.PERMITTED, phases.ACTING) and now.boot_ms >= job.deadline_boot_ms:
        return jobs.not_started(state, now, job, "the permit's lifetime was over", phases.READY)
    if job.phase == phases.PERMITTED and job.offer.action == "reboot":
        return jobs.with_job(state, phases.move(job, phases.REBOOTING))
    if job.phase == phases.REBOOTING and now.boot_ms >= job.deadline_boot_ms + REBOOT_WAIT_MS:
        state = replace(jobs.begin(state, now, job), reboot_requested=False)
        return jobs.give_up(state, now, "the device did not reboot within ten minutes")
    return state


def _urgent(state: State, now: Now) -> Optional[tuple[State, effects.Effect]]:
    job = state.kept.job
    if job is None or job.plan is None:
        return None
    if job.phase == phases.ASKING:
        return _ask(state, job, job.plan)
    if job.phase == phases.PERMITTED:
        return state, effects.MakePlan(job.offer)
    if job.phase == phases.ACTING:
        return state, effects.Act(job.offer, job.plan, job.permit_id, job.deadline_boot_ms)
    if job.phase == phases.RECOVERING and job.retry_boot_ms <= now.boot_ms:
        counted = replace(job, repair_count=job.repair_count + 1)
        return jobs.with_job(state, counted), effects.Repair(job.offer, job.plan, job.permit_id)
    if job.phase == phases.REBOOTING and _may_ask_to_reboot(state, job, now):
        counted = replace(job, reboot_count=job.reboot_count + 1)
        return jobs.with_job(state, counted), effects.Reboot(job.deadline_boot_ms)
    return None


def _ask(state: State, job: Job, plan: Plan) -> tuple[State, effects.Effect]:
    """Counted on the disk before it is sent: a request that comes late is older than the one that it is late for."""
    number = state.kept.request_count + 1
    return replace(state, kept=replace(state.kept, request_count=number)), effects.AskPermit(job.offer, plan, number)


def _may_ask_to_reboot(state: State, job: Job, now: Now) -> bool:
    """A wish that was lost in a crash is said once more; a device whose boot id never changes does not loop."""
    live = now.boot_ms < job.deadline_boot_ms
    return live and not state.reboot_requested and job.reboot_count < jobs.REBOOT_COUNT_MAX


def _contact(state: State, now: Now) -> Optional[tuple[State, effects.Effect]]:
    if state.contact_due > now.boot_ms:
        return None
    entries = journal.unsent(state.kept)
    if entries:
        if _scan_body_lost(state):
            return None if _is_busy(state) else (state, _scan(state))
        return state, effects.SendReports(entries[: state.batch_count])
    if state.check_in_due <= now.boot_ms:
        return state, _check_in(state)
    return None


def _scan_body_lost(state: State) -> bool:
    return state.kept.scan is not None and not state.kept.scan.refused and not state.scan_held


def _check_in(state: State) -> effects.Effect:
    job = state.kept.job
    busy = job.offer.action_id if job is not None and job.phase not in phases.NOT_BEGUN else ""
    return effects.SendCheckIn(state.kept.acknowledged_digest, len(state.kept.journal), busy)


def _look(state: State, now: Now) -> Optional[tuple[State, effects.Effect]]:
    if _is_busy(state):
        return None
    if not state.observe and _refresh_due(state, now):
        return state, effects.Refresh()
    if state.scan_wanted and state.scan_blocked_until <= now.boot_ms:
        return state, _scan(state)
    return None


def _scan(state: State) -> effects.Effect:
    return effects.Scan(list(state.kept.watched))


def _is_busy(state: State) -> bool:
    return state.kept.job is not None and state.kept.job.phase in phases.BUSY


def _refresh_due(state: State, now: Now) -> bool:
    if state.refresh_wanted:
        return True
    age_ms = now.wall_ms - state.kept.refreshed_at_ms
    return state.refresh_interval_s > 0 and not 0 <= age_ms < state.refresh_interval_s * 1000


def _job_step(state: State, now: Now) -> Optional[tuple[State, effects.Effect]]:
    job = state.kept.job
    if job is None or job.retry_boot_ms > now.boot_ms:
        return None
    if job.phase == phases.RECEIVED:
        return state, effects.Download(job.offer)
    if job.phase == phases.DOWNLOADED:
        return state, effects.MakePlan(job.offer)
    if job.phase == phases.PLANNED:
        return state, effects.RunProbes(list(job.offer.probes))
    if job.phase == phases.READY and job.plan is not None and state.contact_due <= now.boot_ms:
        return _ask(jobs.with_job(state, phases.move(job, phases.ASKING)), job, job.plan)
    if job.phase == phases.SCANNING:
        return state, _scan(state)
    if job.phase == phases.PROBING:
        return state, effects.RunProbes(list(job.offer.probes), PATIENCE_S)
    return None


def _wait(state: State, now: Now) -> effects.Effect:
    until = min((due for due in _dues(state, now) if due > now.boot_ms), default=now.boot_ms + IDLE_MS)
    job = state.kept.job
    if job is not None and job.phase == phases.RUNNING:
        return effects.Await(until)
    return effects.Sleep(until)


def _dues(state: State, now: Now) -> list[int]:
    """Every instant on the boot clock at which something may have to be done."""
    found = [max(state.check_in_due, state.contact_due), *(w.retry_boot_ms for w in state.kept.waiting)]
    if journal.unsent(state.kept):
        found.append(state.contact_due)
    if state.scan_wanted:
        found.append(state.scan_blocked_until)
    if state.refresh_interval_s > 0 and not state.observe:
        left_ms = state.kept.refreshed_at_ms + state.refresh_interval_s * 1000 - now.wall_ms
        found.append(now.boot_ms + left_ms)
    job = state.kept.job
    if job is not None:
        found.append(max(job.retry_boot_ms, state.contact_due if job.phase == phases.READY else 0))
        if job.phase == phases.REBOOTING:
            found.append(job.deadline_boot_ms + REBOOT_WAIT_MS)
    return found
