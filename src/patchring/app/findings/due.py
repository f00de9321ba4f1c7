"""Due dates of findings: computed once for all that follow from the same, written where they changed, and told."""

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from datetime import UTC, date, datetime, time
from functools import lru_cache
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import read_policy_text
from patchring.app.findings.cvss import score_of
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.core.policy.model import Policy
from patchring.core.reason import as_json
from patchring.core.risk.due import Due, due_of
from patchring.core.risk.facts import Exposure, Finding, Vulnerability
from patchring.core.risk.tables import TABLES, DueTable, Table
from patchring.store import sql
from patchring.store.transaction import Row, Tx

CVES_TOLD_MAX = 20
DUE_KEPT_MAX = 20_000


async def set_due_dates(work: Work, device_ids: Sequence[UUID] | None) -> None:
    """Of the open findings of these devices (None: of the tenant), by what the catalogue says now."""
    which = {"tenant_id": work.tenant_id, "device_ids": list(device_ids) if device_ids is not None else None}
    whole = device_ids is None
    kinds = await work.tx.all(sql.findings.kinds_of_due, {**which, "at": work.now}, replan=whole)
    exploited = await exploited_since(work.tx, {row["cve"] for row in kinds})
    table = await table_in_force(work.tx, work.tenant_id)
    changed, told = [], Counter[tuple[str, str]]()
    for row in kinds:
        listed_at = exploited.get(row["cve"])
        due = due_once(finding_of(row, listed_at), table)
        now = due_columns(due, listed_at)
        before = {**row, "due_reasons": _read(row["due_reasons"])}
        if any(before[name] != value for name, value in now.items()):
            changed.append(_row(row, now))
            if before["due_reasons"]:  # it had a date before: people planned with it
                told[row["cve"], _words(row, due)] += row["device_count"]
    if changed:
        await work.tx.execute(sql.findings.set_due, {**which, "rows": Jsonb(changed)}, replan=whole)
    for (cve, words), count in sorted(told.items())[:CVES_TOLD_MAX]:
        work.record("due_date_changed", "cve", cve, {"cve": cve, "change": words, "device_count": count})


async def table_in_force(tx: Tx, tenant_id: TenantId) -> Table:
    """The table that the tenant's policy names; CISA's where there is no policy, or none that can be read."""
    row = await tx.maybe(sql.permits.policy_in_force, {"tenant_id": tenant_id})
    policy = read_policy_text(row["text"]) if row else None
    return TABLES[policy.due_dates if isinstance(policy, Policy) else DueTable.BOD_26_04]


@lru_cache(DUE_KEPT_MAX)
def _read(reasons: str) -> Any:
    """Many findings have the same reasons in the same words."""
    return json.loads(reasons)


@lru_cache(DUE_KEPT_MAX)
def due_once(finding: Finding, table: Table) -> Due:
    """The same follows from the same: it is asked for many sets, and again by the next look at the catalogue."""
    return due_of(finding, table)


def due_columns(due: Due, listed_at: datetime | None) -> dict[str, Any]:
    """What a finding keeps of its due date."""
    return {"exploited_at": listed_at, "due_at": due.at, "triage": due.triage, "due_reasons": as_json(due.reasons)}


async def exploited_since(tx: Tx, cves: set[str]) -> dict[str, datetime]:
    """Midnight UTC of the day on which each was listed."""
    rows = await tx.all(sql.findings.exploited, {"cves": sorted(cves)})
    return {row["cve"]: datetime.combine(date.fromisoformat(row["listed_on"]), time(), UTC) for row in rows}


def finding_of(row: Mapping[str, Any], listed_at: datetime | None) -> Finding:
    """`row` has the columns of `finding`, and `internet_facing` of its device."""
    vulnerability = Vulnerability(
        row["cve"],
        exploited_at=listed_at,
        cvss_tenths=score_of(row),
        vector=row["vector"],
        severity=row["severity"],
    )
    return Finding(vulnerability, Exposure(row["internet_facing"]), row["known_from"], row["fixable_at"])


def _row(row: Row, now: Mapping[str, Any]) -> dict[str, Any]:
    names = ("cve", "known_from", "fixable_at", "severity", "vector", "cvss_tenths", "internet_facing")
    whole = {name: row[name] for name in names} | dict(now)
    return {name: each.isoformat() if isinstance(each, datetime) else each for name, each in whole.items()}


def _words(row: Row, due: Due) -> str:
    """From when to when, and why."""
    before = f"{row['due_at']:%Y-%m-%d}" if row["due_at"] else "the next upgrade"
    after = f"{due.at:%Y-%m-%d}" if due.at else "the next upgrade"
    because = (
        "no longer listed as exploited" if row["exploited_at"] and not due.inputs.exploited else due.reasons[1].text
    )
    return f"due {after} instead of {before}: {because}"
