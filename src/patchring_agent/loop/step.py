"""`step`: one event in, the next state and the one effect to carry out.

Each kind of event has one handler, listed in HANDLERS at the end. An event that does not belong to the phase the job
is in (late, repeated, of another action) changes nothing: what to do next always follows from the state alone.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Any, Optional

from patchring.wire.authority import plan_digest, root_counts, verify_permit
from patchring.wire.messages import PermitAnswer, Plan
from patchring_agent.loop import events, jobs, journal, phases, timing
from patchring_agent.loop.decide import decide
from patchring_agent.loop.effects import Effect
from patchring_agent.loop.events import Event, Now, Outcome
from patchring_agent.loop.state import Job, State

SCAN_REFUSED_WAIT_MS = 3_600_000


def step(state: State, event: Event, now: Now) -> tuple[State, Effect]:
    """The next state and the one thing to do. Store `state.kept` before doing it when it changed."""
    return decide(HANDLERS[type(event)](state, event, now), now)


def _restarted(state: State, event: events.Restarted, now: Now) -> State:
    kept = journal.try_refused_again(state.kept)
    new_boot = kept.boot_id != event.boot_id
    waiting = [replace(w, retry_boot_ms=0) for w in kept.waiting]
    kept = replace(kept, boot_id=event.boot_id, waiting=waiting)
    state = State(kept, state.observe, state.refresh_interval_s, scan_held=event.scan_held)
    job = kept.job
    if job is None:
        return state
    if new_boot:
        job = replace(job, boot_count=job.boot_count + 1, retry_boot_ms=0)
    state = _resume(jobs.with_job(state, job), job, new_boot, now)
    return _stop_boot_loop(state, now)


def _resume(state: State, job: Job, new_boot: bool, now: Now) -> State:
    """What a restart means for a job, by the phase it was stored in."""
    if job.phase in (phases.ASKING, phases.PERMITTED):
        return jobs.not_started(state, now, job, "the agent restarted before it began", phases.READY)
    if job.phase in (phases.ACTING, phases.RUNNING):
        return jobs.with_job(state, phases.move(job, phases.RECOVERING))
    if job.phase == phases.REBOOTING and new_boot:
        return _rebooted(state, now, job)
    return state


def _rebooted(state: State, now: Now, job: Job) -> State:
    state = jobs.begin(state, now, job)
    if not job.started:
        state = jobs.tell(state, now, job, "rebooting", permit_id=job.permit_id)
    started = replace(job, started=True)
    return jobs.with_job(state, phases.move(started, phases.SCANNING, outcome="installed", reboot_pending=False))


def _stop_boot_loop(state: State, now: Now) -> State:
    job = state.kept.job
    if job is None or job.boot_count <= jobs.BOOT_COUNT_MAX:
        return state
    text = f"the device booted {job.boot_count} times during this action; at most {jobs.BOOT_COUNT_MAX} are allowed"
    if job.phase == phases.RECOVERING:
        # Nobody knows any more whether it began; without the proof that it did not, it counts as begun.
        state = jobs.give_up(jobs.begin(state, now, job), now, text)
    elif job.phase in (phases.RECEIVED, phases.DOWNLOADED):
        state = jobs.give_up(state, now, text)
    elif job.phase not in (phases.SCANNING, phases.PROBING):
        return state
    return jobs.finish(state, now, [], text)


def _timer(state: State, event: events.TimerDue, now: Now) -> State:
    return state


def _checked_in(state: State, event: events.CheckInAnswered, now: Now) -> State:
    answer = event.answer
    changed = event.state_digest != state.kept.scanned_digest
    state = replace(
        state,
        offers=list(answer.offers),
        check_in_due=now.boot_ms + timing.check_in_ms(answer.next_check_in_s),
        contact_due=0,
        failure_count=0,
        trouble="",
        # Once for each scan: where fetching takes longer than the time between check-ins, no scan would ever come.
        refresh_wanted=state.refresh_wanted or (_wanted(state, answer.scan_wanted, now) and not state.refreshed),
        scan_wanted=state.scan_wanted or changed or _wanted(state, answer.scan_wanted, now),
    )
    return _follow_offers(state, now)


def _wanted(state: State, scan_wanted: bool, now: Now) -> bool:
    """A scan that the server refused is not made again and again at its wish."""
    return scan_wanted and now.boot_ms >= state.scan_blocked_until and state.kept.scan is None


def _follow_offers(state: State, now: Now) -> State:
    """Drop what is no longer offered, begin anew what is offered differently; nothing that has begun is touched."""
    listed = {offer.action_id: offer for offer in state.offers}
    kept = state.kept
    for job in kept.waiting:
        if listed.get(job.offer.action_id) != job.offer:
            rest = [w for w in state.kept.waiting if w.offer.action_id != job.offer.action_id]
            state = jobs.withdraw(state, now, job, replace(state.kept, waiting=rest))
    job_now = kept.job
    if job_now is None or job_now.phase not in phases.NOT_BEGUN:
        return state
    offer = listed.get(job_now.offer.action_id)
    if offer is None:
        return jobs.withdraw(state, now, job_now, replace(state.kept, job=None))
    return state if offer == job_now.offer else jobs.with_job(state, Job(offer, phases.RECEIVED))


def _reports_answered(state: State, event: events.ReportsAnswered, now: Now) -> State:
    before = len(journal.unsent(state.kept))
    kept = journal.settle(state.kept, event.answer.receipts)
    state = replace(state, kept=kept, failure_count=0, contact_due=0, trouble="")
    if kept.scan is not None and kept.scan.refused:
        state = replace(state, scan_blocked_until=now.boot_ms + SCAN_REFUSED_WAIT_MS)
    if len(journal.unsent(kept)) == before:
        return _unreachable(state, events.ServerUnreachable("the server gave no receipt for any report"), now)
    return state


def _reports_refused(state: State, event: events.ReportsRefused, now: Now) -> State:
    """A request that is refused whole is cut into single reports, so that one bad report stops no other."""
    if len(event.report_ids) > 1:
        return replace(state, batch_count=1)
    kept = journal.refuse(state.kept, event.report_ids, event.reason)
    state = replace(state, kept=kept, trouble=event.reason)
    if kept.scan is not None and kept.scan.refused:
        state = replace(state, scan_blocked_until=now.boot_ms + SCAN_REFUSED_WAIT_MS)
    return state


def _unreachable(state: State, event: events.ServerUnreachable, now: Now) -> State:
    count = state.failure_count + 1
    seed = f"{state.kept.identity.device_id}/{now.boot_ms}"
    due = now.boot_ms + timing.back_off_ms(count, event.retry_after_s, seed)
    check_in_due = max(state.check_in_due, due)
    state = replace(state, failure_count=count, contact_due=due, check_in_due=check_in_due, trouble=event.detail)
    job = state.kept.job
    if job is None or job.phase != phases.ASKING:
        return state
    if event.may_have_arrived:
        return jobs.not_started(state, now, job, "no answer to the permit request", phases.READY)
    return jobs.with_job(state, phases.move(job, phases.READY))


def _permit_answered(state: State, event: events.PermitAnswered, now: Now) -> State:
    job = state.kept.job
    request = event.request
    if job is None or job.phase != phases.ASKING or request.action_id != job.offer.action_id:
        return state
    state = replace(state, failure_count=0, contact_due=0, trouble="")
    if event.answer.permit is None:
        why = "; ".join(reason.text for reason in event.answer.denied) or "no reason given"
        retry = now.boot_ms + timing.permit_retry_ms(event.answer.retry_after_s)
        return jobs.with_job(state, phases.move(job, phases.READY, retry_boot_ms=retry, detail=f"no permit: {why}"))
    return _permit_came(state, event, job, now)


def _permit_came(state: State, event: events.PermitAnswered, job: Job, now: Now) -> State:
    """Believe nothing: the chain, the request it answers, and the lifetime counted from before it was sent."""
    kept, answer, request = state.kept, event.answer, event.request
    if answer.permit is None or job.plan is None:
        raise AssertionError("a permit needs a plan")
    named = replace(job, permit_id=_permit_id(answer))
    back = {"retry_boot_ms": now.boot_ms + timing.permit_retry_ms(0)}
    if request.plan != job.plan or request.action != job.offer.action or request.boot_id != kept.boot_id:
        return jobs.not_started(state, now, named, "the permit answers another request", phases.READY, **back)
    checked = verify_permit(
        answer.permit, answer.chain, request, kept.identity.pinned_root, kept.root, kept.policy_version, now.wall_ms
    )
    if checked.permit is None:
        why = "permit refused: " + "; ".join(f"{r.code}: {r.text}" for r in checked.reasons)
        return jobs.not_started(state, now, named, why, phases.READY, **back)
    root = root_counts(answer.chain[0], kept.identity.tenant_id, kept.identity.pinned_root, kept.root, now.wall_ms)
    kept = replace(kept, root=root, policy_version=checked.policy_version)
    deadline = event.sent_boot_ms + checked.permit.lifetime_s * 1000
    permitted = phases.move(named, phases.PERMITTED, deadline_boot_ms=deadline, detail="")
    return jobs.with_job(replace(state, kept=kept), permitted)


def _permit_id(answer: PermitAnswer) -> str:
    """Said as it came, for the report alone; nothing rests on it."""
    named = answer.permit.payload.get("permit_id") if answer.permit is not None else None
    return named if isinstance(named, str) else ""


def _downloaded(state: State, event: events.Downloaded, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase != phases.RECEIVED:
        return state
    if event.problem:
        return jobs.prepare_again(state, now, event.problem)
    return jobs.with_job(state, phases.move(job, phases.DOWNLOADED))


def _plan_made(state: State, event: events.PlanMade, now: Now) -> State:
    job = state.kept.job
    if job is not None and job.phase == phases.DOWNLOADED:
        return _planned(state, event, job, now)
    if job is not None and job.phase == phases.PERMITTED:
        return _rechecked(state, event.plan, job, now)
    return state


def _planned(state: State, event: events.PlanMade, job: Job, now: Now) -> State:
    if event.satisfied:
        return jobs.conclude(state, now, Outcome("all", True, detail="already installed"), "installed")
    if event.plan is None or not event.plan.changes:
        return jobs.prepare_again(state, now, event.problem or "the plan changes nothing")
    return jobs.with_job(state, phases.move(job, phases.PLANNED, plan=event.plan))


def _rechecked(state: State, plan: Optional[Plan], job: Job, now: Now) -> State:
    """The plan of now against the plan of the permit: whatever differs was not permitted."""
    if plan is None or job.plan is None or plan_digest(plan) != plan_digest(job.plan):
        why = "the plan changed after the permit was asked for"
        return jobs.not_started(state, now, job, why, phases.RECEIVED, plan=None)
    return jobs.with_job(state, phases.move(job, phases.ACTING))


def _probes_done(state: State, event: events.ProbesDone, now: Now) -> State:
    job = state.kept.job
    if job is not None and job.phase == phases.PLANNED:
        state = jobs.with_job(state, phases.move(job, phases.READY, probes_before=event.results))
        return jobs.tell(state, now, job, "ready", probes_before=event.results, changes=_changes(job))
    if job is not None and job.phase == phases.PROBING:
        return jobs.finish(state, now, event.results)
    return state


def _changes(job: Job) -> list[Any]:
    return job.plan.changes if job.plan is not None else []


def _act_started(state: State, event: events.ActStarted, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase != phases.ACTING:
        return state
    return jobs.begin(state, now, phases.move(job, phases.RUNNING))


def _act_lapsed(state: State, event: events.ActLapsed, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase not in (phases.ACTING, phases.REBOOTING) or job.started:
        return state
    count = min(job.prepare_count + 1, len(timing.PREPARE_RETRY_S))
    retry = now.boot_ms + timing.PREPARE_RETRY_S[count - 1] * 1000
    changes = {"plan": None, "retry_boot_ms": retry, "prepare_count": count - 1}
    return jobs.not_started(state, now, job, event.detail, phases.RECEIVED, **changes)


def _acted(state: State, event: events.Acted, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase != phases.RUNNING:
        return state
    if event.outcome.healthy:
        return jobs.conclude(state, now, event.outcome, _word(event.outcome))
    return jobs.with_job(state, phases.move(job, phases.RECOVERING, detail=event.outcome.detail))


def _word(outcome: Outcome) -> str:
    return "installed" if outcome.reached == events.ALL and outcome.healthy else "failed"


def _repaired(state: State, event: events.Repaired, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase != phases.RECOVERING:
        return state
    outcome = event.outcome
    if not event.begun and not job.started:
        return jobs.not_started(state, now, job, "the agent restarted before it began", phases.READY)
    if not outcome.healthy and job.repair_count < jobs.REPAIR_COUNT_MAX:
        return jobs.with_job(state, phases.move(job, phases.RECOVERING, retry_boot_ms=now.boot_ms + 30_000))
    return jobs.conclude(jobs.begin(state, now, job), now, outcome, _word(outcome))


def _scanned(state: State, event: events.Scanned, now: Now) -> State:
    lost_body = not state.scan_held
    kept = journal.record_scan(state.kept, event.taken_at_ms, event.state_digest, lost_body)
    state = replace(state, kept=kept, scan_held=True, scan_wanted=False, refreshed=False)
    job = kept.job
    if job is None or job.phase != phases.SCANNING:
        return state
    job = phases.move(job, phases.PROBING, reboot_pending=event.reboot_pending)
    state = jobs.with_job(state, job)
    return state if job.offer.probes else jobs.finish(state, now, [])


def _scan_failed(state: State, event: events.ScanFailed, now: Now) -> State:
    state = replace(state, scan_wanted=False, scan_blocked_until=now.boot_ms + 300_000, trouble=event.problem)
    if not state.scan_held:
        # Its body was lost in a crash and cannot be made again: what comes after it must not wait for ever.
        state = replace(state, kept=replace(state.kept, scan=None))
    job = state.kept.job
    if job is None or job.phase != phases.SCANNING:
        return state
    if job.scan_count + 1 >= jobs.SCAN_COUNT_MAX:
        return jobs.finish(state, now, [], f"the scan after it failed: {event.problem}")
    changes = {"scan_count": job.scan_count + 1, "retry_boot_ms": now.boot_ms + 30_000}
    return jobs.with_job(state, phases.move(job, phases.SCANNING, **changes))


def _refreshed(state: State, event: events.Refreshed, now: Now) -> State:
    """A problem that came or went is news for the server, so it is worth a scan; then the indexes are tried again."""
    news = event.state_digest != state.kept.scanned_digest or event.problem != state.refresh_problem
    count, at_ms = 0, now.wall_ms
    if event.problem:
        count = state.refresh_failure_count + 1
        at_ms -= state.refresh_interval_s * 1000 - timing.refresh_retry_ms(count, state.refresh_interval_s)
    state = replace(state, kept=replace(state.kept, refreshed_at_ms=at_ms), refresh_wanted=False, refreshed=True)
    state = replace(state, refresh_problem=event.problem, refresh_failure_count=count)
    return replace(state, scan_wanted=state.scan_wanted or news)


def _reboot_requested(state: State, event: events.RebootRequested, now: Now) -> State:
    job = state.kept.job
    if job is None or job.phase != phases.REBOOTING:
        return state
    told = job.started
    state = replace(jobs.begin(state, now, job), reboot_requested=True)
    return state if told else jobs.tell(state, now, job, "rebooting", permit_id=job.permit_id)


HANDLERS: dict[type, Callable[[State, Any, Now], State]] = {
    events.Restarted: _restarted,
    events.TimerDue: _timer,
    events.CheckInAnswered: _checked_in,
    events.ReportsAnswered: _reports_answered,
    events.ReportsRefused: _reports_refused,
    events.ServerUnreachable: _unreachable,
    events.PermitAnswered: _permit_answered,
    events.Downloaded: _downloaded,
    events.PlanMade: _plan_made,
    events.ProbesDone: _probes_done,
    events.ActStarted: _act_started,
    events.ActLapsed: _act_lapsed,
    events.Acted: _acted,
    events.Repaired: _repaired,
    events.Scanned: _scanned,
    events.ScanFailed: _scan_failed,
    events.Refreshed: _refreshed,
    events.RebootRequested: _reboot_requested,
}
