"""Due rows of kind `rollout`: load, ask core, do what it says. And of kind `campaign`: tell the other rollouts of it.

Everything is written in the one transaction of the item; the next look finds it done and wants nothing twice.
"""

from collections.abc import Sequence
from datetime import timedelta

from psycopg.types.json import Jsonb

from patchring.app.decisions import Undecided
from patchring.app.evidence import pool_evidence, pooling
from patchring.app.gate.offering import gated
from patchring.app.releases import take_over
from patchring.app.work import Work
from patchring.app.worker.apply import Applier
from patchring.app.worker.claim import DueItem
from patchring.app.worker.kept_back import devices_kept_back
from patchring.app.worker.view import Loaded, load_rollout
from patchring.core.gate.signals import Signal
from patchring.core.reason import as_json, reason
from patchring.core.rollout.actions import Action, Start, Wait
from patchring.core.rollout.reconcile import reconcile
from patchring.core.rollout.states import RolloutState
from patchring.store import sql

LOOK_AGAIN = timedelta(minutes=1)
MOVING = frozenset({RolloutState.RUNNING, RolloutState.ROLLING_BACK})


async def handle(work: Work, item: DueItem, look_again: timedelta = LOOK_AGAIN) -> None:
    """One look at one rollout. `look_again`: how soon, while devices of it are on their way."""
    key = {"tenant_id": work.tenant_id, "rollout_id": item.id}
    row = await work.tx.maybe(sql.rollouts.load, key)
    if row is None:
        return
    loaded = await load_rollout(work, row)
    if isinstance(loaded, Undecided):
        await work.tx.execute(sql.rollouts.set_reasons, {**key, "reasons": Jsonb(as_json([loaded.reason]))})
        return
    actions = reconcile(loaded.view, work.now)
    by_gate = await gated(work, loaded.rollout_id, loaded.assessment.patch.patch_key)
    applier = Applier(work, loaded, await devices_kept_back(work, loaded), by_gate)
    changed = [await applier.step_aside(), *await _apply(work, loaded, applier, actions)]
    await pool_evidence(work, pooling(row, loaded.assessment.patch.patch_key), loaded.rings)
    await _say_who_is_lost(work, loaded)
    if any(changed):
        work.wake("rollout", item.id)
    else:
        _look_later(work, loaded, actions, look_again)


async def _apply(work: Work, loaded: Loaded, applier: Applier, actions: Sequence[Action]) -> list[bool]:
    """Whether each changed anything. A start that takes the place of an older release is looked at anew."""
    changed = []
    for action in actions:
        changed.append(await applier.apply(action))
        if isinstance(action, Start) and await take_over(work, loaded.assessment, loaded.rollout_id):
            break
    return changed


async def _say_who_is_lost(work: Work, loaded: Loaded) -> None:
    """A device that began and fell silent says so on its page until it is heard of again."""
    for row in loaded.lost:
        heard = f"{row['last_seen_at']:%Y-%m-%d %H:%M:%S} UTC" if row["last_seen_at"] else "it began"
        text = f"it began at {row['began_at']:%Y-%m-%d %H:%M:%S} UTC and was not heard of since {heard}"
        key = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id, "device_id": row["device_id"]}
        said = Jsonb(as_json([reason("lost", text)]))
        await work.tx.execute(sql.actions.set_device_reasons, {**key, "reasons": said})
        event = {**key, "signal": Signal.MISSING_HEARTBEAT, "at": work.now}
        if await work.tx.execute(sql.gate.add_event, event):
            work.wake("gate", loaded.rollout_id)


def _look_later(work: Work, loaded: Loaded, actions: Sequence[Action], look_again: timedelta) -> None:
    """When time alone changes something; and while devices are on their way, now and then whether one fell silent."""
    for action in actions:
        if isinstance(action, Wait) and action.until_at is not None:
            work.wake("rollout", loaded.rollout_id, action.until_at)
    if loaded.state in MOVING and any(ring.unsettled_count for ring in loaded.view.rings):
        work.wake("rollout", loaded.rollout_id, work.now + look_again)


async def handle_campaign(work: Work, item: DueItem) -> None:
    """Evidence or a stop of a patch changed: every tenant's rollout of it is looked at again. Reads nothing but ids."""
    await work.tx.execute(sql.due.fan_out, {"campaign_id": item.id, "wake_at": work.now})
