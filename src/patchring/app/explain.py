"""Why is this device not patched? Everything that decides it, from the same values that the rules use."""

from typing import Any

from patchring.app.caller import Caller
from patchring.app.device_facts import device_facts, patch_facts
from patchring.app.devices import find_device
from patchring.app.patches import find_patch
from patchring.app.permits.authorities import read_policy
from patchring.app.stops import permit_keys, stops_in_force
from patchring.core.ids import TenantId
from patchring.core.policy.decide import HoldInForce, decide, segment_of
from patchring.core.policy.model import Policy
from patchring.core.reason import Reason, reason
from patchring.core.schedule.windows import blackout_at, next_window, open_window
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def explain(caller: Caller, tenant_id: TenantId, device_name: str, patch_name: str) -> dict[str, Any]:
    """`answer` is the first sentence that holds it back (or says that it is verified), `reasons` everything in order,
    `lost` the rules that were looked at and did not decide."""
    now = caller.services.clock.now()
    async with caller.reading(tenant_id) as tx:
        device = await find_device(tx, tenant_id, device_name)
        patch = await find_patch(tx, tenant_id, patch_name)
        in_force = await read_policy(tx, tenant_id, now)
        key = {"tenant_id": tenant_id, "device_id": device["device_id"], "patch_id": patch["patch_id"]}
        place = await tx.maybe(sql.devices.place_in_rollout, key)
        missing = await tx.maybe(sql.devices.missing_now, key)
        reasons = [_presence(device, patch, missing)]
        lost: list[Reason] = []
        if in_force.policy is None:
            reasons.append(reason("policy_missing", in_force.trouble))
        else:
            decided, lost = await _decided(tx, tenant_id, in_force.policy, device, patch)
            reasons += decided
        if place is not None:
            reasons += await _placed(tx, tenant_id, patch, place)
        elif in_force.policy is not None and missing is not None:
            reasons.append(reason("no_rollout", "no rollout of this patch takes this device yet"))
        if in_force.policy is not None:
            reasons += _times(in_force.policy, device, now)
    return {
        "device": device["name"],
        "patch": patch["patch_key"],
        "answer": _answer(reasons, place),
        "reasons": [each.as_json() for each in reasons],
        "lost": [each.as_json() for each in lost],
    }


def _presence(device: Row, patch: Row, missing: Row | None) -> Reason:
    if missing is None:
        text = f"the newest scan of {device['name']} does not offer {patch['title']}: it has it, or does not need it"
        return reason("not_missing", text)
    held = f"; the package manager says {missing['held_back']}" if missing["held_back"] else ""
    since = f"{missing['known_from']:%Y-%m-%d %H:%M} UTC"
    return reason("missing", f"{device['name']} has {missing['installed_version'] or 'nothing'} since {since}{held}")


async def _decided(
    tx: Tx, tenant_id: TenantId, policy: Policy, device: Row, patch: Row
) -> tuple[list[Reason], list[Reason]]:
    placed = segment_of(policy, device_facts(tenant_id, device["device_id"], device))
    if placed.segment is None:
        return list(placed.reasons), list(placed.lost)
    rows = await tx.all(sql.permits.holds_in_force, {"tenant_id": tenant_id, "patch_key": patch["patch_key"]})
    holds = [HoldInForce(row["reason"], row["source"], row["segment"]) for row in rows]
    decision = decide(policy, patch_facts(patch), placed.segment.name, holds)
    return [*placed.reasons, *decision.reasons], [*placed.lost, *decision.lost]


async def _placed(tx: Tx, tenant_id: TenantId, patch: Row, place: Row) -> list[Reason]:
    state = f"for this patch the device is {place['device_state']} in ring {place['ring']} ({place['ring_state']})"
    found = [reason(f"device_{place['device_state']}", state)]
    keys = permit_keys(tenant_id, patch["patch_key"], place["rollout_id"], place["ring"], place["segment"])
    for stop in await stops_in_force(tx, keys):
        found.append(reason("stopped", f"stopped ({stop['stop_key']}): {stop['reason']} ({stop['placed_by']})"))
    for kept in ("device_reasons", "ring_reasons", "rollout_reasons", "denial_reasons"):
        found += [Reason.from_json(each) for each in place[kept] or []]
    return found


def _times(policy: Policy, device: Row, now: Any) -> list[Reason]:
    rule = segment_of(policy, device_facts(device["site_id"], device["device_id"], device)).segment
    if rule is None or not rule.window:
        return []
    window = policy.windows[rule.window]
    local = zone(window.zone or device["zone"])
    found = []
    blackout = blackout_at(policy.blackouts, local, now)
    if blackout is not None:
        found.append(reason("blackout", f"blackout {blackout.name} until {blackout.to_on}"))
    if open_window(window, local, now) is None:
        following = next_window(window, local, now)
        opens = f"opens {following.opens_at:%Y-%m-%d %H:%M} UTC" if following else "does not open within a year"
        found.append(reason("window_closed", f"window {window.name} is closed and {opens}"))
    return found


# What decides, from the strongest: a sentence with one of these codes is the answer when it is there.
_DECIDING = ("stopped", "hold_person", "hold_incident", "hold_feed", "policy_missing", "segment_missing")


def _answer(reasons: list[Reason], place: Row | None) -> str:
    for code in _DECIDING:
        for each in reasons:
            if each.code == code:
                return each.text
    if place is not None and place["device_state"] == "verified":
        return "it is patched, and verified by a later scan"
    if place is not None:
        own = place["device_reasons"] or place["ring_reasons"] or place["rollout_reasons"]
        if own:
            return str(own[0]["text"])
    return reasons[-1].text
