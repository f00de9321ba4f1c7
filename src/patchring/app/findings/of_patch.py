"""What is known of one patch: what it settles, what it replaces, and what is said against it."""

from datetime import datetime
from typing import Any

from patchring.app.device_facts import patch_facts
from patchring.app.findings.cvss import score_of
from patchring.app.findings.exploited import settles
from patchring.app.known_issues.in_force import issues_about
from patchring.app.releases import RELEASES_MAX
from patchring.core.ids import TenantId
from patchring.core.policy.known_issues import told
from patchring.core.reason import as_json
from patchring.core.rollout.succession import Release, earlier_releases
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def known_of_patch(tx: Tx, tenant_id: TenantId, patch: Row, now: datetime) -> dict[str, Any]:
    """`cves`: open findings of this tenant that the patch settles, the exploited first, then the earliest due.
    `supersedes`: versions, or KBs, that it replaces as far as they are known here. `vendor_pages`: where the vendor
    writes of known issues."""
    updates = await tx.all(sql.windows.updates, {"kbs": [patch["kb"]]}) if patch["kb"] else []
    bodies = [row["body"] for row in updates]
    issues = await issues_about(tx, tenant_id, patch_facts(patch), now)
    return {
        "cves": await _cves(tx, tenant_id, patch),
        "supersedes": sorted({kb for body in bodies for kb in body["supersedes"]})
        or await _earlier(tx, tenant_id, patch),
        "known_issues": as_json(told(issue) for issue in issues),
        "vendor_pages": sorted({page for body in bodies for page in body["known_issues"]}),
    }


async def _cves(tx: Tx, tenant_id: TenantId, patch: Row) -> list[dict[str, Any]]:
    packages = sorted({patch["name"], patch["source"], patch["kb"]} - {""})
    found: dict[str, dict[str, Any]] = {}
    for row in await tx.all(sql.findings.of_packages, {"tenant_id": tenant_id, "packages": packages}):
        if settles(patch, row) and row["cve"] not in found:
            found[row["cve"]] = {**row, "cvss_tenths": score_of(row)}
    return list(found.values())


async def _earlier(tx: Tx, tenant_id: TenantId, patch: Row) -> list[str]:
    same = {"provider": patch["provider"], "name": patch["name"], "patch_id": patch["patch_id"], "limit": RELEASES_MAX}
    rows = await tx.all(sql.releases.of_update, {"tenant_id": tenant_id, **same})
    earlier = earlier_releases(patch_facts(patch), [Release(patch_facts(row), row["verified"]) for row in rows])
    return [each.patch.version for each in earlier]
