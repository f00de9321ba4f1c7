"""A known issue that Patchring proposes by its own evidence: a patch failed somewhere, so a person should look.

It keeps nothing back until somebody confirms it: the client in which it failed has its hold and its stop already. It
names no client and no number: class and system of the devices that it failed on, as far as they set them apart.
"""

from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.kinds import facts_of_kind
from patchring.app.work import Work
from patchring.core.devices import PatchFacts
from patchring.core.policy.suspect import FIELDS, in_common
from patchring.store import sql
from patchring.store.ids import new_id

REASON = "it failed on devices that had it first"


async def propose_by_evidence(work: Work, rollout_id: UUID, patch: PatchFacts) -> None:
    """Once for a patch, while such a proposal stands."""
    key = {"tenant_id": work.tenant_id, "rollout_id": rollout_id, "fields": list(FIELDS)}
    rows = await work.tx.all(sql.rollouts.outcome_kinds, key)
    failed, well = (
        [facts_of_kind(row["kind"], work.tenant_id, internal=False) for row in rows if row["is_well"] is wanted]
        for wanted in (False, True)
    )
    issue_id = new_id(work.now)
    row = {
        "issue_id": issue_id,
        "name": patch.kb or patch.patch_key,
        "patches": Jsonb(_named(patch)),
        "devices": Jsonb({each.field: list(each.values) for each in in_common(failed, well)}),
        "reason": REASON,
        "source_kind": "evidence",
        "source": f"Patchring's own evidence, {work.now:%Y-%m-%d}",
        "release_when": "somebody has found out why",
        "fixed_in": "",
        "until_on": None,
        "state": "proposed",
        "at": work.now,
        "by": work.actor,
    }
    if await work.tx.execute(sql.known_issues.add, row) == 1:
        work.record("known_issue_proposed", "issue", issue_id, {"issue": row["name"], "reason": REASON})


def _named(patch: PatchFacts) -> dict[str, list[str]]:
    """This release and no other."""
    if patch.kb:
        return {"kb": [patch.kb]}
    return {"provider": [patch.provider], "package": [patch.name], "version": [patch.version]}
