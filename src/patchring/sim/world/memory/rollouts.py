"""`rollouts.sql`, what concerns a rollout and its rings, and `evidence.sql`."""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_RINGS = (
    "ring name state reasons counts device_count segments first_verified_at last_verified_at enough_verified_at"
    " verified_s_sum soak_until_at forgiven_count pooled"
)


@does("rollouts.lock")
def _lock(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    """Nobody else is in a transaction."""
    return 1


@does("rollouts.patch")
def _patch(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = tables.get("patch", given["tenant_id"], given["patch_id"])
    return [dict(row)] if row else []


@does("rollouts.tenant_kind")
def _tenant_kind(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = tables.get("tenant", given["tenant_id"])
    return [pick(row, "kind")] if row else []


@does("rollouts.note_decision")
def _note_decision(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("patch", given["tenant_id"], given["patch_id"])
    if row is None or row["decision"] == given["decision"]:
        return 0
    tables.change(row, decision=given["decision"], decided_at=given["at"])
    return 1


@does("rollouts.newest_of_patch")
def _newest_of_patch(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("rollout", "tenant_id patch_id", given["tenant_id"], given["patch_id"])
    newest = max(found, key=lambda row: (row["created_at"], row["rollout_id"]), default=None)
    return [pick(newest, "rollout_id campaign_id state")] if newest else []


@does("rollouts.free_campaign")
def _free_campaign(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    taken = {row["campaign_id"] for row in tables.where("rollout", "tenant_id", given["tenant_id"])}
    found = tables.where("campaign", "patch_key", given["patch_key"])
    free = [row for row in found if row["campaign_id"] not in taken]
    newest = max(free, key=lambda row: (row["created_at"], row["campaign_id"]), default=None)
    return [pick(newest, "campaign_id")] if newest else []


@does("rollouts.add_campaign")
def _add_campaign(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    tables.put("campaign", {**pick(given, "campaign_id patch_key created_by"), "created_at": given["at"]})
    return 1


@does("rollouts.join_campaign")
def _join_campaign(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    tables.put("campaign_rollout", given)
    return 1


@does("rollouts.add")
def _add(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    columns = pick(given, "tenant_id rollout_id campaign_id patch_id policy_version_id state reasons created_by")
    tables.put("rollout", {**columns, "state_at": given["at"], "created_at": given["at"]})
    return 1


@does("rollouts.add_rings")
def _add_rings(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    added = 0
    for new in given["rows"]:
        key = pick(given, "tenant_id rollout_id")
        if tables.get("rollout_ring", *key.values(), new["ring"]) is None:
            tables.put(
                "rollout_ring", {**key, **pick(new, "ring name"), "state": given["state"], "state_at": given["at"]}
            )
            added += 1
    return added


def _rings_of(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("rollout_ring", "tenant_id rollout_id", given["tenant_id"], given["rollout_id"])
    return sorted(found, key=lambda row: int(row["ring"]))


def _ring_of(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    return tables.get("rollout_ring", given["tenant_id"], given["rollout_id"], given["ring"])


def _rollout(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    return tables.get("rollout", given["tenant_id"], given["rollout_id"])


def _changed(tables: MemoryTables, row: Row | None, **columns: Any) -> int:
    if row is None:
        return 0
    tables.change(row, **columns)
    return 1


@does("rollouts.grow_rings")
def _grow_rings(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    grown: defaultdict[int, list[Row]] = defaultdict(list)
    for new in given["rows"]:
        grown[new["ring"]].append(new)
    changed = 0
    for ring, rows in grown.items():
        held = _ring_of(tables, {**given, "ring": ring})
        if held is None:
            continue
        more = sum(new["device_count"] for new in rows)
        segments = {new["segment"]: new["device_count"] + held["segments"].get(new["segment"], 0) for new in rows}
        counts = {**held["counts"], given["state"]: held["counts"].get(given["state"], 0) + more}
        tables.change(
            held,
            device_count=held["device_count"] + more,
            counts=counts,
            segments={**held["segments"], **segments},
        )
        changed += 1
    return changed


@does("rollouts.load")
def _load(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    row = _rollout(tables, given)
    columns = (
        "rollout_id campaign_id patch_id policy_version_id state reasons halt_scope halt_source"
        " rollback_requested_by created_at"
    )
    return [pick(row, columns)] if row else []


@does("rollouts.rings")
def _rings(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    return [pick(row, _RINGS) for row in _rings_of(tables, given)]


@does("rollouts.set_state")
def _set_state(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _rollout(tables, given)
    version = row["row_version"] + 1 if row else 0
    said = {"state": given["state"], "state_at": given["at"], "reasons": given["reasons"]}
    return _changed(tables, row, **said, row_version=version)


@does("rollouts.set_halt")
def _set_halt(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _changed(tables, _rollout(tables, given), **pick(given, "halt_scope halt_source"))


@does("rollouts.set_reasons")
def _set_reasons(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _rollout(tables, given)
    if row is None or row["reasons"] == given["reasons"]:
        return 0
    return _changed(tables, row, reasons=given["reasons"])


@does("rollouts.set_ring_state")
def _set_ring_state(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _ring_of(tables, given)
    if row is None:
        return 0
    state, at = given["state"], given["at"]
    return _changed(
        tables,
        row,
        state=state,
        state_at=at,
        reasons=given["reasons"],
        opened_at=(row["opened_at"] or at) if state == "open" else row["opened_at"],
        passed_at=at if state == "passed" else row["passed_at"],
        soak_until_at=given["soak_until_at"] or row["soak_until_at"],
    )


@does("rollouts.set_ring_reasons")
def _set_ring_reasons(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _ring_of(tables, given)
    if row is None or row["reasons"] == given["reasons"]:
        return 0
    return _changed(tables, row, reasons=given["reasons"])


@does("rollouts.set_enough_verified")
def _set_enough_verified(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _changed(tables, _ring_of(tables, given), enough_verified_at=given["enough_verified_at"])


@does("rollouts.forgive")
def _forgive(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _changed(tables, _ring_of(tables, given), forgiven_count=given["forgiven_count"])


@does("rollouts.pool")
def _pool(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _changed(tables, _ring_of(tables, given), pooled=given["pooled"])


@does("rollouts.shift_counts")
def _shift_counts(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    moved: defaultdict[int, Counter[str]] = defaultdict(Counter)
    for new in given["rows"]:
        moved[new["ring"]][new["from_state"]] -= new["device_count"]
        moved[new["ring"]][new["to_state"]] += new["device_count"]
    changed = 0
    for ring, change in moved.items():
        held = _ring_of(tables, {**given, "ring": ring})
        if held is not None:
            counts = {state: held["counts"].get(state, 0) + change[state] for state in {**held["counts"], **change}}
            tables.change(held, counts={state: count for state, count in counts.items() if count})
            changed += 1
    return changed


@does("rollouts.add_hold")
def _add_hold(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    held = tables.where("hold", "tenant_id patch_key", given["tenant_id"], given["patch_key"])
    if any(row["segment"] is None and row["released_at"] is None and row["source"] == "incident" for row in held):
        return 0
    columns = pick(given, "tenant_id hold_id patch_key reason placed_by")
    tables.put("hold", {**columns, "source": "incident", "placed_at": given["at"]})
    return 1


@does("rollouts.pooled_before")
def _pooled_before(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    others = tables.where("rollout", "tenant_id patch_id", given["tenant_id"], given["patch_id"])
    ids = [row["rollout_id"] for row in others if row["rollout_id"] != given["rollout_id"]]
    found = {
        ring["ring"]
        for rollout_id in ids
        for ring in tables.where("rollout_ring", "tenant_id rollout_id", given["tenant_id"], rollout_id)
        if ring["pooled"]
    }
    return [{"ring": ring} for ring in sorted(found)]


@does("evidence.of_patch")
def _of_patch(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    columns = "ring tenant_count device_count verified_count failed_count first_verified_at last_verified_at"
    return [pick(row, columns) for row in tables.where("evidence", "patch_key", given["patch_key"])]


@does("evidence.add")
def _add_evidence(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _pooled(tables, given, "tenant_count device_count verified_count failed_count", times=True)


@does("evidence.expect")
def _expect(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    return _pooled(tables, given, "tenant_count device_count", times=False)


def _pooled(tables: MemoryTables, given: Mapping[str, Any], counts: str, times: bool) -> int:
    for new in given["rows"]:
        held = tables.get("evidence", given["patch_key"], new["ring"])
        if held is None:
            held = tables.put("evidence", {"patch_key": given["patch_key"], "ring": new["ring"]})
        more = {name: held[name] + new[name] for name in counts.split()}
        if times:
            first, last = _instant(new["first_verified_at"]), _instant(new["last_verified_at"])
            more["first_verified_at"] = _least((held["first_verified_at"], first), min)
            more["last_verified_at"] = _least((held["last_verified_at"], last), max)
        tables.change(held, **more)
    return len(given["rows"])


def _instant(text: str | None) -> datetime | None:
    return datetime.fromisoformat(text) if text else None


def _least(instants: Iterable[datetime | None], choose: Any) -> datetime | None:
    return choose((each for each in instants if each is not None), default=None)  # type: ignore[no-any-return]


def uuids(texts: Iterable[Any]) -> list[UUID]:
    return [UUID(str(text)) for text in texts]
