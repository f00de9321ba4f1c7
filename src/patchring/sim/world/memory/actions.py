"""`actions.sql`: what devices did, and how it is judged."""

from collections.abc import Iterable, Mapping
from typing import Any

from patchring.sim.world.memory.database import does
from patchring.sim.world.memory.tables import MemoryTables, Row, pick

_PLACES = ("installed", "reboot_pending", "rolling_back")


def _of(tables: MemoryTables, given: Mapping[str, Any]) -> Row | None:
    return tables.get("action", given["tenant_id"], given["action_id"])


def _place(tables: MemoryTables, row: Mapping[str, Any]) -> Row | None:
    return tables.get("rollout_device", row["tenant_id"], row["device_id"], row["rollout_id"])


def _newest(rows: Iterable[Row]) -> Row | None:
    return max(rows, key=lambda row: (row["created_at"], row["action_id"]), default=None)


@does("actions.for_progress")
def _for_progress(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    action = _of(tables, given)
    if action is None or action["device_id"] != given["device_id"]:
        return []
    placed, rollout = _place(tables, action), tables.get("rollout", action["tenant_id"], action["rollout_id"])
    assert placed is not None
    assert rollout is not None
    return [
        {
            **pick(action, "action_id rollout_id kind purpose state started_at acted_sequence"),
            "device_state": placed["state"],
            **pick(placed, "ring segment"),
            "current_action_id": placed["action_id"],
            "from_version": placed["from_version"],
            **pick(rollout, "campaign_id patch_id"),
        }
    ]


@does("actions.permitted")
def _permitted(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = []
    for action in tables.where("action", "tenant_id device_id", given["tenant_id"], given["device_id"]):
        placed = _place(tables, action) if action["state"] == "permitted" else None
        if placed and placed["state"] == "offered" and placed["action_id"] == action["action_id"]:
            found.append(pick(action, "action_id"))
    return sorted(found, key=lambda row: str(row["action_id"]))


@does("actions.move")
def _move(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _of(tables, given)
    if row is None:
        return 0
    learnt = {
        name: given[name]
        for name in ("detail", "acted_at", "acted_sequence", "finished_report_id")
        if given[name] is not None
    }
    tables.change(
        row,
        state=given["state"],
        state_at=given["at"],
        boot_id_before=row["boot_id_before"] or given["boot_id"] or "",
        started_at=row["started_at"] or given["started_at"],
        **learnt,
    )
    return 1


@does("actions.move_device")
def _move_device(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _place(tables, given)
    if row is None:
        return 0
    state = given["state"]
    tables.change(
        row,
        state=state,
        state_at=given["at"],
        reasons=given["reasons"],
        verified_at=given["at"] if state == "verified" else row["verified_at"],
        action_id=None if state in ("waiting", "skipped") else row["action_id"],
    )
    return 1


@does("actions.set_device_reasons")
def _set_device_reasons(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _place(tables, given)
    if row is None or row["reasons"] == given["reasons"]:
        return 0
    tables.change(row, reasons=given["reasons"])
    return 1


@does("actions.count_verified")
def _count_verified(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("rollout_ring", given["tenant_id"], given["rollout_id"], given["ring"])
    if row is None:
        return 0
    at = given["at"]
    tables.change(
        row,
        first_verified_at=row["first_verified_at"] or at,
        last_verified_at=at,
        verified_s_sum=row["verified_s_sum"] + int(at.timestamp() // 1),
    )
    return 1


@does("actions.uncount_verified")
def _uncount_verified(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("rollout_ring", given["tenant_id"], given["rollout_id"], given["ring"])
    if row is None:
        return 0
    tables.change(row, verified_s_sum=row["verified_s_sum"] - given["seconds"])
    return 1


@does("actions.live_permit")
def _live_permit(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    return [
        {"permit_id": row["permit_id"], "boot_id": row["request"].get("boot_id")}
        for row in tables.where("permit", "tenant_id action_id", given["tenant_id"], given["action_id"])
        if row["settled_at"] is None
        and row["granted_at"] <= given["received_at"]
        and given["permit_id"] in (None, row["permit_id"])
    ]


@does("actions.permit_started")
def _permit_started(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("permit", given["tenant_id"], given["permit_id"])
    if row is None or row["started_at"] is not None:
        return 0
    tables.change(row, started_at=given["at"])
    return 1


@does("actions.settle_permit")
def _settle_permit(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = tables.get("permit", given["tenant_id"], given["permit_id"])
    if row is None or row["settled_at"] is not None:
        return 0
    tables.change(row, settled_at=given["at"], outcome=given["outcome"])
    return 1


@does("actions.was_taken_up")
def _was_taken_up(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    said = tables.where("report", "tenant_id device_id", given["tenant_id"], given["device_id"])
    found = any(
        row["kind"] == "progress"
        and row["sequence"] < given["sequence"]
        and row["body"].get("action_id") == given["action_id"]
        for row in said
    )
    return [{"taken_up": found}]


@does("actions.to_judge")
def _to_judge(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = []
    placed = tables.where("rollout_device", "tenant_id device_id", given["tenant_id"], given["device_id"])
    for row in sorted(placed, key=lambda each: str(each["rollout_id"])):
        action = tables.get("action", row["tenant_id"], row["action_id"]) if row["action_id"] else None
        if row["state"] not in _PLACES or action is None:
            continue
        of_device = tables.where("action", "tenant_id device_id", row["tenant_id"], row["device_id"])
        own = [each for each in of_device if each["rollout_id"] == row["rollout_id"]]
        act = _newest(each for each in own if each["kind"] != "reboot" and each["acted_sequence"] is not None)
        if act is not None:
            install = _newest(each for each in own if each["kind"] == "install" and each["finished_report_id"])
            found.append(_judged(tables, row, action, act, install))
    return found


def _judged(tables: MemoryTables, row: Row, action: Row, act: Row, install: Row | None) -> Row:
    rollout = tables.get("rollout", row["tenant_id"], row["rollout_id"])
    assert rollout is not None
    patch = tables.get("patch", row["tenant_id"], rollout["patch_id"])
    assert patch is not None
    held = tables.get("device_inventory", row["tenant_id"], row["device_id"])
    scan = held["scan"] if held else {}
    own = (row["tenant_id"], row["device_id"])
    scanned = tables.get("report", *own, held["report_id"]) if held else None
    finished = tables.get("report", *own, action["finished_report_id"] or act["finished_report_id"])
    installed = tables.get("report", *own, install["finished_report_id"]) if install else None
    sequences = [each["acted_sequence"] for each in (act, action) if each["acted_sequence"] is not None]
    name = patch["name"], patch["provider"]
    offered = [each["package"] for each in scan.get("updates", [])]
    return {
        **pick(row, "rollout_id ring segment"),
        "device_state": row["state"],
        "from_version": row["from_version"],
        "campaign_id": rollout["campaign_id"],
        **pick(patch, "patch_id provider name version title"),
        **pick(action, "action_id kind purpose"),
        "action_state": action["state"],
        "finished_report_id": action["finished_report_id"],
        "acted_at": act["acted_at"],
        "acted_sequence": max(sequences),
        "boot_id_before": act["boot_id_before"],
        "scan_sequence": scanned["sequence"] if scanned else None,
        "scan_boot_id": held["boot_id"] if held else None,
        "scan_reboot_pending": held["reboot_pending"] if held else None,
        "scan_probes": scan.get("probes") if held else None,
        "finished_sequence": finished["sequence"] if finished else None,
        "finished": finished["body"] if finished else None,
        "install_finished": installed["body"] if installed else None,
        "installed": [
            each["version"] for each in scan.get("installed", []) if (each["name"], each["provider"]) == name
        ],
        "still_offered": any(
            (each["name"], each["provider"]) == name and each["version"] == patch["version"] for each in offered
        ),
    }


@does("actions.offer_reboot")
def _offer_reboot(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    names = pick(given, "tenant_id action_id device_id rollout_id purpose title")
    said = {"kind": "reboot", "packages": [], "probes": list(given["probes"]), "reboot": "always"}
    tables.put("action", {**names, **said, "state": "offered", "state_at": given["at"], "created_at": given["at"]})
    return 1


@does("actions.set_current")
def _set_current(tables: MemoryTables, given: Mapping[str, Any]) -> int:
    row = _place(tables, given)
    if row is None:
        return 0
    tables.change(row, action_id=given["action_id"])
    return 1


@does("actions.withdraw_of_device")
def _withdraw_of_device(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    found = [
        row
        for row in tables.where("action", "tenant_id device_id", given["tenant_id"], given["device_id"])
        if row["rollout_id"] == given["rollout_id"] and row["state"] == "offered"
    ]
    for row in found:
        tables.change(row, state="withdrawn", state_at=given["at"])
    return [pick(row, "action_id") for row in found]


@does("actions.no_longer_missing")
def _no_longer_missing(tables: MemoryTables, given: Mapping[str, Any]) -> list[Row]:
    rows = tables.where("missing", "tenant_id device_id", given["tenant_id"], given["device_id"])
    missed = {row["patch_id"] for row in rows if row["known_to"] is None}
    found = []
    for row in tables.where("rollout_device", "tenant_id device_id", given["tenant_id"], given["device_id"]):
        rollout = tables.get("rollout", row["tenant_id"], row["rollout_id"])
        assert rollout is not None
        if row["state"] in ("waiting", "offered") and rollout["patch_id"] not in missed:
            found.append({**pick(row, "rollout_id ring action_id"), "device_state": row["state"]})
    return sorted(found, key=lambda row: str(row["rollout_id"]))
