"""`rollouts.sql`, what concerns devices: where they are placed, what they are offered, what is taken back."""

import json
from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from typing import Any
from uuid import UUID

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_FIELDS = {
    "class": "class",
    "role": "roles",
    "criticality": "criticality",
    "exposed": "internet_facing",
    "redundancy_group": "redundancy_group",
    "group": "groups",
    "name": "name",
    "os": "os_name",
    "os_version": "os_version",
}
_CRITICALITY = {"low": 1, "standard": 2, "high": 3, "mission": 4}
_CRITICAL = frozenset({"high", "mission"})
_AT_WORK = frozenset({"offered", "permitted", "installing", "installed"})
_TAKEN_BACK = frozenset({"failed", "reboot_pending", "installed", "verified"})
_IN_THE_MIDDLE = frozenset({"permitted", "started", "reboot_pending"})


def kind_of(device: Row, site_name: str, fields: Sequence[str]) -> str:
    """As patchring.kind_of says it."""
    known = [device[column] if field in fields else None for field, column in _FIELDS.items()]
    return json.dumps([*known, site_name if "site" in fields else None, device["sacrificial"]], ensure_ascii=False)


def _candidates(tables: MemoryTables, given: Mapping[str, Any]) -> list[tuple[Row, Row, str]]:
    """Devices that miss the patch and are not in the rollout, with what they miss and their kind."""
    found = []
    for missing in tables.where("missing", "tenant_id patch_id", given["tenant_id"], given["patch_id"]):
        device = tables.get("device", given["tenant_id"], missing["device_id"])
        if missing["known_to"] is not None or missing["held_back"] or device is None:
            continue
        if device["state"] != "active" or device["observe_only"]:
            continue
        if tables.get("rollout_device", given["tenant_id"], device["device_id"], given["rollout_id"]) is not None:
            continue
        site = tables.get("site", given["tenant_id"], device["site_id"])
        assert site is not None
        found.append((device, missing, kind_of(device, site["name"], given["fields"])))
    return found


