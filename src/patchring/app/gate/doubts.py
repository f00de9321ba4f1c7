"""What the gate has against devices of a rollout that do not have the patch yet: rings before them do not pass.

A facet that is held already keeps its own devices back, and the rest goes on. What is in doubt is a failure that is not
held yet, and a signal that cannot be read.
"""

from uuid import UUID

from patchring.app.gate.pool import seen_of
from patchring.app.gate.stopping import held_facets
from patchring.app.work import Work
from patchring.core.gate.facets import OWN
from patchring.core.gate.verdict import GateOutcome
from patchring.core.reason import Reason
from patchring.store import sql

DOUBTFUL = frozenset({GateOutcome.FAIL, GateOutcome.INCONCLUSIVE})


async def gate_doubts(work: Work, rollout_id: UUID, patch_key: str) -> list[tuple[int, Reason]]:
    """Sentences, each with the outermost ring that has devices of its facet."""
    parts = await work.tx.all(sql.gate.parts, {"tenant_id": work.tenant_id, "rollout_id": rollout_id})
    last_rings = {part["facet"]: part["last_ring"] for part in parts if part["facet"] != OWN.key}
    if not last_rings:
        return []
    seen = seen_of(await work.tx.all(sql.gate.evidence, {"patch_key": patch_key}))
    doubtful = {key: each for key, each in seen.items() if each.verdict.outcome in DOUBTFUL and key[0] in last_rings}
    if not doubtful:
        return []
    held = await held_facets(work.tx, patch_key, work.tenant_id, sorted(last_rings))
    found = [
        (last_rings[facet], each.told or each.verdict.reason)
        for (facet, _), each in doubtful.items()
        if facet not in held
    ]
    return sorted(found, key=lambda each: (each[0], each[1].text))
