"""A tenant with keys, a signed policy, devices and a running rollout, written straight into the tables.

What it writes is what the use cases write; tests of one room need not run all the others to get there.
"""

import itertools
import secrets
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.types.json import Jsonb

from patchring.core.ids import DeviceId, TenantId
from patchring.core.policy.grants import grants
from patchring.policyfile import fingerprint, load
from patchring.store.ids import new_id
from patchring.wire.authority import (
    ApprovalStatement,
    ApprovedPackage,
    Grant,
    PolicyStatement,
    Root,
    plan_digest,
)
from patchring.wire.codec import encode
from patchring.wire.messages import Change, PermitRequest, Plan
from patchring.wire.signing import SignedDocument, SigningKey

POLICY = """
patchring: 1
title: Test
automation: automatic
rings:
  - {name: first, soak: {time: 10s, verified: 1}, at_once: 1000}
  - {name: second, soak: {time: 10s, verified: 1}, at_once: 1000}
windows:
  any time: {any_time: true}
segments:
  - {name: everything, ring: 1, window: any time, remedy: back}
approvals:
  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}
on_failure: {failed_max: 0, halt: patch}
remedies:
  back: {steps: [return_to_prior]}
overrides:
  no_soak: {by: [Ada, Grace], reason: tests do not wait}
"""
LATER = timedelta(days=365)


@dataclass
class SceneDevice:
    device_id: DeviceId
    key: SigningKey
    action_id: UUID


