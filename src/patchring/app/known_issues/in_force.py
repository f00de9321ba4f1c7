"""What stands for a tenant, read for whoever decides: worker, signer, explanation, comparison."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.ids import TenantId
from patchring.core.policy.condition import Condition
from patchring.core.policy.known_issues import KnownIssue, about, safeguards
from patchring.core.reason import Reason
from patchring.store import sql
from patchring.store.transaction import Row, Tx


async def issues_in_force(tx: Tx, tenant_id: TenantId) -> list[KnownIssue]:
    """All that the tenant did not set aside."""
    return [issue_of(row) for row in await tx.all(sql.known_issues.in_force, {"tenant_id": tenant_id})]


async def issues_about(tx: Tx, tenant_id: TenantId, patch: PatchFacts, now: datetime) -> Sequence[KnownIssue]:
    """Those that name the patch and count now, whatever the device."""
    return about(await issues_in_force(tx, tenant_id), patch, now)


async def known_issues_of(
    tx: Tx, tenant_id: TenantId, patch: PatchFacts, device: DeviceFacts, now: datetime
) -> list[Reason]:
    """Why the patch is kept from the device."""
    return safeguards(await issues_in_force(tx, tenant_id), patch, device, now)


def issue_of(row: Row) -> KnownIssue:
    """`row` has the columns of `known_issue`."""
    return KnownIssue(
        issue_id=row["issue_id"],
        name=row["name"],
        patches=_conditions(row["patches"]),
        devices=_conditions(row["devices"]),
        reason=row["reason"],
        source=row["source"],
        release_when=row["release_when"],
        fixed_in=row["fixed_in"],
        until_on=row["until_on"],
    )


def _conditions(kept: Mapping[str, Sequence[str]]) -> tuple[Condition, ...]:
    return tuple(Condition(field, tuple(values)) for field, values in sorted(kept.items()))
