"""Which devices a rollout takes, and into which ring each goes.

Rules are asked once for each kind of device: the devices that miss the patch are grouped by those of their facts that
the policy looks at, and the answer for a kind places all its devices in one statement.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment
from patchring.app.kinds import facts_of_kind, fields_of, kept_back
from patchring.app.work import Work
from patchring.core.devices import DeviceFacts
from patchring.core.policy.decide import segment_of
from patchring.core.policy.model import Policy
from patchring.core.rollout.states import DeviceState
from patchring.store import sql


@dataclass(frozen=True)
class Placed:
    """Devices that were added, by ring and segment."""

    counts: Mapping[tuple[int, str], int]

    @property
    def device_count(self) -> int:
        return sum(self.counts.values())


@dataclass(frozen=True)
class Places:
    """Where kinds of devices go: rows of kind, segment and ring. `fields` are those that a kind is made of."""

    patch_id: UUID
    rollout_id: UUID
    fields: list[str]
    kinds: list[dict[str, Any]]


async def find_places(work: Work, assessment: Assessment, rollout_id: UUID, segments: Collection[str]) -> Places:
    """The places of the devices of these segments that miss the patch and are not in the rollout yet.

    Devices that only observe have none, nor have those whose package manager holds the patch back, nor those that an
    exception in force or a known issue keeps it from; when that ends, the next look at the patch lets them join.
    """
    internal = (await work.tx.value(sql.rollouts.tenant_kind, {"tenant_id": work.tenant_id})) == "operator"
    wanted = {"tenant_id": work.tenant_id, "patch_id": assessment.patch_id, "rollout_id": rollout_id}
    fields = fields_of(assessment)
    rows = await work.tx.all(sql.rollouts.kinds, {**wanted, "fields": fields})
    kinds = []
    for row in rows:
        facts = facts_of_kind(row["kind"], work.tenant_id, internal)
        place = _place(assessment.policy, facts)
        if place is not None and place[0] in segments and not kept_back(assessment, facts):
            kinds.append({"kind": row["kind"], "segment": place[0], "ring": place[1]})
    return Places(assessment.patch_id, rollout_id, fields, kinds)


async def fill_places(work: Work, places: Places) -> Placed:
    """Put the devices there; the rollout and its rings have to exist."""
    wanted = {"tenant_id": work.tenant_id, "patch_id": places.patch_id, "rollout_id": places.rollout_id}
    first = {"state": DeviceState.WAITING, "at": work.now}
    kinds = {"fields": places.fields, "kinds": Jsonb(places.kinds)}
    added = await work.tx.all(sql.rollouts.place_devices, {**wanted, **first, **kinds})
    grown = {"tenant_id": work.tenant_id, "rollout_id": places.rollout_id, "rows": Jsonb(added)}
    await work.tx.execute(sql.rollouts.grow_rings, {**grown, "state": DeviceState.WAITING})
    return Placed({(row["ring"], row["segment"]): row["device_count"] for row in added})


def _place(policy: Policy, facts: DeviceFacts) -> tuple[str, int] | None:
    """Segment and ring of a kind; None: no segment takes it."""
    decision = segment_of(policy, facts)
    return (decision.segment.name, decision.ring) if decision.segment else None
