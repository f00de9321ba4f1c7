"""Pooled evidence: what a ring adds to what all tenants see of a patch, as differences to what it added before.

A ring remembers what of it is in the pool, so doing this twice adds nothing, and a crash between loses nothing. The
transaction that makes a rollout puts its devices into the pool: a tenant whose own ring is empty waits for them,
however soon somebody looks at it. A rollout that is over for good keeps in the pool only what was seen.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.work import Work
from patchring.core.ids import CampaignId, PatchId, RolloutId
from patchring.core.rollout.states import DeviceState, RolloutState
from patchring.store import sql
from patchring.store.queries import Statement

# Successes of many devices reach the others in one go; a failure does not wait.
SUCCESS_DELAY = timedelta(seconds=1)
_FAILED = (DeviceState.FAILED, DeviceState.ROLLING_BACK, DeviceState.ROLLED_BACK, DeviceState.ROLLBACK_FAILED)


_Grown = tuple[Mapping[str, Any], dict[str, int]]
_OVER = (RolloutState.ROLLED_BACK, RolloutState.ABANDONED)


@dataclass(frozen=True)
class Pooling:
    """The rollout whose rings are pooled. `over`: it ended for good, and those that it left waiting do not count."""

    rollout_id: RolloutId
    campaign_id: CampaignId
    patch_id: PatchId
    patch_key: str
    over: bool = False


def pooling(row: Mapping[str, Any], patch_key: str) -> Pooling:
    """From a row of `rollouts.load`."""
    over = RolloutState(row["state"]) in _OVER
    return Pooling(row["rollout_id"], row["campaign_id"], row["patch_id"], patch_key, over)


async def expect_devices(work: Work, rollout: Pooling) -> None:
    """Put the devices of a new rollout into the pool. Works under the roles web and dispatcher."""
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout.rollout_id}
    rings = [ring for ring in await work.tx.all(sql.rollouts.rings, key) if ring["device_count"]]
    await _add(work, rollout, [(ring, _counts(ring, over=False)) for ring in rings], sql.evidence.expect)


async def pool_evidence(work: Work, rollout: Pooling, rings: Sequence[Mapping[str, Any]]) -> None:
    """Add what is new since the last time, and wake the campaign when there was something.

    `rings` are rows of `rollouts.rings`.
    """
    grown = [(ring, now) for ring in rings if (now := _counts(ring, rollout.over)) != _pooled(ring)]
    if not grown:
        return
    rows = await _add(work, rollout, grown, sql.evidence.add)
    failed = any(row["failed_count"] for row in rows)
    work.wake("campaign", rollout.campaign_id, work.now if failed else work.now + SUCCESS_DELAY)


async def _add(work: Work, rollout: Pooling, grown: Sequence[_Grown], statement: Statement) -> list[dict[str, Any]]:
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout.rollout_id}
    before = await work.tx.all(sql.rollouts.pooled_before, {**key, "patch_id": rollout.patch_id})
    counted = {row["ring"] for row in before}
    rows = [_row(ring, now, ring["ring"] in counted) for ring, now in grown]
    for ring, now in grown:
        await work.tx.execute(sql.rollouts.pool, {**key, "ring": ring["ring"], "pooled": Jsonb(now)})
    await work.tx.execute(statement, {"patch_key": rollout.patch_key, "rows": Jsonb(rows)})
    return rows


def _counts(ring: Mapping[str, Any], over: bool) -> dict[str, int]:
    counts = ring["counts"]
    verified = int(counts.get(DeviceState.VERIFIED, 0))
    failed = sum(int(counts.get(state, 0)) for state in _FAILED)
    asked = int(ring["device_count"]) - int(counts.get(DeviceState.SKIPPED, 0))
    return {
        "device_count": verified + failed if over else asked,
        "verified_count": verified,
        "failed_count": failed,
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
