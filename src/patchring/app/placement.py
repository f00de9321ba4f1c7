"""Which devices a rollout takes, and into which ring each goes.

Rules are asked once for each kind of device: the devices that miss the patch are grouped by those of their facts that
the policy looks at, and the answer for a kind places all its devices in one statement.
"""

import json
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.decisions import Assessment
from patchring.app.work import Work
from patchring.core.devices import Criticality, DeviceClass, DeviceFacts
from patchring.core.ids import TenantId
from patchring.core.policy.decide import segment_of
from patchring.core.policy.exceptions import about, exception_for
from patchring.core.policy.model import Policy
from patchring.core.rollout.states import DeviceState
from patchring.store import sql

_NOBODY = UUID(int=0)


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
    exception in force keeps it from; when that ends, the next look at the patch lets them join.
    """
    internal = (await work.tx.value(sql.rollouts.tenant_kind, {"tenant_id": work.tenant_id})) == "operator"
    wanted = {"tenant_id": work.tenant_id, "patch_id": assessment.patch_id, "rollout_id": rollout_id}
    fields = _fields(assessment)
    rows = await work.tx.all(sql.rollouts.kinds, {**wanted, "fields": fields})
    kinds = []
    for row in rows:
        facts = _facts(json.loads(row["kind"]), work.tenant_id, internal)
        place = _place(assessment.policy, facts)
        excepted = exception_for(assessment.policy, assessment.patch, facts, work.now)
        if place is not None and place[0] in segments and excepted is None:
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


def _fields(assessment: Assessment) -> list[str]:
    """Those that rows of segments, and exceptions that name the patch, look at."""
    rows = [rule.when for rule in assessment.policy.segments]
    rows += [each.devices for each in about(assessment.policy, assessment.patch)]
    return sorted({condition.field for row in rows for condition in row})


def _place(policy: Policy, facts: DeviceFacts) -> tuple[str, int] | None:
    """Segment and ring of a kind; None: no segment takes it."""
    decision = segment_of(policy, facts)
    return (decision.segment.name, decision.ring) if decision.segment else None


def _facts(values: list[Any], tenant_id: TenantId, internal: bool) -> DeviceFacts:
    """What a kind says; facts that the policy does not look at are left at their defaults."""
    class_, roles, criticality, exposed, redundancy_group, groups, name, os_name, os_version, site, sacrificial = values
    return DeviceFacts(
        device_id=_NOBODY,
        tenant_id=tenant_id,
        site_id=_NOBODY,
        name=name or "",
        device_class=DeviceClass(class_ or DeviceClass.WORKSTATION),
        roles=frozenset(roles or ()),
        criticality=Criticality(criticality or Criticality.STANDARD),
        internet_facing=exposed,
        redundancy_group=redundancy_group,
        groups=frozenset(groups or ()),
        internal=internal,
        sacrificial=sacrificial,
        os_name=os_name or "",
        os_version=os_version or "",
        site=site or "",
    )
