"""Devices of a rollout that an exception or a known issue keeps the patch from, because it came after they were placed.

They stay where they are and are not offered the patch. When what keeps them back ends, they have their turn.
"""

from uuid import UUID

from patchring.app.kinds import facts_of_kind, fields_of, kept_back
from patchring.app.work import Work
from patchring.app.worker.view import Loaded
from patchring.core.policy.exceptions import about
from patchring.store import sql


async def devices_kept_back(work: Work, loaded: Loaded) -> list[UUID]:
    """Of those that wait or are offered it. Nothing is read while nothing names the patch."""
    assessment = loaded.assessment
    if not assessment.issues and not about(assessment.policy, assessment.patch):
        return []
    internal = (await work.tx.value(sql.rollouts.tenant_kind, {"tenant_id": work.tenant_id})) == "operator"
    wanted = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id, "fields": fields_of(assessment)}
    return [
        device_id
        for row in await work.tx.all(sql.rollouts.placed_kinds, wanted)
        if kept_back(assessment, facts_of_kind(row["kind"], work.tenant_id, internal))
        for device_id in row["device_ids"]
    ]
