"""What is said about a job and how it ends. Pure helpers that the handlers of `step.py` share."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Optional

from patchring.wire.messages import Offer, Progress
from patchring_agent.loop import journal, phases, timing
from patchring_agent.loop.events import Now, Outcome
from patchring_agent.loop.state import Job, Kept, State

ACTIONS = frozenset({"install", "downgrade", "reboot"})
PREPARE_COUNT_MAX = 3
REPAIR_COUNT_MAX = 3
SCAN_COUNT_MAX = 3
BOOT_COUNT_MAX = 5
REBOOT_COUNT_MAX = 2
SETTLED_COUNT_MAX = 200
WAITING_COUNT_MAX = 5


def with_job(state: State, job: Optional[Job], **kept_changes: Any) -> State:
    return replace(state, kept=replace(state.kept, job=job, **kept_changes))


def tell(state: State, now: Now, job: Job, progress_state: str, **details: Any) -> State:
    """Put a progress report into the journal; the state is saved with it, so it is told exactly once."""
    progress = Progress(job.offer.action_id, progress_state, now.wall_ms, boot_id=state.kept.boot_id, **details)
    return replace(state, kept=journal.record(state.kept, now, progress))


def take(state: State, now: Now, offer: Offer) -> State:
    job = Job(offer, phases.RECEIVED)
    return with_job(tell(state, now, job, "received"), job)


def refuse_offer(state: State, now: Now, offer: Offer, why: str) -> State:
    """Say once that this device will not do it; the action is settled here."""
    state = tell(state, now, Job(offer, phases.RECEIVED), "not_started", detail=why)
    return settled(state, offer.action_id)


def not_started(state: State, now: Now, job: Job, why: str, back_to: str, **changes: Any) -> State:
    """The proof that nothing was begun under this permit; the job goes back to `back_to`."""
    state = tell(state, now, job, "not_started", detail=why, permit_id=job.permit_id)
    job = phases.move(job, back_to, permit_id="", deadline_boot_ms=0, detail=why, **changes)
    return with_job(state, job)


def begin(state: State, now: Now, job: Job) -> State:
    """Say that the act has begun, once for a job."""
    if not job.started:
        state = tell(state, now, job, "started", permit_id=job.permit_id)
    return with_job(state, replace(job, started=True))


def conclude(state: State, now: Now, outcome: Outcome, word: str) -> State:
    """`installed` or `failed`, then the scan and the probes that show what is really there."""
    job = _job(state)
    state = tell(
        state,
        now,
        job,
        word,
        detail=outcome.detail,
        permit_id=job.permit_id,
        exit_code=outcome.exit_code,
        changes=outcome.changes,
        probes_before=job.probes_before,
        reboot_pending=outcome.reboot_pending,
        output=outcome.output,
    )
    moved = phases.move(job, phases.SCANNING, outcome=word, detail=outcome.detail)
    return with_job(state, replace(moved, reboot_pending=outcome.reboot_pending))


def give_up(state: State, now: Now, detail: str) -> State:
    """The job failed without (further) acting; the device is looked at all the same."""
    return conclude(state, now, Outcome("none", True, detail=detail), "failed")


def finish(state: State, now: Now, probes_after: list[Any], detail: str = "") -> State:
    """The last word on an action; the server hears it with the next contact, which is made at once."""
    job = _job(state)
    state = tell(
        state,
        now,
        job,
        "finished",
        detail=detail or job.detail,
        permit_id=job.permit_id,
        probes_before=job.probes_before,
        probes_after=probes_after,
        reboot_pending=job.reboot_pending,
    )
    state = settled(with_job(state, None), job.offer.action_id)
    waiting = [replace(w, phase=phases.RECEIVED, plan=None) for w in state.kept.waiting]
    kept = replace(state.kept, waiting=waiting, watched=list(job.offer.probes))
    return replace(state, kept=kept, check_in_due=now.boot_ms)


def settled(state: State, action_id: str) -> State:
    done = [*state.kept.settled, action_id][-SETTLED_COUNT_MAX:]
    return replace(state, kept=replace(state.kept, settled=done))


def prepare_again(state: State, now: Now, problem: str) -> State:
    """Download or plan did not work: try again later, a few times, then say that it failed."""
    job = _job(state)
    if job.prepare_count + 1 >= PREPARE_COUNT_MAX:
        return give_up(state, now, f"could not be prepared: {problem}")
    wait_ms = timing.PREPARE_RETRY_S[job.prepare_count] * 1000
    changes = {"prepare_count": job.prepare_count + 1, "retry_boot_ms": now.boot_ms + wait_ms, "detail": problem}
    return with_job(state, phases.move(job, phases.RECEIVED, **changes))


def withdraw(state: State, now: Now, job: Job, kept: Kept) -> State:
    """The server no longer lists it: say that nothing was begun, and forget it. Not settled: it may come back."""
    return tell(replace(state, kept=kept), now, job, "not_started", detail="no longer offered")


def _job(state: State) -> Job:
    if state.kept.job is None:
        raise AssertionError("there is no job")
    return state.kept.job
