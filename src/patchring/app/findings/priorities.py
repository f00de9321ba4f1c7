"""What a tenant does first: one line for each CVE, in the order of core's `priority`, with every factor."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from datetime import datetime
from itertools import groupby
from typing import Any

from patchring.app.caller import Caller
from patchring.app.findings.cvss import score_of
from patchring.app.findings.due import table_in_force
from patchring.core.devices import Criticality
from patchring.core.ids import TenantId
from patchring.core.reason import as_json
from patchring.core.risk.due import due_of
from patchring.core.risk.facts import Exposure, Finding, Vulnerability
from patchring.core.risk.priority import Ranked, ranked
from patchring.store import sql
from patchring.store.transaction import Row, Tx

_RANK = {each: rank for rank, each in enumerate(Criticality)}


async def list_priorities(caller: Caller, tenant_id: TenantId, limit: int) -> list[dict[str, Any]]:
    """The first `limit` lines: what is exploited, then what is overdue, exposed, automatable and so on."""
    async with caller.reading(tenant_id) as tx:
        return await order_of_work(tx, tenant_id, caller.services.clock.now(), limit)


async def order_of_work(tx: Tx, tenant_id: TenantId, now: datetime, limit: int) -> list[dict[str, Any]]:
    """The same inside a transaction."""
    rows = await tx.all(sql.findings.ranked_kinds, {"tenant_id": tenant_id})
    of_cve = {cve: list(found) for cve, found in groupby(rows, key=lambda row: str(row["cve"]))}
    worst = [_worst(found) for found in of_cve.values()]
    table = await table_in_force(tx, tenant_id)
    order = ranked([(finding, due_of(finding, table)) for finding in worst], now)
    return [_told(place, each, of_cve[each.finding.vulnerability.cve]) for place, each in enumerate(order[:limit], 1)]


def _worst(rows: Sequence[Row]) -> Finding:
    """One finding for all devices that have it: as exposed and as critical as the worst of them, found by the first."""
    first = min(rows, key=lambda row: row["found_at"])
    exposure = Exposure(
        _facing(row["internet_facing"] for row in rows), max(map(_criticality, rows), key=_RANK.__getitem__)
    )
    vulnerability = Vulnerability(
        first["cve"],
        exploited_at=min((row["exploited_at"] for row in rows if row["exploited_at"]), default=None),
        cvss_tenths=max((score for row in rows if (score := score_of(row)) is not None), default=None),
        vector=max(row["vector"] for row in rows),
        severity=max(row["severity"] for row in rows),
        epss_millionths=first["epss_millionths"],
    )
    count = sum(row["device_count"] for row in rows)
    finding = Finding(vulnerability, exposure, first["found_at"], min(row["fixable_at"] for row in rows))
    return replace(finding, device_count=count)


def _facing(said: Iterable[bool | None]) -> bool | None:
    """Yes where one is; unknown where nobody said of one; no where all are not."""
    every = set(said)
    return True if True in every else None if None in every else False


def _criticality(row: Row) -> Criticality:
    return Criticality(row["criticality"])


def _told(place: int, each: Ranked, rows: Sequence[Row]) -> dict[str, Any]:
    finding, due = each.finding, each.due
    return {
        "place": place,
        "cve": finding.vulnerability.cve,
        "packages": sorted({name for row in rows for name in row["packages"]}),
        "device_count": finding.device_count,
        "device_name": min(row["device_name"] for row in rows),
        "found_at": finding.found_at,
        "due_at": due.at,
        "triage": due.triage,
        "why": each.why,
        "factors": [{"name": f.name, "rank": f.rank, "text": f.text} for f in each.factors],
        "reasons": as_json(due.reasons),
    }
