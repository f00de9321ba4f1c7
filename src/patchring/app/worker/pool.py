"""Pooled evidence: what a ring adds to what all tenants see of a patch, as differences to what it added before.

A ring remembers what of it is in the pool, so doing this twice adds nothing, and a crash between loses nothing.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.work import Work
from patchring.app.worker.view import Loaded
from patchring.core.rollout.states import DeviceState
from patchring.store import sql

# Successes of many devices reach the others in one go; a failure does not wait.
SUCCESS_DELAY = timedelta(seconds=1)
_FAILED = (DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED)


async def pool_evidence(work: Work, loaded: Loaded) -> None:
    """Add what is new since the last time, and wake the campaign when there was something."""
    grown = [(ring, now) for ring in loaded.rings if (now := _counts(ring)) != _pooled(ring)]
    if not grown:
        return
    key = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id}
    before = await work.tx.all(sql.rollouts.pooled_before, {**key, "patch_id": loaded.row["patch_id"]})
    counted = {row["ring"] for row in before}
    rows = [_row(ring, now, ring["ring"] in counted) for ring, now in grown]
    for ring, now in grown:
        await work.tx.execute(sql.rollouts.pool, {**key, "ring": ring["ring"], "pooled": Jsonb(now)})
    await work.tx.execute(sql.evidence.add, {"patch_key": loaded.assessment.patch.patch_key, "rows": Jsonb(rows)})
    failed = any(row["failed_count"] for row in rows)
    work.wake("campaign", loaded.row["campaign_id"], work.now if failed else work.now + SUCCESS_DELAY)


def _counts(ring: Mapping[str, Any]) -> dict[str, int]:
    counts = ring["counts"]
    return {
        "device_count": int(ring["device_count"]) - int(counts.get(DeviceState.SKIPPED, 0)),
        "verified_count": int(counts.get(DeviceState.VERIFIED, 0)),
        "failed_count": sum(int(counts.get(state, 0)) for state in _FAILED),
    }


def _pooled(ring: Mapping[str, Any]) -> dict[str, int]:
    return {name: int(ring["pooled"].get(name, 0)) for name in ("device_count", "verified_count", "failed_count")}


def _row(ring: Mapping[str, Any], now: Mapping[str, int], counted: bool) -> dict[str, Any]:
    before = _pooled(ring)
    grown = {name: now[name] - before[name] for name in now}
    first, last = ring["first_verified_at"], ring["last_verified_at"]
    return {
        "ring": ring["ring"],
        "tenant_count": 0 if ring["pooled"] or counted else 1,
        "first_verified_at": first.isoformat() if first else None,
        "last_verified_at": last.isoformat() if last else None,
        **grown,
    }