@dataclass
class Scene:
    """One tenant and one rollout of `demo 1.1` in ring 1; `devices` are offered it."""

    connection: psycopg.Connection[Any]
    now: datetime = field(default_factory=lambda: datetime.now(UTC))
    policy_text: str = POLICY
    tenant_kind: str = "client"
    slug: str = "northwind"
    root_key: SigningKey = field(default_factory=SigningKey.generate)
    approval_key: SigningKey = field(default_factory=SigningKey.generate)
    permit_key: SigningKey = field(default_factory=SigningKey.generate)
    devices: list[SceneDevice] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.tenant_id = TenantId(new_id(self.now))
        self.request_numbers = itertools.count(1)
        self.site_id, self.patch_id, self.policy_version_id = (new_id(self.now) for _ in range(3))
        self.campaign_id, self.rollout_id = new_id(self.now), new_id(self.now)
        self.patch_key = f"apt:demo-{self.slug}=1.1"
        self._tenant()
        self._policy()
        self._rollout()

    def insert(self, table: str, rows: Sequence[dict[str, Any]]) -> None:
        """Rows with the same keys, as the superuser."""
        columns = list(rows[0])
        marks = ", ".join(f"%({c})s" for c in columns)
        statement = f"insert into patchring.{table} ({', '.join(columns)}) values ({marks})"  # noqa: S608 - constants
        with self.connection.cursor() as cursor:
            cursor.executemany(statement, rows)

    def add_devices(self, count: int, **columns: Any) -> list[SceneDevice]:
        """Devices of the rollout, each with an offered action."""
        added = [SceneDevice(DeviceId(new_id(self.now)), SigningKey.generate(), new_id(self.now)) for _ in range(count)]
        own = {"tenant_id": self.tenant_id}
        at = {"state_at": self.now}
        self.insert(
            "device",
            [
                {
                    **own,
                    "device_id": d.device_id,
                    "site_id": self.site_id,
                    "name": f"pc-{n}",
                    "public_key": d.key.public,
                }
                | {"enrolled_at": self.now}
                | columns
                for n, d in enumerate(added, len(self.devices))
            ],
        )
        self.insert("device_contact", [{**own, "device_id": d.device_id} for d in added])
        place = {**own, "rollout_id": self.rollout_id}
        self.insert(
            "rollout_device",
            [
                {**place, **at, "device_id": d.device_id, "ring": 1, "position": n, "segment": "everything"}
                | {"state": "offered", "action_id": d.action_id, "from_version": "1.0"}
                for n, d in enumerate(added)
            ],
        )
        packages = Jsonb([{"provider": "apt", "name": "demo", "version": "1.1", "architecture": ""}])
        self.insert(
            "action",
            [
                {**place, **at, "action_id": d.action_id, "device_id": d.device_id, "kind": "install"}
                | {"purpose": "patch", "packages": packages, "title": "demo", "state": "offered"}
                | {"created_at": self.now}
                for d in added
            ],
        )
        self.devices += added
        return added

    def approve(self, packages: Sequence[tuple[str, str]] = (("demo", "1.1"),)) -> None:
        """A signed approval of the patch for all segments."""
        approval_id = new_id(self.now)
        statement = ApprovalStatement(
            kind="approval",
            tenant_id=str(self.tenant_id),
            approval_id=str(approval_id),
            actions=["install"],
            packages=[ApprovedPackage("apt", name, version) for name, version in packages],
            segments=[],
            policy_fingerprint=fingerprint(self.policy_text),
            reason="looked at",
            issued_at_ms=milliseconds(self.now),
            expires_at_ms=milliseconds(self.now + LATER),
        )
        row = {"tenant_id": self.tenant_id, "approval_id": approval_id, "patch_id": self.patch_id}
        signed = Jsonb(encode(self.approval_key.sign_document(encode(statement))))
        decided = {"decision": "approve", "reason": "looked at", "decided_at": self.now, "decided_by": "ada"}
        self.insert("approval", [{**row, **decided, "statement": signed, "expires_at": self.now + LATER}])

    def set(self, table: str, **columns: Any) -> None:
        """Change columns of every row of the tenant in a table."""
        changes = ", ".join(f"{name} = %({name})s" for name in columns)
        statement = f"update patchring.{table} set {changes} where tenant_id = %(tenant_id)s"  # noqa: S608 - constants
        self.connection.execute(statement, {**columns, "tenant_id": self.tenant_id})

    def request(self, device: SceneDevice, **changed: Any) -> PermitRequest:
        """What the device's agent would send, signed with its key; `changed` replaces fields before signing."""
        fields: dict[str, Any] = {
            "tenant_id": str(self.tenant_id),
            "device_id": str(device.device_id),
            "action_id": str(device.action_id),
            "action": "install",
            "nonce": secrets.token_hex(16),
            "number": next(self.request_numbers),
            "made_at_ms": milliseconds(self.now),
            "boot_id": "boot-1",
            "plan": PLAN,
        }
        fields |= changed
        unsigned = PermitRequest(**fields, signature="")
        said = {name: value for name, value in encode(unsigned).items() if name != "signature"}
        return PermitRequest(**fields, signature=device.key.sign("permit-request", said))

    def count(self, table: str, where: str = "true") -> int:
        """Rows of the tenant in a table."""
        statement = f"select count(*) from patchring.{table} where tenant_id = %s and {where}"  # noqa: S608 - constants
        row = self.connection.execute(statement, [self.tenant_id]).fetchone()
        assert row is not None
        return int(row[0])

    def _tenant(self) -> None:
        own = {"tenant_id": self.tenant_id}
        named = {"slug": self.slug, "name": self.slug.title(), "kind": self.tenant_kind}
        self.insert("tenant", [{**own, **named, "created_at": self.now}])
        self.insert("tenant_directory", [{**own, "slug": self.slug}])
        root = Root(
            kind="root",
            tenant_id=str(self.tenant_id),
            version=1,
            root_keys=[self.root_key.public],
            root_threshold=1,
            approval_keys=[self.approval_key.public],
            approval_threshold=1,
            permit_keys=[self.permit_key.public],
            expires_at_ms=milliseconds(self.now + LATER),
        )
        self.root_document = self.root_key.sign_document(encode(root))
        document = Jsonb(encode(self.root_document))
        self.insert("tenant_root", [{**own, "version": 1, "document": document, "created_at": self.now}])
        site = {"site_id": self.site_id, "name": "Head office", "zone": "Europe/Berlin", "created_at": self.now}
        self.insert("site", [{**own, **site}])

    def _policy(self) -> None:
        statement = signed_policy(
            self.tenant_id, self.policy_version_id, 1, self.policy_text, self.approval_key, self.now
        )
        row = {"tenant_id": self.tenant_id, "policy_version_id": self.policy_version_id, "version": 1}
        made = {"created_at": self.now, "created_by": "ada", "statement": Jsonb(encode(statement))}
        text = {"text": self.policy_text, "fingerprint": fingerprint(self.policy_text)}
        self.insert("policy_version", [{**row, **made, **text}])

    def _rollout(self) -> None:
        own = {"tenant_id": self.tenant_id}
        patch = {"patch_id": self.patch_id, "patch_key": self.patch_key, "provider": "apt", "name": "demo"}
        facts = {"version": "1.1", "title": "demo 1.1", "origin": "Debian", "type": "os", "classification": "security"}
        self.insert("patch", [{**own, **patch, **facts, "reboot": "never", "known_from": self.now}])
        campaign = {"campaign_id": self.campaign_id, "patch_key": self.patch_key}
        self.insert("campaign", [{**campaign, "created_at": self.now, "created_by": "ada"}])
        rollout = {"rollout_id": self.rollout_id, "campaign_id": self.campaign_id, "patch_id": self.patch_id}
        state = {"state": "running", "state_at": self.now, "reasons": Jsonb([]), "created_at": self.now}
        by = {"policy_version_id": self.policy_version_id, "created_by": "ada"}
        self.insert("rollout", [{**own, **rollout, **state, **by}])
        for ring, ring_state in ((0, "passed"), (1, "open")):
            row = {"rollout_id": self.rollout_id, "ring": ring, "name": f"ring {ring}", "state": ring_state}
            self.insert("rollout_ring", [{**own, **row, "state_at": self.now}])


def signed_policy(
    tenant_id: UUID, policy_version_id: UUID, version: int, text: str, key: SigningKey, now: datetime
) -> SignedDocument:
    """A policy version as the operator's command line signs it."""
    statement = PolicyStatement(
        kind="policy",
        tenant_id=str(tenant_id),
        policy_version_id=str(policy_version_id),
        version=version,
        fingerprint=fingerprint(text),
        grants=[
            Grant(g.rule, list(g.actions), g.provider, list(g.names), list(g.origins), list(g.labels), list(g.suites))
            for g in grants(load(text))
        ],
        issued_at_ms=milliseconds(now),
        expires_at_ms=milliseconds(now + LATER),
    )
    return key.sign_document(encode(statement))


def milliseconds(at: datetime) -> int:
    return int(at.timestamp() * 1000)


PLAN = Plan(
    provider="apt",
    changes=[Change("demo", "amd64", "1.0", "1.1", "Debian", "Debian-Security", "bookworm-security", "ab" * 32)],
    way_back=[Change("demo", "amd64", "1.1", "1.0", "kept", "kept", "kept", "cd" * 32)],
)
assert plan_digest(PLAN)
