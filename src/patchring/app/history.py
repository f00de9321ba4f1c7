"""What became of earlier releases of a patch's product, kept with the patch so that policies can ask for it."""

from collections.abc import Sequence
from uuid import UUID

from patchring.app.device_facts import patch_facts
from patchring.app.known_issues.in_force import issues_in_force
from patchring.app.work import Work
from patchring.core.devices import PatchFacts
from patchring.core.policy.known_issues import KnownIssue, about
from patchring.core.risk.history import Past, noise, product_of
from patchring.core.versions import KEYS, older, scheme_of
from patchring.store import sql
from patchring.store.transaction import Row

RELEASES_MAX = 1_000


async def keep_history(work: Work, patch_id: UUID) -> None:
    """Of a patch of this tenant, by the releases that the tenant itself knows and what all tenants saw of them."""
    key = {"tenant_id": work.tenant_id, "patch_id": patch_id}
    row = await work.tx.one(sql.rollouts.patch, key)
    patch = patch_facts(row)
    same = {"provider": patch.provider, "name": patch.name, "limit": RELEASES_MAX}
    others = [(patch_facts(each), each) for each in await work.tx.all(sql.releases.seen, {**key, **same})]
    issues = await issues_in_force(work.tx, work.tenant_id)
    found = noise([_past(work, facts, each, issues) for facts, each in _earlier(patch, patch_id, others)])
    history = found.text if found else ""
    if history != row["history"]:
        await work.tx.execute(sql.releases.set_history, {**key, "history": history})
        kind = "patch_noisy" if history else "patch_quiet"
        work.record(kind, "patch", patch_id, {"patch_key": patch.patch_key, "reason": history})


def _earlier(
    patch: PatchFacts, patch_id: UUID, others: Sequence[tuple[PatchFacts, Row]]
) -> list[tuple[PatchFacts, Row]]:
    """Newest first: by version; of Windows, whose numbers say nothing of an order, by when they were first seen."""
    product = product_of(patch)
    same = [(facts, row) for facts, row in others if product_of(facts) == product]
    if patch.update_id:
        before = [(facts, row) for facts, row in same if row["patch_id"] < patch_id]
        return sorted(before, key=lambda each: each[1]["patch_id"], reverse=True)
    scheme = scheme_of(patch.provider)
    before = [(facts, row) for facts, row in same if older(scheme, facts.version, patch.version)]
    return sorted(before, key=lambda each: KEYS[scheme](each[0].version), reverse=True)


def _past(work: Work, facts: PatchFacts, row: Row, issues: Sequence[KnownIssue]) -> Past:
    against = about(issues, facts, work.now)
    release = facts.kb or facts.version or facts.title
    return Past(release, row["verified_count"], row["failed_count"], against[0].name if against else "")
