"""Tables of dicts with a log of what to undo."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

import msgspec
from psycopg.types.json import Jsonb

Row = dict[str, Any]
INFINITY = datetime.max.replace(tzinfo=UTC)


class Table:
    """Rows by key, and by each of `indexes`; the columns of keys and indexes never change."""

    def __init__(self, name: str, key: str, indexes: tuple[str, ...], defaults: Mapping[str, Any]) -> None:
        self.name = name
        self.key = tuple(key.split())
        self.defaults = defaults
        self.by_key: dict[Any, Row] = {}
        self.by: dict[tuple[str, ...], dict[Any, dict[Any, Row]]] = {tuple(each.split()): {} for each in indexes}

    def key_of(self, row: Mapping[str, Any]) -> Any:
        return tuple(row[column] for column in self.key)

    def add(self, row: Row) -> None:
        key = self.key_of(row)
        self.by_key[key] = row
        for columns, index in self.by.items():
            index.setdefault(tuple(row[column] for column in columns), {})[key] = row

    def drop(self, row: Row) -> None:
        key = self.key_of(row)
        del self.by_key[key]
        for columns, index in self.by.items():
            del index[tuple(row[column] for column in columns)][key]

    def __iter__(self) -> Iterator[Row]:
        return iter(self.by_key.values())


class MemoryTables:
    """All tables of one world."""

    def __init__(self) -> None:
        self._tables = {name: Table(name, key, indexes, defaults) for name, (key, indexes, defaults) in _TABLES.items()}
        self._undo: list[Callable[[], None]] = []

    def __getitem__(self, name: str) -> Table:
        return self._tables[name]

    def get(self, table: str, *key: Any) -> Row | None:
        return self._tables[table].by_key.get(key)

    def where(self, table: str, columns: str, *values: Any) -> Iterable[Row]:
        """Rows by an index, in no order that a statement may rely on."""
        return self._tables[table].by[tuple(columns.split())].get(values, {}).values()

    def put(self, table: str, given: Mapping[str, Any]) -> Row:
        """A new row with the table's defaults; its key must be free."""
        held = self._tables[table]
        row = {**{name: made() if callable(made) else made for name, made in held.defaults.items()}, **given}
        assert held.key_of(row) not in held.by_key, f"{table} has {held.key_of(row)} already"
        held.add(row)
        self._undo.append(lambda: held.drop(row))
        return row

    def change(self, row: Row, **columns: Any) -> None:
        before = {name: row[name] for name in columns}
        row.update(columns)
        self._undo.append(lambda: row.update(before))

    def remove(self, table: str, row: Row) -> None:
        held = self._tables[table]
        held.drop(row)
        self._undo.append(lambda: held.add(row))

    def commit(self) -> None:
        self._undo.clear()

    def roll_back(self) -> None:
        for undo in reversed(self._undo):
            undo()
        self._undo.clear()

    # -- behind the back of all roles --

    def insert(self, table: str, row: Mapping[str, Any]) -> None:
        self.put(table, {name: plain(value) for name, value in row.items()})
        self.commit()

    def rows(self, table: str) -> list[Row]:
        return list(self._tables[table])


def plain(value: Any) -> Any:
    """A parameter as the database would keep it."""
    return msgspec.to_builtins(value.obj) if isinstance(value, Jsonb) else value


def pick(row: Mapping[str, Any], columns: str) -> Row:
    return {name: row[name] for name in columns.split()}


def _table(key: str, *indexes: str, **defaults: Any) -> tuple[str, tuple[str, ...], Mapping[str, Any]]:
    return key, indexes, defaults


