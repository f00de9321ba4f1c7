"""The findings of a whole tenant, by set of packages: what is to be written is found out for each set, and written for
all of its devices at once. Only a set for which something is different costs anything more.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import datetime
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.findings.advice import Advice
from patchring.app.findings.due import due_columns, due_once, exploited_since, finding_of, table_in_force
from patchring.app.findings.matching import Inventory, Weak
from patchring.app.work import Work
from patchring.core.risk.tables import Table
from patchring.store import sql
from patchring.store.transaction import Row

SETS_AT_ONCE = 100
EXPOSURES: Mapping[str, bool | None] = {"": None, "true": True, "false": False}
_SAID = ("installed_version", "fixed_version", "advisory_id", "severity", "vector")


async def keep_findings_of_sets(work: Work, advice: Advice) -> None:
    """Of all sets that active devices of the tenant have."""
    sets = await work.tx.all(sql.findings.sets, {"tenant_id": work.tenant_id})
    for begin in range(0, len(sets), SETS_AT_ONCE):
        some = sets[begin : begin + SETS_AT_ONCE]
        await _keep(work, some, await _advised(work, advice, some))


async def _advised(work: Work, advice: Advice, sets: Sequence[Row]) -> dict[str, tuple[Weak, ...]]:
    """What holds for each of these sets; of those that nobody asked about before, one device says what is in them.

    A set that no device has any more is left out: its devices are looked at by themselves."""
    asked = {row["package_set"]: advice.known(row["package_set"]) for row in sets}
    known = {name: weak for name, weak in asked.items() if weak is not None}
    unknown = asked.keys() - known.keys()
    return known | (await advice.of_sets(work.tx, await _inventories(work, unknown)) if unknown else {})


async def _inventories(work: Work, sets: Iterable[str]) -> dict[str, Inventory]:
    given = {"tenant_id": work.tenant_id, "sets": sorted(sets)}
    rows = await work.tx.all(sql.findings.inventories_of_sets, given)
    return {row["package_set"]: Inventory.of(row) for row in rows}


async def _keep(work: Work, sets: Sequence[Row], advised: Mapping[str, Sequence[Weak]]) -> None:
    """Close, renew and open what differs between what holds and what is open."""
    names = {"tenant_id": work.tenant_id, "sets": sorted(advised)}
    is_open = await work.tx.all(sql.findings.open_by_set, names, replan=True)
    at = {"tenant_id": work.tenant_id, "at": work.now}
    over = await _over(work, advised, is_open)
    if over:
        await work.tx.execute(sql.findings.close_by_set, {**at, "rows": Jsonb(over)}, replan=True)
    renewed = _renewed(advised, is_open)
    if renewed:
        rows = {"tenant_id": work.tenant_id, "rows": Jsonb(renewed)}
        await work.tx.execute(sql.findings.renew_by_set, rows, replan=True)
    new = _new(sets, advised, is_open)
    if new:
        given = Jsonb(await _with_due_dates(work, new))
        await work.tx.execute(sql.findings.open_for_sets, {**at, "rows": given}, replan=True)


async def _over(work: Work, advised: Mapping[str, Sequence[Weak]], is_open: Sequence[Row]) -> list[dict[str, str]]:
    """Open findings that hold no longer, by what the devices have or by a corrected advisory."""
    holds = {(name, *each.key) for name, weak in advised.items() for each in weak}
    absent = [row for row in is_open if _key(row) not in holds]
    if not absent:
        return []
    keys = {"keys": sorted({row["advisory_id"] for row in absent})}
    said = {row["key"] for row in await work.tx.all(sql.findings.advisories_now, keys)}
    unsaid = {row["package_set"] for row in absent if row["advisory_id"] not in said}
    has = await _inventories(work, unsaid) if unsaid else {}
    over = {_key(row) for row in absent if row["advisory_id"] in said or _shows_fixed(has, row)}
    return [{"package_set": name, "cve": cve, "package": package} for name, cve, package in sorted(over)]


def _shows_fixed(has: Mapping[str, Inventory], finding: Row) -> bool:
    inventory = has.get(finding["package_set"])
    return inventory is not None and inventory.shows_fixed(finding)


def _renewed(advised: Mapping[str, Sequence[Weak]], is_open: Sequence[Row]) -> list[dict[str, Any]]:
    """What is said otherwise than it is kept for some device."""
    holds = {(name, *each.key): each for name, weak in advised.items() for each in weak}
    found = {}
    for row in is_open:
        weak = holds.get(_key(row))
        if weak is not None and any(row[name] != getattr(weak, name) for name in _SAID):
            found[_key(row)] = {"package_set": row["package_set"], **weak.as_json()}
    return list(found.values())


def _new(sets: Sequence[Row], advised: Mapping[str, Sequence[Weak]], is_open: Sequence[Row]) -> list[tuple[str, Weak]]:
    """What some of the devices with a set do not have open."""
    counts: dict[tuple[str, ...], int] = {}
    for row in is_open:
        counts[_key(row)] = counts.get(_key(row), 0) + row["device_count"]
    wanted = {row["package_set"]: row["device_count"] for row in sets}
    return [
        (name, each)
        for name, weak in advised.items()
        for each in weak
        if counts.get((name, *each.key), 0) < wanted[name]
    ]


async def _with_due_dates(work: Work, new: Sequence[tuple[str, Weak]]) -> list[dict[str, Any]]:
    """One row for each exposure that a device can have."""
    listed = await exploited_since(work.tx, {weak.cve for _, weak in new})
    table = await table_in_force(work.tx, work.tenant_id)
    dates: dict[Weak, list[dict[str, Any]]] = {}
    for _, weak in new:
        if weak not in dates:
            dates[weak] = list(_dates(work, weak, listed.get(weak.cve), table))
    return [{"package_set": name, **weak.as_json(), **each} for name, weak in new for each in dates[weak]]


def _dates(work: Work, weak: Weak, listed_at: datetime | None, table: Table) -> Iterator[dict[str, Any]]:
    for exposure, internet_facing in EXPOSURES.items():
        row = {**weak.__dict__, "known_from": work.now, "internet_facing": internet_facing}
        due = due_columns(due_once(finding_of(row, listed_at), table), listed_at)
        yield {"exposure": exposure, **{name: _plain(value) for name, value in due.items()}}


def _plain(value: Any) -> Any:
    return value.isoformat() if hasattr(value, "isoformat") else value


def _key(row: Row) -> tuple[str, str, str]:
    return row["package_set"], row["cve"], row["package"]
