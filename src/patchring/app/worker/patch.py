"""Due rows of kind `patch`: what the policy says of it, a rollout when it says so, a place for late devices."""

from datetime import timedelta

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment, Undecided, assess
from patchring.app.history import keep_history
from patchring.app.rollouts import ENDED_FOR_GOOD, NotStarted, create_rollout, join_rollout, lock_patch
from patchring.app.work import Work
from patchring.app.worker.claim import DueItem
from patchring.core.ids import PatchId, RolloutId
from patchring.core.policy import exceptions, known_issues
from patchring.core.reason import Reason, as_json
from patchring.core.rollout.states import RolloutState
from patchring.core.rollout.succession import OLDER_OPEN
from patchring.store import sql

# A newer release that waits is woken when a ring of the older passes, and now and then for what wakes nobody: its last
# device left it.
LOOK_AGAIN = timedelta(minutes=10)


async def handle(work: Work, item: DueItem) -> None:
    """Decide anew; running it twice adds nothing."""
    patch_id = PatchId(item.id)
    key = {"tenant_id": work.tenant_id, "patch_id": patch_id}
    await lock_patch(work, patch_id)
    await keep_history(work, patch_id)
    assessment = await assess(work.tx, work.tenant_id, patch_id, work.now)
    if isinstance(assessment, Undecided):
        decision = {"reasons": as_json([assessment.reason])}
        await work.tx.execute(sql.rollouts.note_decision, {**key, "decision": Jsonb(decision), "at": work.now})
        return
    _look_when_something_ends(work, assessment, patch_id)
    reasons = await _roll_out(work, assessment, patch_id)
    decision = {**assessment.as_json(), "reasons": as_json(reasons)}
    if await work.tx.execute(sql.rollouts.note_decision, {**key, "decision": Jsonb(decision), "at": work.now}):
        data = {"patch_key": assessment.patch.patch_key, **decision}
        work.record("patch_decided", "patch", patch_id, data, assessment.policy.fingerprint)


def _look_when_something_ends(work: Work, assessment: Assessment, patch_id: PatchId) -> None:
    """Devices that an exception or a known issue keeps out find their place in the rollout as soon as it lapses."""
    excepted = exceptions.next_end(exceptions.about(assessment.policy, assessment.patch), work.now)
    for ends_at in (excepted, known_issues.next_end(assessment.issues, work.now)):
        if ends_at is not None:
            work.wake("patch", patch_id, ends_at)


async def _roll_out(work: Work, assessment: Assessment, patch_id: PatchId) -> tuple[Reason, ...]:
    """Why nothing began or grew; empty when there is a rollout."""
    newest = await work.tx.maybe(sql.rollouts.newest_of_patch, {"tenant_id": work.tenant_id, "patch_id": patch_id})
    if newest is not None and RolloutState(newest["state"]) not in ENDED_FOR_GOOD:
        await join_rollout(work, assessment, RolloutId(newest["rollout_id"]))
        return ()
    result = await create_rollout(work, patch_id)
    if not isinstance(result, NotStarted):
        return ()
    if any(each.code == OLDER_OPEN for each in result.reasons):
        work.wake("patch", patch_id, work.now + LOOK_AGAIN)
    return result.reasons
