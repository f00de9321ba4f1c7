"""From a scan to what the tables say of a device: its facts, the patches it is offered, and which of them it misses.

Everything is set-based: one parameter with all rows, a handful of statements, whatever the length of the scan.
"""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.work import Work
from patchring.core.ids import DeviceId
from patchring.store import sql
from patchring.store.ids import new_id
from patchring.wire.messages import Scan, Update


def patch_key(provider: str, name: str, version: str, update_id: str = "") -> str:
    """The name of a patch that is the same for every tenant: by update id where the platform has one."""
    return f"{provider}:{update_id}" if update_id else f"{provider}:{name}={version}"


async def apply_scan(work: Work, device_id: DeviceId, scan: Scan) -> list[UUID]:
    """Write facts, patches and what is missing; the patches (ids) of which this device misses more or less now."""
    rows = Jsonb(update_rows(work, scan.updates))
    at = {"tenant_id": work.tenant_id, "at": work.now, "rows": rows}
    await work.tx.execute(sql.inventory.device_facts, _facts(work, device_id, scan))
    await work.tx.execute(sql.inventory.add_patches, at)
    changed = await work.tx.all(sql.inventory.raise_security, {"tenant_id": work.tenant_id, "rows": rows})
    changed += await work.tx.all(sql.inventory.close_missing, {**at, "device_id": device_id})
    changed += await work.tx.all(sql.inventory.open_missing, {**at, "device_id": device_id})
    changed += await work.tx.all(
        sql.inventory.move_held_back, {"tenant_id": work.tenant_id, "device_id": device_id, "rows": rows}
    )
    return sorted({row["patch_id"] for row in changed})


def update_rows(work: Work, updates: Sequence[Update]) -> list[dict[str, Any]]:
    """One row for each patch. A library that is offered for several architectures is one patch; the first counts."""
    rows: dict[str, dict[str, Any]] = {}
    for update in updates:
        package = update.package
        key = patch_key(package.provider, package.name, package.version, update.update_id)
        if key not in rows:
            rows[key] = {"patch_id": str(new_id(work.now)), "patch_key": key, **_update_row(update)}
    return list(rows.values())


def _update_row(update: Update) -> dict[str, Any]:
    package = update.package
    return {
        "provider": package.provider,
        "name": package.name,
        "version": package.version,
        "architecture": package.architecture,
        "installed_version": update.installed_version,
        "held_back": update.held_back,
        "title": update.title or f"{package.name} {package.version}",
        "source": update.source,
        "origin": update.origin,
        "label": update.label,
        "suite": update.suite,
        "security": update.security,
        "type": update.type,
        "classification": update.classification,
        "reboot": update.reboot,
        "size_bytes": update.size_bytes,
        "kb": update.kb,
        "update_id": update.update_id,
    }


def _facts(work: Work, device_id: DeviceId, scan: Scan) -> dict[str, Any]:
    facts = scan.facts
    return {
        "tenant_id": work.tenant_id,
        "device_id": device_id,
        "os_name": facts.os_name,
        "os_version": facts.os_version,
        "architecture": facts.architecture,
    }