_TABLES = {
    "tenant": _table("tenant_id", row_version=1),
    "tenant_directory": _table("tenant_id"),
    "tenant_root": _table("tenant_id version", "tenant_id"),
    "site": _table("tenant_id site_id", row_version=1),
    "policy_version": _table("tenant_id policy_version_id", "tenant_id"),
    "device": _table(
        "tenant_id device_id",
        "tenant_id",
        **{"class": "workstation"},
        state="active",
        roles=list,
        criticality="standard",
        internet_facing=None,
        redundancy_group=None,
        groups=list,
        sacrificial=False,
        observe_only=False,
        os_name="",
        os_version="",
        architecture="",
        row_version=1,
    ),
    "device_contact": _table(
        "tenant_id device_id",
        session_epoch=1,
        last_seen_at=None,
        silent_from_at=None,
        returned_at=None,
        boot_id="",
        uptime_s=0,
        scan_digest="",
        unsent_count=0,
        agent_version="",
        busy_action_id="",
        scan_wanted=True,
    ),
    "device_inventory": _table("tenant_id device_id", package_set=""),
    "report": _table("tenant_id device_id report_id", "tenant_id device_id", processed_at=None, problem=None),
    "patch": _table(
        "tenant_id patch_id",
        "tenant_id",
        "tenant_id patch_key",
        exploited=False,
        known_to=None,
        decision=dict,
        decided_at=None,
        row_version=1,
        history="",
    ),
    "missing": _table(
        "tenant_id device_id patch_id known_from", "tenant_id device_id", "tenant_id patch_id", known_to=None
    ),
    "approval": _table("tenant_id approval_id", "tenant_id patch_id", withdrawn_at=None),
    "hold": _table(
        "tenant_id hold_id",
        "tenant_id patch_key",
        segment=None,
        released_at=None,
        released_by=None,
        release_reason=None,
        row_version=1,
    ),
    "rollout": _table(
        "tenant_id rollout_id",
        "tenant_id patch_id",
        "tenant_id",
        halt_scope=None,
        halt_source=None,
        rollback_requested_by=None,
        row_version=1,
    ),
    "rollout_ring": _table(
        "tenant_id rollout_id ring",
        "tenant_id rollout_id",
        reasons=list,
        counts=dict,
        device_count=0,
        segments=dict,
        opened_at=None,
        first_verified_at=None,
        last_verified_at=None,
        enough_verified_at=None,
        verified_s_sum=0,
        soak_until_at=None,
        passed_at=None,
        forgiven_count=0,
        pooled=dict,
    ),
    "rollout_device": _table(
        "tenant_id device_id rollout_id",
        "tenant_id rollout_id",
        "tenant_id device_id",
        action_id=None,
        attempt_count=0,
        from_version="",
        verified_at=None,
        reasons=list,
    ),
    "action": _table(
        "tenant_id action_id",
        "tenant_id device_id",
        "tenant_id rollout_id",
        probes=list,
        reboot="if_required",
        detail="",
        boot_id_before="",
        started_at=None,
        acted_at=None,
        acted_sequence=None,
        finished_report_id=None,
    ),
    "permit": _table(
        "tenant_id permit_id",
        "tenant_id device_id",
        "tenant_id action_id",
        started_at=None,
        settled_at=None,
        outcome=None,
    ),
    "slot": _table("tenant_id slot_key", in_flight=0),
    "permit_slot": _table("tenant_id permit_id slot_key", "tenant_id permit_id"),
    "denial": _table("tenant_id action_id", denial_count=1),
    "event": _table("tenant_id seq", policy_fingerprint=""),
    "event_head": _table("tenant_id"),
    "campaign": _table("campaign_id", "patch_key"),
    "campaign_rollout": _table("campaign_id tenant_id", "campaign_id"),
    "stop": _table("stop_id", "stop_key", lifted_at=None, lifted_by=None, lift_reason=None),
    "due": _table("tenant_id kind id", lease_until=None, lease_token=None, attempt_count=0),
    "evidence": _table(
        "patch_key ring",
        "patch_key",
        tenant_count=0,
        device_count=0,
        verified_count=0,
        failed_count=0,
        first_verified_at=None,
        last_verified_at=None,
    ),
    "known_issue": _table("issue_id", row_version=1),
    "gate_device": _table(
        "tenant_id rollout_id device_id",
        facets=list,
        build="",
        role="",
        application="",
        began_at=None,
        ended_at=None,
    ),
    "gate_event": _table("tenant_id rollout_id device_id signal"),
}
