"""Due rows of kind `gate`: one look at what one rollout adds to the evidence of its patch, and what follows.

Looks at one patch go one after the other over all tenants (a lock of the patch): the steps have an order, and a hold is
placed once. What is pooled is remembered beside the tenant's sums, so that a look that is repeated adds nothing.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.gate.locking import lock_gate
from patchring.app.gate.naming import name_devices
from patchring.app.gate.own import OwnPool, load_own
from patchring.app.gate.pool import Pool, load_pool
from patchring.app.gate.steps import NOTHING_POOLED, grown
from patchring.app.gate.stopping import held_facets, own_name, to_hold, to_slow
from patchring.app.gate.sums import WATCHED, WATCHED_FOR, Apart, Read, Sums, as_kept, sums_of
from patchring.app.gate.telling import released, tell
from patchring.app.stops import facet_stop, place_stop
from patchring.app.work import Work
from patchring.app.worker.claim import DueItem
from patchring.core.gate.expectation import Control
from patchring.core.gate.facets import OWN, Facet, FacetKind
from patchring.core.gate.priors import USUAL
from patchring.core.gate.signals import Signal
from patchring.store import sql
from patchring.store.transaction import Row

SILENT_AFTER = timedelta(hours=1)
CONTROL_FOR = timedelta(hours=24)
PAUSE_MIN, PAUSE_MAX = timedelta(minutes=1), timedelta(hours=1)
# The older the newest installation, the slower something new can be learnt of it.
PAUSE_PART = 60


@dataclass
class Look:
    """One look. `held`: sentences by facet. `parts`: rows by facet, written at the end."""

    work: Work
    rollout_id: UUID
    patch_key: str
    pool: Pool
    own: OwnPool
    parts: dict[str, Row]
    before: Mapping[tuple[str, int], Mapping[str, Any]]
    held: dict[str, str] = field(default_factory=dict)

    @property
    def key(self) -> dict[str, Any]:
        return {"tenant_id": self.work.tenant_id, "rollout_id": self.rollout_id}

    def of(self, facet: str) -> Pool:
        return self.own if facet == OWN.key else self.pool


async def handle(work: Work, item: DueItem) -> None:
    """Add what is new, judge, hold, tell."""
    key = {"tenant_id": work.tenant_id, "rollout_id": item.id}
    row = await work.tx.maybe(sql.gate.rollout, key)
    if row is None:
        return
    await lock_gate(work, row["patch_key"])
    new, more = await name_devices(work, item.id)
    await work.tx.execute(sql.gate.end_taken_back, key)
    heard_before = work.now - SILENT_AFTER
    await work.tx.execute(sql.gate.add_silent, {**key, "heard_before": heard_before, "at": work.now})
    read = Read(*[await work.tx.all(each, key) for each in (sql.gate.patched, sql.gate.events, sql.gate.members)])
    look = await _begin(work, item.id, row["patch_key"], read, new)
    await _add(look, read)
    await _conclude(look)
    if more:
        work.wake("gate", item.id)
    _look_later(work, item.id, read)


async def _begin(work: Work, rollout_id: UUID, patch_key: str, read: Read, new: Mapping[str, Facet]) -> Look:
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id}
    pool = await load_pool(work, patch_key)
    for facet in sorted(new.values(), key=lambda each: each.key):
        pool.add_facet(facet)
    parts = {row["facet"]: row for row in await work.tx.all(sql.gate.parts, key)}
    before = {(row["facet"], row["era"]): row["pooled"] for row in await work.tx.all(sql.gate.other_parts, key)}
    held = await held_facets(work.tx, patch_key, work.tenant_id, [*pool.facets, OWN.key])
    devices = sum(row["device_count"] for row in read.members)
    installed = sum(row["device_count"] for row in read.patched)
    era = parts[OWN.key]["era"] if OWN.key in parts else 1
    own = await load_own(work, patch_key, rollout_id, era, devices, installed)
    said = {facet: str(stop["reason"]) for facet, stop in held.items()}
    return Look(work, rollout_id, patch_key, pool, own, parts, before, said)


async def _add(look: Look, read: Read) -> None:
    """One step for each facet and signal."""
    tenants = {facet: row["tenant_count"] for facet, row in look.pool.facets.items()}
    controls = await _controls(look)
    rows = [*look.pool.facets.values(), *(part for part in look.parts.values() if part["facet"] == OWN.key)]
    accepted = {row["facet"]: row["accepted_at"] for row in rows if row["accepted_at"]}
    sums = sums_of(read, look.work.tenant_id, Apart(look.held, accepted), tenants, look.work.now)
    for facet in sorted(sums):
        part = _part(look, facet, sums[facet])
        pooled = part["pooled"] or NOTHING_POOLED
        for signal in WATCHED:
            more = grown(signal, sums[facet], pooled, controls)
            first = more.step.events > 0 and not _contributed(look, facet, part, pooled, signal)
            look.of(facet).step(facet, signal, more, new_tenant=first)
        part["pooled"] = as_kept(sums[facet])


def _part(look: Look, facet: str, sums: Sums) -> Row:
    """What of the facet is in the pool, with the tenant's devices counted in; empty when its evidence began anew."""
    pool = look.of(facet)
    known, era = look.parts.get(facet), pool.facets[facet]["era"]
    if facet != OWN.key:
        counted_before = known is not None or any(name == facet for name, _ in look.before)
        devices = sums.devices - (known["device_count"] if known else 0)
        installed = sums.installed - (known["installed_count"] if known else 0)
        tenant = 0 if counted_before else 1
        pool.grow(facet, tenant_count=tenant, device_count=devices, installed_count=installed)
    pooled = known["pooled"] if known and known["era"] == era else {}
    told = known["told"] if known else ""
    counts = {"device_count": sums.devices, "installed_count": sums.installed, "last_ring": sums.last_ring}
    words = pool.facets[facet]["words"]
    look.parts[facet] = {"facet": facet, "words": words, "era": era, **counts, "pooled": pooled, "told": told}
    return look.parts[facet]


