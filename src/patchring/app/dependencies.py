"""What has to come before a patch on one device: its offers and packages, planned by the relations of the policy."""

from typing import Any
from uuid import UUID

from patchring.app.device_facts import patch_facts
from patchring.core.devices import PatchFacts
from patchring.core.policy.bonds import Installed, Wanted
from patchring.core.policy.dependencies import plan
from patchring.core.policy.match import patch_misses
from patchring.core.policy.model import Policy
from patchring.core.reason import Reason
from patchring.store import sql
from patchring.store.transaction import Tx


async def dependencies_open(
    tx: Tx, tenant_id: UUID, device_id: UUID, patch: PatchFacts, policy: Policy
) -> tuple[Reason, ...]:
    """What keeps the patch from this device until something else happened there; empty: nothing.

    Works under the roles signer, web and staff. A policy whose relations do not mean this patch costs no query.
    """
    if all(patch_misses(relation.when, patch) for relation in policy.relations):
        return ()
    key = {"tenant_id": tenant_id, "device_id": device_id}
    offered = [Wanted(patch_facts(row)) for row in await tx.all(sql.permits.offered_to_device, key)]
    installed = [_installed(row) for row in await tx.all(sql.permits.installed_on_device, key)]
    wanted = {each.key: each for each in (*offered, Wanted(patch))}
    found = plan(wanted.values(), installed, policy.relations)
    first = next((each for each in found.order if each.patch_key == patch.patch_key), None)
    return first.reasons if first else found.blocked.get(patch.patch_key, ())


def _installed(row: dict[str, Any]) -> Installed:
    return Installed(row["provider"], row["name"], row["version"])
