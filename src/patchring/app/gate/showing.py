"""What the gate says of a patch, for a tenant's people; released by a person; asked again from its records.

Who was given all tenants reads the sentences with their numbers. Others read what a tenant may know of the rest: facets
that three tenants have, and no counts below three (T6); of their own devices everything.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.errors import NotAllowed, NotFound
from patchring.app.gate.kept import Seen, read_record
from patchring.app.gate.locking import lock_gate
from patchring.app.gate.pool import seen_of
from patchring.app.gate.stopping import held_facets, own_name
from patchring.app.patches import find_patch
from patchring.app.stops import facet_stop, lift_stop
from patchring.app.work import Work
from patchring.core.gate.coverage import DeviceKind, RingKind, Uncovered, said, uncovered
from patchring.core.gate.facets import OWN
from patchring.core.gate.replay import differences
from patchring.core.ids import TenantId
from patchring.core.reason import Reason
from patchring.core.rollout.view import TOLD_MIN
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def show(caller: Caller, tenant_id: TenantId, patch_name: str) -> Row:
    """`facets` with a verdict for each signal, and `coverage`: kinds that no ring further in has verified."""
    async with caller.reading(tenant_id) as tx:
        patch = await find_patch(tx, tenant_id, patch_name)
        rollout_id = await _rollout(tx, tenant_id, patch)
        key = {"tenant_id": tenant_id, "rollout_id": rollout_id}
        parts = {row["facet"]: row for row in await tx.all(sql.gate.parts, key)}
        held = await held_facets(tx, patch["patch_key"], tenant_id, list(parts))
        facets = await _pooled(caller, tx, patch, parts) + await _own(tx, key, parts)
        stops = {facet: stop["reason"] for facet, stop in held.items()}
        shown = [{**row, "held_because": stops.get(row["facet"])} for row in facets]
        return {"patch_key": patch["patch_key"], "facets": shown, "coverage": await _coverage(tx, key)}


async def _rollout(tx: Tx, tenant_id: TenantId, patch: Row) -> UUID:
    newest = await tx.maybe(sql.rollouts.newest_of_patch, {"tenant_id": tenant_id, "patch_id": patch["patch_id"]})
    if newest is None:
        raise NotFound(f"there was no rollout of {patch['patch_key']} in this tenant yet", kind="rollout_not_found")
    return UUID(str(newest["rollout_id"]))


async def _pooled(caller: Caller, tx: Tx, patch: Row, parts: Mapping[str, Row]) -> list[Row]:
    given = {"patch_key": patch["patch_key"]}
    facets = {row["facet"]: row for row in await tx.all(sql.gate.facets, given)}
    seen = seen_of(await tx.all(sql.gate.evidence, given))
    found = []
    for (facet, signal), each in sorted(seen.items()):
        told = parts[facet]["told"] if facet in parts else ""
        if facet not in parts or not (_all(caller) or told or facets[facet]["tenant_count"] >= TOLD_MIN):
            continue
        text = each.verdict.reason if _all(caller) else each.told or each.verdict.reason
        found.append(_line(facet, facets[facet]["words"], signal.value, each, text))
    return found


async def _own(tx: Tx, key: Mapping[str, Any], parts: Mapping[str, Row]) -> list[Row]:
    if OWN.key not in parts:
        return []
    rows = await tx.all(sql.gate.own, {**key, "era": parts[OWN.key]["era"]})
    seen = [(row["signal"], Seen.read(row["evidence"])) for row in rows]
    return [_line(OWN.key, OWN.words, signal, each, each.verdict.reason) for signal, each in seen]


def _line(facet: str, words: str, signal: str, seen: Seen, text: Reason) -> Row:
    about = {"facet": facet, "words": words, "signal": signal, "outcome": seen.verdict.outcome.value}
    return {**about, "warned": seen.verdict.warned, "reason": text.as_json()}


def _all(caller: Caller) -> bool:
    return caller.principal.tenant_ids is None


async def _coverage(tx: Tx, key: Mapping[str, Any]) -> list[Row]:
    rows = [
        RingKind(DeviceKind(row["build"], row["role"], row["application"]), row["ring"], row["count"], row["verified"])
        for row in await tx.all(sql.gate.kinds, key)
    ]
    found = []
    for ring in sorted({row.ring for row in rows if row.ring > 0}):
        missing: list[Uncovered] = uncovered(rows, ring)
        told = said(missing, ring)
        if told is not None:
            kinds = [{"words": each.kind.words, "ring": each.ring, "device_count": each.devices} for each in missing]
            found.append({"ring": ring, "reason": told.as_json(), "kinds": kinds})
    return found


async def release(caller: Caller, tenant_id: TenantId, patch_name: str, facet: str, why: str) -> Row:
    """Lift the hold of a facet; what was seen up to now is accepted and does not hold it again.

    `own` is this tenant's; every other facet reaches all tenants, and needs all tenants. Raises NotFound (not_held),
    NotAllowed. Each other tenant's record says so at its next look.
    """
    if facet != OWN.key and not _all(caller):
        raise NotAllowed("a facet is held at every tenant; who releases it was given all tenants")
    async with caller.work(tenant_id) as work:
        patch = await find_patch(work.tx, tenant_id, patch_name)
        await lock_gate(work, patch["patch_key"])
        await _lift(work, patch, facet, why)
        rollout_id = await _rollout(work.tx, tenant_id, patch)
        data = {"patch_key": patch["patch_key"], "facet": facet, "reason": why}
        work.record("gate_released", "rollout", rollout_id, data)
        for kind in ("gate", "rollout"):
            work.wake(kind, rollout_id)
        released = {"patch_key": patch["patch_key"], "facet": facet, "state": "released", "reason": why}
        return {**released, "at": work.now, "by": caller.actor}


async def _lift(work: Work, patch: Row, facet: str, why: str) -> None:
    name = own_name(work.tenant_id) if facet == OWN.key else facet
    if not await lift_stop(work.tx, facet_stop(patch["patch_key"], name), why, work.actor, work.now):
        raise NotFound(f"{facet} is not held for {patch['patch_key']}", kind="not_held")
    if facet == OWN.key:
        given = {"tenant_id": work.tenant_id, "patch_id": patch["patch_id"], "at": work.now}
        await work.tx.execute(sql.gate.accept_own, given)
        return
    given = {"patch_key": patch["patch_key"], "facet": facet, "at": work.now}
    await work.tx.execute(sql.gate.accept, given)


async def replay(caller: Caller, tenant_id: TenantId, patch_name: str) -> Row:
    """Ask every verdict again from its record: those on this tenant's devices, and those on what is pooled for who was
    given all tenants. `differences` is empty when all are as they were."""
    async with caller.reading(tenant_id) as tx:
        patch = await find_patch(tx, tenant_id, patch_name)
        given = {"tenant_id": tenant_id, "patch_id": patch["patch_id"]}
        rows = await tx.all(sql.gate.own_records, given)
        if _all(caller):
            rows += await tx.all(sql.gate.records, {"patch_key": patch["patch_key"]})
    found, count = [], 0
    for row in rows:
        records = [read_record(number, kept) for number, kept in enumerate(row["records"], 1)]
        count += len(records)
        about = f"{row['facet']}, {row['signal']}, era {row['era']}"
        logs = Seen.read(row["evidence"]).evidence.logs
        found += [f"{about}: {each}" for each in differences(records, logs)]
    return {"patch_key": patch["patch_key"], "verdict_count": count, "differences": found}