def _contributed(look: Look, facet: str, part: Row, pooled: Mapping[str, Any], signal: Signal) -> bool:
    """Whether the tenant is among those at which this was seen, by this rollout or an earlier one of the patch."""
    elsewhere = look.before.get((facet, part["era"]), NOTHING_POOLED)
    return any(each["events"].get(signal.value, 0) for each in (pooled, elsewhere))


async def _controls(look: Look) -> dict[Signal, Control]:
    """What servers without the patch did in the last day; nothing else is known of devices without it."""
    now = look.work.now
    window = {"heard_before": now - SILENT_AFTER, "heard_after": now - SILENT_AFTER - CONTROL_FOR}
    row = await look.work.tx.one(sql.gate.control, {**look.key, **window})
    usual = row["device_count"] * USUAL[Signal.MISSING_HEARTBEAT] * (CONTROL_FOR / timedelta(days=1))
    return {Signal.MISSING_HEARTBEAT: Control(float(row["silent_count"]), usual)}


async def _conclude(look: Look) -> None:
    """Hold what fails, slow what is warned of, write, and tell; first here, then by a look of each other tenant."""
    found = sorted(each for each in (_failing(look, look.own), _failing(look, look.pool)) if each)
    for name, facet, text in found:  # in the order in which permits take their locks
        await place_stop(look.work.tx, facet_stop(look.patch_key, name), text, look.work.actor, look.work.now)
        look.held[facet] = text
    pooled = any(facet != OWN.key for _, facet, _ in found)
    if pooled:
        seen = look.pool.seen.items()
        look.pool.begin_anew(sorted({key[0] for key, each in seen if key[0] not in look.held and each.evidence.events}))
    kinds = {facet: FacetKind(row["kind"]) for facet, row in look.pool.facets.items()}
    slower = {facet: seen.told for facet, seen in to_slow(look.pool.seen, kinds, look.held).items()}
    said = {facet: told for facet, told in slower.items() if told is not None}
    news = pooled or look.pool.warned_anew or released(look.parts, look.held)
    tell(look.work, look.rollout_id, look.patch_key, look.parts, look.held, said)
    await look.pool.write(look.work)
    await look.own.write(look.work)
    rows = Jsonb([look.parts[facet] for facet in sorted(look.parts)])
    await look.work.tx.execute(sql.gate.put_parts, {**look.key, "rows": rows})
    if found:
        look.work.wake("gate", look.rollout_id)
    if news:
        given = {"patch_key": look.patch_key, "tenant_id": look.work.tenant_id, "wake_at": look.work.now}
        await look.work.tx.execute(sql.gate.fan_out, given)


def _failing(look: Look, pool: Pool) -> tuple[str, str, str] | None:
    """The facet that fails and is not held: its name in stop keys, its key, and the sentence that its tenants read."""
    kinds = {facet: FacetKind(row["kind"]) for facet, row in pool.facets.items()}
    found = to_hold(pool.seen, kinds, look.held)
    if found is None:
        return None
    facet, seen = found
    if facet == OWN.key:
        return own_name(look.work.tenant_id), facet, seen.verdict.reason.text
    return facet, facet, (seen.told or seen.verdict.reason).text


def _look_later(work: Work, rollout_id: UUID, read: Read) -> None:
    """While devices are young; seldom when the newest is old, because little can be learnt in a minute then."""
    began: list[datetime] = [row["began_at"] for row in read.patched if row["ended_at"] is None]
    if began and work.now - max(began) < WATCHED_FOR:
        pause = min(max((work.now - max(began)) / PAUSE_PART, PAUSE_MIN), PAUSE_MAX)
        work.wake("gate", rollout_id, work.now + pause)
