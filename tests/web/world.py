"""Two clients and the operator in a fresh database, with a rollout in every stage, and a browser-like way in."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg.types.json import Jsonb

from patchring.app.permissions import StaffRole
from patchring.app.principals import token_hash
from patchring.app.services import Services
from patchring.app.work import unit_of_work
from patchring.core.ids import TenantId
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.testing.clock import ManualClock
from patchring.wire.messages import PermitAnswer, PermitRequest

NOW = datetime(2026, 11, 23, 5, 16, 40, tzinfo=UTC)
KEYS = {role: f"key-of-{role}-" + "x" * 32 for role in ("operator", "technician", "client_contact", "auditor")}


class NoDesk:
    """Pages never ask for a permit."""

    async def ask(self, tenant_id: Any, device_id: Any, request: PermitRequest) -> PermitAnswer:
        raise AssertionError("a page asked for a permit")


@dataclass
class World:
    """`tenants` by short name; `rollouts`, `devices` and `stops` by a name of the tests' own."""

    database: Database
    admin: str
    clock: ManualClock = field(default_factory=lambda: ManualClock(NOW))
    tenants: dict[str, TenantId] = field(default_factory=dict)
    rollouts: dict[str, UUID] = field(default_factory=dict)
    devices: dict[str, UUID] = field(default_factory=dict)

    def services(self) -> Services:
        return Services(self.database, self.clock, NoDesk(), bytes(range(32)), check_in_interval=10)

    def run(self, statement: str, row: dict[str, Any]) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement, row)  # type: ignore[arg-type]

    def insert(self, table: str, **row: Any) -> None:
        kept = {
            name: Jsonb(value) if isinstance(value, dict | list) and name in JSON else value
            for name, value in row.items()
        }
        names, places = ", ".join(kept), ", ".join(f"%({name})s" for name in kept)
        self.run(f"insert into patchring.{table} ({names}) values ({places})", kept)  # noqa: S608 - tests' own names

    # -- the parts of the story --

    def tenant(self, slug: str, name: str, kind: str = "client") -> TenantId:
        tenant_id = TenantId(new_id(NOW))
        self.insert("tenant_directory", tenant_id=tenant_id, slug=slug)
        self.insert("tenant", tenant_id=tenant_id, slug=slug, name=name, kind=kind, created_at=NOW)
        self.insert("site", tenant_id=tenant_id, site_id=tenant_id, name="Main", zone="UTC", created_at=NOW)
        statement = {"payload": {}, "signatures": []}
        self.insert("policy_version", tenant_id=tenant_id, policy_version_id=tenant_id, version=3,
                    fingerprint="fe" * 32, text="", statement=statement, created_at=NOW, created_by="dana")  # fmt: skip
        self.tenants[slug] = tenant_id
        return tenant_id

    def device(self, slug: str, name: str, seen: timedelta | None = timedelta(0), **row: Any) -> UUID:
        device_id = new_id(NOW)
        ids = {"tenant_id": self.tenants[slug], "device_id": device_id}
        self.insert("device", **ids, site_id=self.tenants[slug], name=name, public_key=device_id.hex * 2,
                    enrolled_at=NOW, os_name="Windows 11 Pro", os_version="24H2", **row)  # fmt: skip
        last_seen_at = None if seen is None else self.clock.now() - seen
        self.insert("device_contact", **ids, last_seen_at=last_seen_at, agent_version="0.1.0")
        self.devices[name] = device_id
        return device_id

    def patch(self, slug: str, title: str, **row: Any) -> UUID:
        patch_id = new_id(NOW)
        given = {"provider": "windows_update", "name": title, "version": "2.0", "type": "os", "reboot": "never",
                 "classification": "security", "security": True, "kb": "KB5099021"}  # fmt: skip
        self.insert("patch", tenant_id=self.tenants[slug], patch_id=patch_id, patch_key=f"windows_update:{title}",
                    title=title, known_from=NOW, **{**given, **row})  # fmt: skip
        return patch_id

    def missing(self, slug: str, device: str, patch_id: UUID) -> None:
        self.insert("missing", tenant_id=self.tenants[slug], device_id=self.devices[device], patch_id=patch_id,
                    known_from=NOW, installed_version="1.0")  # fmt: skip

    def rollout(
        self, slug: str, name: str, patch_id: UUID, campaign_id: UUID, state: str = "running", **row: Any
    ) -> UUID:
        rollout_id = new_id(self.clock.now())
        given = {"reasons": [{"code": "x", "text": f"{name} is {state}", "numbers": {}}], "created_by": "worker"}
        self.insert("rollout", tenant_id=self.tenants[slug], rollout_id=rollout_id, campaign_id=campaign_id,
                    patch_id=patch_id, policy_version_id=self.tenants[slug], state=state, state_at=NOW,
                    created_at=self.clock.now(), **{**given, **row})  # fmt: skip
        self.rollouts[name] = rollout_id
        return rollout_id

    def ring(
        self, slug: str, rollout: str, number: int, state: str, counts: dict[str, int], why: str, **row: Any
    ) -> None:
        self.insert("rollout_ring", tenant_id=self.tenants[slug], rollout_id=self.rollouts[rollout], ring=number,
                    name=RING_NAMES[number], state=state, state_at=NOW, counts=counts,
                    device_count=sum(counts.values()), reasons=[{"code": "why", "text": why}], **row)  # fmt: skip

    def in_rollout(self, slug: str, rollout: str, device: str, ring: int, state: str, position: int, why: str) -> None:
        self.insert("rollout_device", tenant_id=self.tenants[slug], rollout_id=self.rollouts[rollout],
                    device_id=self.devices[device], ring=ring, position=position, segment="kiosks", state=state,
                    state_at=NOW, from_version="1.0",
                    reasons=[{"code": "why", "text": why, "numbers": {}}])  # fmt: skip

    def stop(self, key: str, reason: str = "it broke") -> None:
        self.insert("stop", stop_id=new_id(NOW), stop_key=key, reason=reason, placed_at=NOW, placed_by="worker")

    def principal(self, role: str, *slugs: str) -> str:
        """A principal of this role with these tenants, or with all; his bearer token."""
        principal_id = new_id(NOW)
        self.insert("principal", principal_id=principal_id, name=f"{role}@{'+'.join(slugs) or 'all'}", kind="staff",
                    role=StaffRole(role).value, all_tenants=not slugs, token_hash=token_hash(KEYS[role]),
                    created_at=NOW)  # fmt: skip
        for slug in slugs:
            self.insert("principal_tenant", principal_id=principal_id, tenant_id=self.tenants[slug])
        return KEYS[role]

    async def happened(self, slug: str, kind: str, subject: tuple[str, object], data: dict[str, Any]) -> None:
        async with unit_of_work(self.database, Role.DISPATCHER, self.clock, "worker", self.tenants[slug]) as work:
            work.record(kind, subject[0], subject[1], data)


