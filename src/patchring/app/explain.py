"""Why is this device not patched? Gathers what core explains, from the same values that the rules use."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from patchring.app.caller import Caller
from patchring.app.dependencies import dependencies_open
from patchring.app.device_facts import device_facts, patch_facts
from patchring.app.devices import find_device
from patchring.app.gate.naming import facets_of_device
from patchring.app.gate.stopping import facet_keys
from patchring.app.known_issues.in_force import known_issues_of
from patchring.app.patches import find_patch
from patchring.app.permits.authorities import InForce, read_policy
from patchring.app.stops import permit_keys, stops_in_force
from patchring.core.explain import Case, Missing, Place
from patchring.core.explain import explain as explain_case
from patchring.core.ids import DeviceId, TenantId
from patchring.core.policy.decide import Decision, HoldInForce, SegmentDecision, decide, segment_of
from patchring.core.policy.exceptions import Excepted, exceptions_of
from patchring.core.reason import Reason, reason
from patchring.core.rollout.states import DeviceState
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def explain(caller: Caller, tenant_id: TenantId, device_name: str, patch_name: str) -> dict[str, Any]:
    """`answer` is the sentence that answers, `reasons` what is known and then what keeps the patch back, `lost` the
    rules that were looked at and did not decide, `ends` what would have to change."""
    now = caller.services.clock.now()
    async with caller.reading(tenant_id) as tx:
        device = await find_device(tx, tenant_id, device_name)
        patch = await find_patch(tx, tenant_id, patch_name)
        case = await _case(tx, tenant_id, device, patch, now)
    found = explain_case(case, now)
    return {
        "device": device["name"],
        "patch": patch["patch_key"],
        "answer": found.answer.text,
        "reasons": [each.as_json() for each in found.told],
        "lost": [each.as_json() for each in found.lost],
        "ends": list(found.ends),
    }


async def _case(tx: Tx, tenant_id: TenantId, device: Row, patch: Row, now: datetime) -> Case:
    in_force = await read_policy(tx, tenant_id, now)
    key = {"tenant_id": tenant_id, "device_id": device["device_id"], "patch_id": patch["patch_id"]}
    placed = await tx.maybe(sql.devices.place_in_rollout, key)
    segment, decision = await _decided(tx, tenant_id, in_force, device, patch)
    return Case(
        device=device["name"],
        patch=patch["title"],
        missing=_missing(await tx.maybe(sql.devices.missing_now, key)),
        policy=in_force.policy,
        segment=segment,
        decision=decision,
        zone=zone(_zone_name(in_force, segment, device)),
        place=_place(placed),
        stops=await _stops(tx, tenant_id, device["device_id"], patch, placed),
        observe_only=device["observe_only"],
        last_seen_at=device["last_seen_at"],
        trouble=in_force.trouble,
        exceptions=_exceptions(tenant_id, in_force, device, patch, now),
        known_issues=await _known_issues(tx, tenant_id, device, patch, now),
        dependencies=await _dependencies(tx, tenant_id, in_force, device, patch),
        not_started=_reasons(
            await tx.value(sql.patches.not_started, {"tenant_id": tenant_id, "patch_id": patch["patch_id"]})
        ),
    )


async def _decided(
    tx: Tx, tenant_id: TenantId, in_force: InForce, device: Row, patch: Row
) -> tuple[SegmentDecision | None, Decision | None]:
    if in_force.policy is None:
        return None, None
    segment = segment_of(in_force.policy, device_facts(tenant_id, device["device_id"], device))
    if segment.segment is None:
        return segment, None
    rows = await tx.all(sql.permits.holds_in_force, {"tenant_id": tenant_id, "patch_key": patch["patch_key"]})
    holds = [HoldInForce(row["reason"], row["source"], row["segment"]) for row in rows]
    return segment, decide(in_force.policy, patch_facts(patch), segment.segment.name, holds)


def _exceptions(tenant_id: TenantId, in_force: InForce, device: Row, patch: Row, now: datetime) -> Sequence[Excepted]:
    if in_force.policy is None:
        return ()
    facts = device_facts(tenant_id, device["device_id"], device)
    return exceptions_of(in_force.policy, patch_facts(patch), facts, now)


async def _known_issues(tx: Tx, tenant_id: TenantId, device: Row, patch: Row, now: datetime) -> Sequence[Reason]:
    facts = device_facts(tenant_id, device["device_id"], device)
    return await known_issues_of(tx, tenant_id, patch_facts(patch), facts, now)


async def _dependencies(tx: Tx, tenant_id: TenantId, in_force: InForce, device: Row, patch: Row) -> Sequence[Reason]:
    if in_force.policy is None:
        return ()
    return await dependencies_open(tx, tenant_id, device["device_id"], patch_facts(patch), in_force.policy)


def _zone_name(in_force: InForce, segment: SegmentDecision | None, device: Row) -> str:
    """The window's own zone, else the site's."""
    rule = segment.segment if segment else None
    window = in_force.policy.windows.get(rule.window) if in_force.policy and rule else None
    return (window.zone if window else "") or str(device["zone"])


def _missing(row: Row | None) -> Missing | None:
    return Missing(row["known_from"], row["installed_version"], row["held_back"]) if row else None


def _place(row: Row | None) -> Place | None:
    if row is None:
        return None
    return Place(
        ring=row["ring"],
        device_state=DeviceState(row["device_state"]),
        device_reasons=_reasons(row["device_reasons"]),
        ring_reasons=_reasons(row["ring_reasons"]),
        rollout_reasons=_reasons(row["rollout_reasons"]),
        denial_reasons=_reasons(row["denial_reasons"]),
    )


def _reasons(kept: Any) -> Sequence[Reason]:
    return [Reason.from_json(each) for each in kept or []]


async def _stops(tx: Tx, tenant_id: TenantId, device_id: DeviceId, patch: Row, placed: Row | None) -> list[Reason]:
    if placed is None:
        return []
    keys = permit_keys(tenant_id, patch["patch_key"], placed["rollout_id"], placed["ring"], placed["segment"])
    facets = await facets_of_device(tx, tenant_id, device_id)
    keys += facet_keys(patch["patch_key"], tenant_id, [facet.key for facet in facets])
    return [
        reason("stopped", f"stopped ({stop['stop_key']}): {stop['reason']} ({stop['placed_by']})")
        for stop in await stops_in_force(tx, keys)
    ]
