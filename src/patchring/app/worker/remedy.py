"""The way back: devices that have a bad patch get an action of their own that returns them to the prior version.

What needs no action gets none: a device whose scan after the act shows the prior version is back already, and one that
had no prior version has nothing to return to. Each of these is said with its reason, never assumed.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.work import Work
from patchring.app.worker.view import Loaded
from patchring.core.reason import Reason, as_json, reason
from patchring.core.rollout.states import DeviceEvent, DeviceState, device_after
from patchring.store import sql
from patchring.store.ids import new_id

AT_ONCE = 500


async def take_back(work: Work, loaded: Loaded, reasons: Sequence[Reason]) -> bool:
    """Start the way back of the next devices; False when none could be started just now."""
    rows = await work.tx.all(sql.rollouts.to_take_back, _asked(work, loaded))
    if not rows:
        return False
    settled = [(row, found) for row in rows if (found := _without_action(row))]
    acting = [row for row in rows if not _without_action(row)]
    if settled:
        await _settle(work, loaded, settled)
    if acting:
        await _offer(work, loaded, acting, reasons)
    await _shift(work, loaded, settled, acting)
    await _uncount(work, loaded, rows)
    data = {"offered_count": len(acting), "settled_count": len(settled), "reasons": as_json(reasons)}
    work.record("devices_taken_back", "rollout", loaded.rollout_id, data, loaded.policy.fingerprint)
    return True


def _asked(work: Work, loaded: Loaded) -> dict[str, Any]:
    patch = loaded.assessment.patch
    return {
        "tenant_id": work.tenant_id,
        "rollout_id": loaded.rollout_id,
        "patch_id": loaded.row["patch_id"],
        "segments": Jsonb(loaded.take_back),
        "provider": patch.provider,
        "name": patch.name,
        "version": patch.version,
        "count": AT_ONCE,
    }


def _without_action(row: Mapping[str, Any]) -> tuple[DeviceState, Reason] | None:
    """Where a device ends that needs no action; None for one that does."""
    rolling_back = device_after(DeviceState(row["state"]), DeviceEvent.ROLLBACK_STARTED)
    if row["back"]:
        text = f"a scan after it shows the prior version {row['from_version']}, so there is nothing to take back"
        return device_after(rolling_back, DeviceEvent.ROLLED_BACK), reason("back_already", text)
    if not row["from_version"]:
        text = "there was no prior version to return to; a person has to decide what becomes of it"
        return device_after(rolling_back, DeviceEvent.ROLLBACK_FAILED), reason("no_prior_version", text)
    return None


async def _settle(
    work: Work, loaded: Loaded, settled: Sequence[tuple[Mapping[str, Any], tuple[DeviceState, Reason]]]
) -> None:
    rows = [
        {"device_id": str(row["device_id"]), "state": state, "reasons": as_json([why])} for row, (state, why) in settled
    ]
    given = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id, "rows": Jsonb(rows), "at": work.now}
    await work.tx.execute(sql.rollouts.set_device_states, given)


async def _offer(work: Work, loaded: Loaded, acting: Sequence[Mapping[str, Any]], reasons: Sequence[Reason]) -> None:
    probes = {rule.name: list(rule.probes) for rule in loaded.policy.segments}
    patch = loaded.assessment.patch
    rows = [
        {
            "device_id": str(row["device_id"]),
            "action_id": str(new_id(work.now)),
            "version": row["from_version"],
            "architecture": row["architecture"],
            "probes": probes.get(row["segment"], []),
        }
        for row in acting
    ]
    given = {
        "tenant_id": work.tenant_id,
        "rollout_id": loaded.rollout_id,
        "rows": Jsonb(rows),
        "provider": patch.provider,
        "name": patch.name,
        "title": f"Back from {patch.title}",
        "reasons": Jsonb(as_json(reasons)),
        "at": work.now,
    }
    await work.tx.execute(sql.rollouts.take_back, given)


async def _shift(
    work: Work,
    loaded: Loaded,
    settled: Sequence[tuple[Mapping[str, Any], tuple[DeviceState, Reason]]],
    acting: Sequence[Mapping[str, Any]],
) -> None:
    moves = Counter((row["ring"], row["state"], str(state)) for row, (state, _) in settled)
    moves += Counter((row["ring"], row["state"], str(DeviceState.ROLLING_BACK)) for row in acting)
    rows = [
        {"ring": ring, "from_state": before, "to_state": after, "device_count": count}
        for (ring, before, after), count in sorted(moves.items())
    ]
    key = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id}
    await work.tx.execute(sql.rollouts.shift_counts, {**key, "rows": Jsonb(rows)})


async def _uncount(work: Work, loaded: Loaded, rows: Sequence[Mapping[str, Any]]) -> None:
    """Verifications that no longer count leave the sum of device-hours."""
    seconds: Counter[int] = Counter()
    for row in rows:
        if row["state"] == DeviceState.VERIFIED:
            seconds[row["ring"]] += int(row["verified_at"].timestamp())
    for ring, sum_ in sorted(seconds.items()):
        key = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id, "ring": ring}
        await work.tx.execute(sql.actions.uncount_verified, {**key, "seconds": sum_})
