"""Which devices the gate keeps from being offered a patch now: those of held facets, and all but one of slowed ones.

The permit asks again by itself; an offer that was made before is withdrawn here, and would be refused there.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from uuid import UUID

from patchring.app.gate.stopping import held_facets
from patchring.app.gate.telling import SLOWER
from patchring.app.work import Work
from patchring.core.gate.facets import OWN
from patchring.core.reason import Reason, reason
from patchring.store import sql


@dataclass(frozen=True)
class Gated:
    """`held` wait, and give back what they were offered, for `reasons`; `slowed` wait until another of them is done.
    `facets`: those that are held, with their words."""

    held: tuple[UUID, ...] = ()
    slowed: tuple[UUID, ...] = ()
    reasons: tuple[Reason, ...] = ()
    facets: Mapping[str, str] | None = None


NOT_GATED = Gated()


async def gated(work: Work, rollout_id: UUID, patch_key: str) -> Gated:
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id}
    parts = {row["facet"]: row for row in await work.tx.all(sql.gate.parts, key)}
    if not parts:
        return NOT_GATED
    stops = await held_facets(work.tx, patch_key, work.tenant_id, list(parts))
    slower = [facet for facet, part in parts.items() if part["told"] == SLOWER and facet not in stops]
    held, slowed = [], []
    if stops:
        given = {**key, "facets": sorted(stops), "every": OWN.key in stops}
        held = [row["device_id"] for row in await work.tx.all(sql.gate.of_facets, given)]
    if slower:
        slowed = [row["device_id"] for row in await work.tx.all(sql.gate.slowed, {**key, "facets": sorted(slower)})]
    reasons = tuple(reason("gate_held", str(stops[facet]["reason"])) for facet in sorted(stops))
    words = {facet: str(parts[facet]["words"]) for facet in sorted(stops)}
    return Gated(tuple(held), tuple(slowed), reasons, words)
