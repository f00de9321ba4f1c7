"""The same evidence of one tenant's devices together: judged apart, kept with the tenant, holding nobody else."""

from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.gate.pool import Pool, seen_of
from patchring.app.work import Work
from patchring.core.gate.facets import OWN
from patchring.core.gate.replay import METHOD
from patchring.store import sql


@dataclass
class OwnPool(Pool):
    """One facet, of one rollout."""

    rollout_id: UUID | None = None

    async def write(self, work: Work) -> None:
        key = {"tenant_id": work.tenant_id, "rollout_id": self.rollout_id}
        rows = self.rows()
        if rows:
            await work.tx.execute(sql.gate.put_own, {**key, "rows": Jsonb(rows)})
        if self.records:
            given = {**key, "at": work.now, "code_version": METHOD, "rows": Jsonb(self.records)}
            await work.tx.execute(sql.gate.add_own_records, given)


async def load_own(work: Work, patch_key: str, rollout_id: UUID, era: int, devices: int, installed: int) -> OwnPool:
    """As it was, with the counts as they are."""
    row: dict[str, Any] = {"facet": OWN.key, "kind": OWN.kind.value, "ordinal": 1, "words": OWN.words, "era": era}
    row |= {"tenant_count": 1, "device_count": devices, "installed_count": installed}
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id, "era": era}
    rows = [
        {**kept, "facet": OWN.key, "tenant_count": int(bool(kept["evidence"]["events"])), "unread_count": 0}
        for kept in await work.tx.all(sql.gate.own, key)
    ]
    return OwnPool(patch_key, {OWN.key: row}, seen_of(rows), rollout_id=rollout_id)
