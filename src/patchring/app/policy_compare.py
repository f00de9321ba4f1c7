"""What a policy text would change for the fleet of a tenant as it is now: loads the fleet, asks core's `compare`."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import asdict, replace
from datetime import tzinfo
from typing import Any
from uuid import UUID

from patchring.app.caller import Caller
from patchring.app.device_facts import device_facts, patch_facts
from patchring.app.errors import NotFound
from patchring.app.known_issues.in_force import issues_in_force
from patchring.app.policies import check_policy
from patchring.core.ids import TenantId
from patchring.core.policy.compare import Comparison, Fleet, FleetDevice, compare
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.model import Policy
from patchring.policyfile import zone
from patchring.store import sql
from patchring.store.queries import Statement
from patchring.store.transaction import Row, Tx

ROWS_AT_ONCE = 5_000
PAIRS_MAX = 2_000_000
# In an answer: so many of each list, so many names of one line; the counts are of all.
LINES_MAX = 200
NAMES_MAX = 20
_FIRST = UUID(int=0)


async def compare_policy(caller: Caller, tenant_id: TenantId, before: int | None, text: str) -> dict[str, Any]:
    """A text against the version in force (`before` None) or another version. Nothing is changed.

    Raises NotFound (policy_not_found), Invalid (policy_invalid).
    """
    after = check_policy(text)
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.policies.version, {"tenant_id": tenant_id, "version": before})
        if row is None:
            which = f"policy version {before}" if before else "policy"
            detail = f"the tenant has no {which} to compare with; `patchring policy apply` puts the first in force"
            raise NotFound(detail, kind="policy_not_found")
        fleet = await _fleet(tx, tenant_id)
    old = check_policy(row["text"], f"policy version {row['version']}")
    fleet = replace(fleet, zones=_zones(old, after))
    found = compare(old, after, fleet, caller.services.clock.now())
    versions = {"version": row["version"], "before": _named(old), "after": _named(after)}
    return {**versions, **_counts(fleet), **_told(found)}


def _named(policy: Policy) -> dict[str, str]:
    return {"title": policy.title, "fingerprint": policy.fingerprint}


def _zones(*policies: Policy) -> dict[str, tzinfo]:
    """Of windows that have one of their own, whatever the site's."""
    names = {window.zone for policy in policies for window in policy.windows.values() if window.zone}
    return {name: zone(name) for name in names}


def _counts(fleet: Fleet) -> dict[str, int]:
    return {"device_count": len(fleet.devices), "patch_count": len(fleet.patches)}


async def _fleet(tx: Tx, tenant_id: TenantId) -> Fleet:
    """Active devices that are not only observed, what they miss, what is held."""
    own = {"tenant_id": tenant_id}
    devices = [
        FleetDevice(device_facts(tenant_id, row["device_id"], row), zone(row["zone"]))
        async for row in _pages(tx, sql.policy_fleet.devices, own, {"after": "device_id"})
    ]
    keys: dict[UUID, str] = {}
    patches = []
    async for row in _pages(tx, sql.policy_fleet.patches, own, {"after": "patch_id"}):
        keys[row["patch_id"]] = row["patch_key"]
        patches.append(patch_facts(row))
    missing: dict[str, set[UUID]] = {}
    pairs = 0
    places = {"after_patch": "patch_id", "after_device": "device_id"}
    async for row in _pages(tx, sql.policy_fleet.missing, own, places):
        pairs += 1
        if pairs > PAIRS_MAX:
            break
        if row["patch_id"] in keys:
            missing.setdefault(keys[row["patch_id"]], set()).add(row["device_id"])
    holds: dict[str, list[HoldInForce]] = {}
    for row in await tx.all(sql.policy_fleet.holds, own):
        holds.setdefault(row["patch_key"], []).append(HoldInForce(row["reason"], row["source"], row["segment"]))
    issues = await issues_in_force(tx, tenant_id)
    return Fleet(devices, patches, {key: frozenset(ids) for key, ids in missing.items()}, holds, issues=issues)


async def _pages(
    tx: Tx, statement: Statement, given: Mapping[str, Any], places: Mapping[str, str]
) -> AsyncIterator[Row]:
    """All rows of a statement that goes on after a place: parameter -> column."""
    after: dict[str, Any] = dict.fromkeys(places, _FIRST)
    while True:
        rows = await tx.all(statement, {**given, **after, "limit": ROWS_AT_ONCE})
        for row in rows:
            yield row
        if len(rows) < ROWS_AT_ONCE:
            return
        after = {parameter: rows[-1][column] for parameter, column in places.items()}


def _told(found: Comparison) -> dict[str, Any]:
    """Lists that are cut say how long they are."""
    told: dict[str, Any] = {}
    for name in ("values", "devices", "decisions", "soon"):
        rows = getattr(found, name)
        told[name] = {"count": len(rows), "items": [_line(asdict(row)) for row in rows[:LINES_MAX]]}
    return told


def _line(row: dict[str, Any]) -> dict[str, Any]:
    names: Sequence[str] = row.pop("device_names", ())
    if not names:
        return row
    return {**row, "device_count": len(names), "device_names": list(names[:NAMES_MAX])}
