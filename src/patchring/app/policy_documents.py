"""The policy in force as a document: loaded here, made in `report`."""

from dataclasses import dataclass
from datetime import UTC, date, tzinfo

from patchring.app.caller import Caller
from patchring.app.errors import NotFound
from patchring.app.policies import check_policy
from patchring.core.ids import TenantId
from patchring.policyfile import zone
from patchring.report.model import Document
from patchring.report.policy import Edition, policy_document
from patchring.store import sql


@dataclass(frozen=True)
class Printed:
    """A document and the name of a file for it, without its ending."""

    document: Document
    file_name: str


async def print_policy(
    caller: Caller, tenant_id: TenantId, version: int | None, dates_from: date | None, provider: str = ""
) -> Printed:
    """A version (None: the one in force) as a document; without `dates_from` the dates are those after it came into
    force, so that one version is always printed alike.

    Raises NotFound (policy_not_found), Invalid (policy_invalid) for a text that this program no longer reads.
    """
    async with caller.reading(tenant_id) as tx:
        row = await tx.maybe(sql.policy_fleet.edition, {"tenant_id": tenant_id, "version": version})
    if row is None:
        which = f"policy version {version}" if version else "policy"
        raise NotFound(f"the tenant has no {which}; sign one with `patchring policy apply`", kind="policy_not_found")
    local: tzinfo = zone(row["zone"]) if row["zone"] else UTC
    in_force_on = row["created_at"].astimezone(local).date()
    edition = Edition(
        policy=check_policy(row["text"], f"policy version {row['version']}"),
        client=row["tenant_name"],
        dates_from=dates_from or in_force_on,
        version=row["version"],
        in_force_on=in_force_on,
        provider=provider,
        zone=local,
    )
    return Printed(policy_document(edition), f"update-policy-version-{row['version']}")