@does("rollouts.kinds")
def _kinds(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    counts = Counter(kind for _, _, kind in _candidates(tables, given))
    return [{"kind": kind, "device_count": count} for kind, count in sorted(counts.items())]


@does("rollouts.place_devices")
def _place_devices(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    places = {each["kind"]: each for each in given["kinds"]}
    placed_before = tables.where("rollout_device", "tenant_id rollout_id", given["tenant_id"], given["rollout_id"])
    last: dict[int, int] = {}
    for row in placed_before:
        last[row["ring"]] = max(last.get(row["ring"], -1), row["position"])
    by_ring: defaultdict[int, list[tuple[Any, Row, Row, Row]]] = defaultdict(list)
    for device, missing, kind in _candidates(tables, given):
        place = places.get(kind)
        if place and tables.get("rollout_ring", given["tenant_id"], given["rollout_id"], place["ring"]) is not None:
            exposed, alone = device["internet_facing"] is not False, device["redundancy_group"] is None
            order = (_CRITICALITY[device["criticality"]], exposed, alone, device["device_id"])
            by_ring[place["ring"]].append((order, device, missing, place))
    added: Counter[tuple[int, str]] = Counter()
    for ring, rows in by_ring.items():
        for number, (_, device, missing, place) in enumerate(sorted(rows, key=lambda each: each[0])):
            key = {"tenant_id": given["tenant_id"], "rollout_id": given["rollout_id"]}
            where = {"ring": ring, "position": last.get(ring, -1) + 1 + number, "segment": place["segment"]}
            state = {"state": given["state"], "state_at": given["at"], "from_version": missing["installed_version"]}
            tables.put("rollout_device", {**key, "device_id": device["device_id"], **where, **state})
            added[ring, place["segment"]] += 1
    return [
        {"ring": ring, "segment": segment, "device_count": count} for (ring, segment), count in sorted(added.items())
    ]


def _placed(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("rollout_device", "tenant_id rollout_id", given["tenant_id"], given["rollout_id"])
    return sorted(found, key=lambda row: (row["ring"], row["position"]))


def _contact(tables: MemoryTables, row: Row) -> Row:
    found = tables.get("device_contact", row["tenant_id"], row["device_id"])
    assert found is not None
    return found


@does("rollouts.lost")
def _lost(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found, before = [], given["heard_before"]
    for row in _placed(tables, given):
        if row["state"] not in ("installing", "installed", "reboot_pending") or row["action_id"] is None:
            continue
        action = tables.get("action", row["tenant_id"], row["action_id"])
        seen_at = _contact(tables, row)["last_seen_at"]
        if action is None or action["state"] not in ("started", "reboot_pending") or action["state_at"] >= before:
            continue
        if seen_at is None or seen_at < before:
            found.append({**pick(row, "ring device_id"), "began_at": action["state_at"], "last_seen_at": seen_at})
    return found


@does("rollouts.overdue")
def _overdue(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    counts: Counter[int] = Counter()
    for row in _placed(tables, given):
        seen_at = _contact(tables, row)["last_seen_at"]
        late = row["state"] == "offered" and row["state_at"] < given["heard_before"]
        if late and (seen_at is None or seen_at < given["heard_before"]):
            counts[row["ring"]] += 1
    return [{"ring": ring, "device_count": count} for ring, count in counts.items()]


@does("rollouts.offer")
def _offer(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    ring = [row for row in _placed(tables, given) if row["ring"] == given["ring"]]
    heard = [row for row in ring if (_contact(tables, row)["last_seen_at"] or given["at"]) >= given["heard_after"]]
    heard = [row for row in heard if _contact(tables, row)["last_seen_at"] is not None]
    busy = {_critical(tables, row) for row in heard if row["state"] in _AT_WORK}
    left_out = set(given["devices_left_out"])
    waiting = [
        row
        for row in heard
        if row["state"] == "waiting"
        and row["segment"] not in given["segments_left_out"]
        and row["device_id"] not in left_out
    ]
    free = [row for row in waiting if busy <= {_critical(tables, row)}]
    if not free:
        return []
    side = _critical(tables, free[0])
    chosen = [row for row in waiting if _critical(tables, row) == side][: len(given["action_ids"])]
    rules = {rule["segment"]: rule for rule in given["rules"]}
    offered = []
    for row, action_id in zip(chosen, given["action_ids"], strict=False):
        missing = _missed(tables, row, given["patch_id"])
        if missing is None:
            continue
        tables.change(
            row,
            state="offered",
            state_at=given["at"],
            action_id=action_id,
            attempt_count=row["attempt_count"] + 1,
            from_version=missing["installed_version"],
            reasons=given["reasons"],
        )
        rule = rules.get(row["segment"])
        if rule is not None:
            _put_action(tables, given, row, "install", "patch", rule, missing["architecture"], given["version"])
            offered.append(pick(row, "device_id"))
    return offered


def _critical(tables: MemoryTables, row: Row) -> bool:
    device = tables.get("device", row["tenant_id"], row["device_id"])
    assert device is not None
    return device["criticality"] in _CRITICAL


def _missed(tables: MemoryTables, row: Row, patch_id: UUID) -> Row | None:
    found = tables.where("missing", "tenant_id device_id", row["tenant_id"], row["device_id"])
    return next((each for each in found if each["patch_id"] == patch_id and each["known_to"] is None), None)


def _put_action(
    tables: MemoryTables,
    given: Mapping[str, Any],
    row: Row,
    kind: str,
    purpose: str,
    rule: Mapping[str, Any],
    architecture: str,
    version: str,
) -> None:
    package = {**pick(given, "provider name"), "version": version, "architecture": architecture}
    names = pick(row, "tenant_id device_id rollout_id action_id")
    said = {"kind": kind, "purpose": purpose, "packages": [package], "title": given["title"]}
    how = {"probes": list(rule["probes"]), "reboot": rule["reboot"], "state": "offered"}
    tables.put("action", {**names, **said, **how, "state_at": given["at"], "created_at": given["at"]})


@does("rollouts.withdraw")
def _withdraw(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    only = given["device_ids"]
    counts: Counter[int] = Counter()
    for action in _offered(tables, given):
        if action["kind"] != "install" or (only is not None and action["device_id"] not in only):
            continue
        tables.change(action, state="withdrawn", state_at=given["at"])
        row = tables.get("rollout_device", action["tenant_id"], action["device_id"], action["rollout_id"])
        if row is not None and row["action_id"] == action["action_id"] and row["state"] == "offered":
            tables.change(row, state="waiting", state_at=given["at"], action_id=None, reasons=given["reasons"])
            counts[row["ring"]] += 1
    return [{"ring": ring, "device_count": count} for ring, count in sorted(counts.items())]


def _offered(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = tables.where("action", "tenant_id rollout_id", given["tenant_id"], given["rollout_id"])
    return [row for row in found if row["state"] == "offered"]


@does("rollouts.withdraw_rest")
def _withdraw_rest(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = _offered(tables, given)
    for action in found:
        tables.change(action, state="withdrawn", state_at=given["at"])
    return [pick(action, "device_id") for action in found]


def _to_take_back(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    states = {each["segment"]: each["states"] for each in given["segments"]}
    return [
        row
        for row in _placed(tables, given)
        if row["state"] in _TAKEN_BACK and row["state"] in states.get(row["segment"], ())
    ]


@does("rollouts.to_take_back_count")
def _to_take_back_count(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    return [{"device_count": len(_to_take_back(tables, given))}]


@does("rollouts.to_take_back")
def _to_take_back_rows(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = []
    for row in _to_take_back(tables, given):
        action = tables.get("action", row["tenant_id"], row["action_id"]) if row["action_id"] else None
        if action is not None and action["state"] in _IN_THE_MIDDLE:
            continue
        missing = tables.where("missing", "tenant_id device_id", row["tenant_id"], row["device_id"])
        of_patch = [each for each in missing if each["patch_id"] == given["patch_id"]]
        newest = max(of_patch, key=lambda each: each["known_from"], default=None)
        found.append(
            {
                **pick(row, "device_id ring state segment from_version verified_at"),
                "architecture": newest["architecture"] if newest else "",
                "back": _is_back(tables, given, row, action),
            }
        )
    return found[: given["count"]]


def _is_back(tables: MemoryTables, given: Mapping[str, Any], row: Row, action: Row | None) -> bool:
    held = tables.get("device_inventory", row["tenant_id"], row["device_id"])
    if held is None or not row["from_version"]:
        return False
    report = tables.get("report", row["tenant_id"], row["device_id"], held["report_id"])
    if report is None or report["sequence"] <= ((action["acted_sequence"] or 0) if action else 0):
        return False
    there = {(each["provider"], each["name"], each["version"]) for each in held["scan"]["installed"]}
    patch = given["provider"], given["name"]
    return (*patch, row["from_version"]) in there and (*patch, given["version"]) not in there


@does("rollouts.take_back")
def _take_back(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    for each in given["rows"]:
        device_id = UUID(each["device_id"])
        for action in _offered(tables, given):
            if action["device_id"] == device_id:
                tables.change(action, state="withdrawn", state_at=given["at"])
        row = tables.get("rollout_device", given["tenant_id"], device_id, given["rollout_id"])
        assert row is not None
        action_id = UUID(each["action_id"])
        tables.change(row, state="rolling_back", state_at=given["at"], action_id=action_id, reasons=given["reasons"])
        rule = {"probes": each["probes"], "reboot": "if_required"}
        _put_action(tables, given, row, "downgrade", "remedy", rule, each["architecture"], each["version"])
    return len(given["rows"])


@does("rollouts.set_device_states")
def _set_device_states(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    for each in given["rows"]:
        row = tables.get("rollout_device", given["tenant_id"], UUID(each["device_id"]), given["rollout_id"])
        assert row is not None
        tables.change(row, state=each["state"], state_at=given["at"], reasons=each["reasons"])
    return len(given["rows"])


@does("rollouts.outcome_kinds")
def _outcome_kinds(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = set()
    for row in _placed(tables, given):
        if row["state"] in ("verified", "failed", "rolling_back", "rolled_back", "rollback_failed"):
            device = tables.get("device", row["tenant_id"], row["device_id"])
            assert device is not None
            found.add((kind_of(device, "", given["fields"]), row["state"] == "verified"))
    return [{"kind": kind, "is_well": is_well} for kind, is_well in sorted(found)]
