"""Findings of devices: opened when an advisory holds, closed when the device itself shows otherwise.

A feed that shrinks or vanishes closes nothing. What an advisory says otherwise than before, while its feed still has
it, counts: that is a correction of its author.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.findings.advice import SHARED
from patchring.app.findings.due import set_due_dates
from patchring.app.findings.exploited import mark_exploited_patches
from patchring.app.findings.matching import Inventory, Weak
from patchring.app.findings.sets import keep_findings_of_sets
from patchring.app.findings.windows import keep_windows_findings
from patchring.app.work import Work
from patchring.store import sql
from patchring.store.transaction import Row


async def keep_findings_of_device(work: Work, device_id: UUID) -> None:
    """After a scan of one device."""
    row = await work.tx.maybe(sql.findings.inventory, {"tenant_id": work.tenant_id, "device_id": device_id})
    if row is None:
        return
    inventory, name, advice = Inventory.of(row), row["package_set"], await SHARED.now(work.tx)
    weak = advice.known(name)
    if weak is None:
        weak = (await advice.of_sets(work.tx, {name: inventory}))[name]
    await _keep(work, inventory, weak, device_id)
    await keep_windows_findings(work, [device_id])
    await set_due_dates(work, [device_id])
    await mark_exploited_patches(work)


async def keep_findings_of_tenant(work: Work) -> None:
    """After a change of the catalogue: each distinct set of packages once, whatever the number of its devices."""
    await keep_findings_of_sets(work, await SHARED.now(work.tx))
    await keep_windows_findings(work, None)
    await set_due_dates(work, None)
    await mark_exploited_patches(work)


async def _keep(work: Work, inventory: Inventory, weak: Sequence[Weak], device_id: UUID) -> None:
    """The device has this inventory."""
    devices = {"tenant_id": work.tenant_id, "device_ids": [device_id]}
    is_open = await work.tx.all(sql.findings.open_of, devices)
    over = await _over(work, inventory, weak, is_open)
    if over:
        rows = [{"cve": row["cve"], "package": row["package"]} for row in over]
        await work.tx.execute(sql.findings.close, {**devices, "rows": Jsonb(rows), "at": work.now})
    if weak:
        said = Jsonb([each.as_json() for each in weak])
        await work.tx.execute(sql.findings.renew, {**devices, "rows": said})
        await work.tx.execute(sql.findings.open, {**devices, "rows": said, "at": work.now})


async def _over(work: Work, inventory: Inventory, weak: Sequence[Weak], is_open: Sequence[Row]) -> list[Row]:
    """Open findings that hold no longer, by the device or by a corrected advisory."""
    holds = {each.key for each in weak}
    absent = [row for row in is_open if (row["cve"], row["package"]) not in holds]
    keys: dict[str, Any] = {"keys": sorted({row["advisory_id"] for row in absent})}
    said = {row["key"] for row in await work.tx.all(sql.findings.advisories_now, keys)} if absent else set()
    return [row for row in absent if row["advisory_id"] in said or inventory.shows_fixed(row)]