RING_NAMES = ("internal", "low risk", "production", "servers")
JSON = frozenset({"reasons", "counts", "statement", "data"})


def fill(world: World) -> World:
    """One patch that goes well at both clients, one that was halted at the first, one that waits for approval."""
    world.tenant("ringmaster", "Ringmaster IT", "operator")
    world.tenant("harbour", "Harbour Dental Group")
    world.tenant("kestrel", "Kestrel Engineering")
    world.device("harbour", "HD-LOBBY-01", **{"class": "kiosk"})
    world.device("harbour", "HD-CHAIR-01")
    world.device("harbour", "HD-GONE-01", seen=timedelta(hours=3))
    world.device("kestrel", "KE-CAD-01", **{"class": "specialised"})
    world.device("ringmaster", "build-host", observe_only=True)
    good, bad, asked = new_id(NOW), new_id(NOW), new_id(NOW)
    for slug in ("harbour", "kestrel"):
        world.rollout(slug, f"good-{slug}", world.patch(slug, "Runtime 8.0.29"), good)
        world.ring(slug, f"good-{slug}", 0, "passed", {}, "Ring 0 has passed elsewhere")
        until = {"soak_until_at": NOW + timedelta(seconds=42)}
        world.ring(slug, f"good-{slug}", 1, "soaking", {"verified": 3}, "Ring 1 soaks", **until)
        world.ring(slug, f"good-{slug}", 2, "waiting", {"waiting": 8}, "Ring 2 waits for ring 1")
        world.ring(slug, f"good-{slug}", 3, "waiting", {"waiting": 120}, "Ring 3 waits for ring 2")
    broken = world.patch("harbour", "WebView 149")
    world.rollout("harbour", "bad", broken, bad, "halted")
    world.ring("harbour", "bad", 1, "halted", {"failed": 1, "verified": 1}, "Ring 1 halted: its first device failed")
    world.in_rollout("harbour", "bad", "HD-LOBBY-01", 1, "failed", 1, "probe service:KioskShell fails now")
    world.in_rollout("harbour", "bad", "HD-CHAIR-01", 1, "verified", 2, "seen in effect")
    world.rollout(
        "kestrel", "asked", world.patch("kestrel", "Server update", security=False), asked, "awaiting_approval"
    )
    world.ring("kestrel", "asked", 3, "waiting", {"waiting": 2}, "a person has to approve this patch")
    world.missing("harbour", "HD-LOBBY-01", broken)
    world.missing("ringmaster", "build-host", world.patch("ringmaster", "libc6 2.36"))
    return world


def browser(app: Any) -> httpx.AsyncClient:
    """Keeps cookies as a browser does, and follows nothing by itself."""
    return httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1:8440")
