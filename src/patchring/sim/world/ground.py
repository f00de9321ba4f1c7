"""What there is before anything happens: tenants with keys, roots, sites and signed policies, and enrolled devices.

Rows are written as the use cases write them, into whatever keeps tables (`Tables`): PostgreSQL or memory.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Protocol
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.policies import wire_grants
from patchring.core.ids import DeviceId, TenantId
from patchring.policyfile import fingerprint, load
from patchring.sim.roster import Place
from patchring.sim.world.scenario import WorldTenant
from patchring.store.ids import new_id
from patchring.wire.authority import PolicyStatement, Root
from patchring.wire.codec import encode
from patchring.wire.signing import SigningKey
from patchring.wire.signing import fingerprint as key_fingerprint

LATER = timedelta(days=365)


class Tables(Protocol):
    """Tables behind the back of every role: to lay the ground, and to look at the end."""

    def insert(self, table: str, row: Mapping[str, Any]) -> None: ...

    def rows(self, table: str) -> list[dict[str, Any]]: ...


@dataclass(frozen=True)
class GroundDevice:
    place: Place
    device_id: DeviceId
    key: SigningKey


@dataclass(frozen=True)
class GroundTenant:
    """`pinned_root` is what its devices were given with their token."""

    told: WorldTenant
    tenant_id: TenantId
    site_id: UUID
    approval_key: SigningKey
    pinned_root: str
    devices: tuple[GroundDevice, ...]


def lay_tenant(tables: Tables, told: WorldTenant, permit_key: SigningKey, seed: int, now: datetime) -> GroundTenant:
    tenant, tenant_id, site_id = told.tenant, TenantId(new_id(now)), new_id(now)
    root_key, approval_key = _key(seed, tenant.slug, "root"), _key(seed, tenant.slug, "approval")
    own = {"tenant_id": tenant_id}
    tables.insert("tenant", {**own, "slug": tenant.slug, "name": tenant.name, "kind": tenant.kind, "created_at": now})
    tables.insert("tenant_directory", {**own, "slug": tenant.slug})
    site = {**own, "site_id": site_id, "name": tenant.site, "zone": tenant.zone, "created_at": now}
    tables.insert("site", site)
    root = Root(
        kind="root",
        tenant_id=str(tenant_id),
        version=1,
        root_keys=[root_key.public],
        root_threshold=1,
        approval_keys=[approval_key.public],
        approval_threshold=1,
        permit_keys=[permit_key.public],
        expires_at_ms=_milliseconds(now + LATER),
    )
    document = Jsonb(encode(root_key.sign_document(encode(root))))
    tables.insert("tenant_root", {**own, "version": 1, "document": document, "created_at": now})
    _lay_policy(tables, told, tenant_id, approval_key, now)
    devices = tuple(_lay_device(tables, tenant_id, site_id, place, seed, now) for place in tenant.places)
    return GroundTenant(told, tenant_id, site_id, approval_key, key_fingerprint(root_key.public), devices)


def _lay_policy(tables: Tables, told: WorldTenant, tenant_id: TenantId, key: SigningKey, now: datetime) -> None:
    version_id, text = new_id(now), told.policy
    statement = PolicyStatement(
        kind="policy",
        tenant_id=str(tenant_id),
        policy_version_id=str(version_id),
        version=1,
        fingerprint=fingerprint(text),
        grants=wire_grants(load(text)),
        issued_at_ms=_milliseconds(now),
        expires_at_ms=_milliseconds(now + LATER),
    )
    row = {"tenant_id": tenant_id, "policy_version_id": version_id, "version": 1, "text": text}
    signed = {"fingerprint": fingerprint(text), "statement": Jsonb(encode(key.sign_document(encode(statement))))}
    tables.insert("policy_version", {**row, **signed, "created_at": now, "created_by": "ada"})


def _lay_device(
    tables: Tables, tenant_id: TenantId, site_id: UUID, place: Place, seed: int, now: datetime
) -> GroundDevice:
    key, ids = _key(seed, place.name, "device"), {"tenant_id": tenant_id, "device_id": DeviceId(new_id(now))}
    kind = place.kind
    row = {
        **ids,
        "site_id": site_id,
        "name": place.name,
        "public_key": key.public,
        "enrolled_at": now,
        "class": kind.device_class,
        "roles": list(kind.roles),
        "criticality": kind.criticality,
        "redundancy_group": place.redundancy or None,
        "os_name": kind.os[0],
        "os_version": kind.os[1],
        "architecture": "x64",
    }
    tables.insert("device", row)
    tables.insert("device_contact", {**ids, "session_epoch": 1})
    return GroundDevice(place, DeviceId(ids["device_id"]), key)


def _key(seed: int, owner: str, what: str) -> SigningKey:
    return SigningKey.from_seed(hashlib.sha256(f"{seed}/{owner}/{what}".encode()).digest())


def _milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)
