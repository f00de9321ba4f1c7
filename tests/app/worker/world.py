"""Tenants with signed policies and devices that behave, driven against the real worker, signer and database.

A device of this world keeps what is installed, answers offers as an agent does (permit, act, scan, probe, say so) and
can be told to misbehave. Time is the clock's; nothing waits.
"""

import asyncio
import itertools
import secrets
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import psycopg
from psycopg.rows import dict_row
from psycopg.types.json import Jsonb

from patchring.app.permits.office import PermitOffice
from patchring.app.worker.device import FINDINGS_DELAY
from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.core.ids import DeviceId, TenantId
from patchring.policyfile import fingerprint
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.testing.clock import ManualClock
from patchring.wire.authority import ApprovalStatement, ApprovedPackage, Root
from patchring.wire.codec import encode
from patchring.wire.messages import (
    Change,
    Facts,
    InstalledPackage,
    Package,
    PermitAnswer,
    PermitRequest,
    Plan,
    ProbeResult,
    Progress,
    Scan,
    Update,
)
from patchring.wire.signing import SigningKey
from tests.databases import FreshDatabase
from tests.scene import LATER, milliseconds, signed_policy

POLICY = """
patchring: 1
title: Test
automation: automatic
expected_duration: 1m
rings:
  - {name: internal, soak: {time: 10s, verified: 2}, growth: 3, at_once: 10}
  - {name: low, soak: {time: 10s, verified: 2}, growth: 3, at_once: 10}
  - {name: standard, soak: {time: 10s, verified: 2}, growth: 3, at_once: 10}
  - {name: servers, soak: {time: 10s, verified: 1}, growth: 1, at_once: 2}
windows:
  any time: {any_time: true}
segments:
  - {name: own, when: {internal: "yes"}, ring: 0, window: any time, remedy: back, probes: ["service:app"]}
  - {name: servers, when: {class: server}, ring: 3, window: any time, remedy: back, probes: ["service:app"]}
  - {name: low, when: {criticality: low}, ring: 1, window: any time, remedy: back, probes: ["service:app"]}
  - {name: rest, ring: 2, window: any time, remedy: back, probes: ["service:app"]}
approvals:
  - {name: other things, when: {package: other}, decide: review}
  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}
on_failure: {failed_max: 0, halt: patch}
remedies:
  back: {steps: [return_to_prior], scope: installed}
overrides:
  no_soak: {by: [Ada, Grace], reason: tests do not wait}
"""


@dataclass
class Product:
    """A package with the update that devices are offered. `harms`: the probe that fails once it is installed."""

    name: str = "demo"
    before: str = "1.0"
    after: str = "1.1"
    harms: str = ""
    reboot: bool = False

    @property
    def key(self) -> str:
        return f"apt:{self.name}={self.after}"


@dataclass
class Device:
    """One machine. `silent`: it does not check in. `failing`: packages whose installation ends with an error."""

    tenant: "Tenant"
    device_id: DeviceId
    name: str
    key: SigningKey
    installed: dict[str, str]
    products: list[Product]
    boot: int = 1
    reboot_pending: bool = False
    sequence: int = 0
    silent: bool = False
    failing: set[str] = field(default_factory=set)
    settled: set[UUID] = field(default_factory=set)
    denials: list[str] = field(default_factory=list)

    @property
    def boot_id(self) -> str:
        return f"{self.name}-boot-{self.boot}"

    def probes(self) -> list[ProbeResult]:
        harmed = {p.harms for p in self.products if p.harms and self.installed.get(p.name) == p.after}
        return [ProbeResult("service:app", "fail" if "service:app" in harmed else "pass")]

    def scan(self) -> Scan:
        now_ms = milliseconds(self.tenant.world.clock.now())
        facts = Facts(self.name, "debian", "12", "6.1", "amd64", self.boot_id, 0, "1.0")
        updates = [self.update(p) for p in self.products if self.installed.get(p.name) == p.before]
        packages = [InstalledPackage("apt", name, version, "amd64") for name, version in sorted(self.installed.items())]
        return Scan(now_ms, secrets.token_hex(4), facts, [], packages, updates, self.reboot_pending)

    @staticmethod
    def update(product: Product) -> Update:
        package = Package("apt", product.name, product.after, "amd64")
        origin = {"origin": "Debian", "label": "Debian-Security", "suite": "bookworm-security", "security": True}
        return Update(package, product.before, f"{product.name} {product.after}", classification="security", **origin)

    def report_scan(self) -> None:
        self.report("scan", encode(self.scan()))

    def say(self, action_id: UUID, state: str, permit_id: str = "", **more: Any) -> None:
        now_ms = milliseconds(self.tenant.world.clock.now())
        self.report(
            "progress",
            encode(Progress(str(action_id), state, now_ms, permit_id=permit_id, boot_id=self.boot_id, **more)),
        )

    def report(self, kind: str, body: dict[str, Any], sequence: int | None = None) -> UUID:
        """As the ingest role stores it: a row, and the device is due."""
        world, now = self.tenant.world, self.tenant.world.clock.now()
        self.sequence = sequence or self.sequence + 1
        report_id = new_id(now)
        row = {"tenant_id": self.tenant.tenant_id, "device_id": self.device_id, "report_id": report_id}
        said = {"sequence": self.sequence, "kind": kind, "made_at": now, "received_at": now, "body": Jsonb(body)}
        world.insert("report", {**row, **said, "signature": "-"})
        world.wake(self.tenant, "device", self.device_id)
        return report_id


@dataclass
class Tenant:
    world: "World"
    tenant_id: TenantId
    site_id: UUID
    slug: str
    policy: str
    approval_key: SigningKey = field(default_factory=SigningKey.generate)
    permit_key: SigningKey = field(default_factory=SigningKey.generate)
    devices: list[Device] = field(default_factory=list)
    policy_version: int = 0

    def add_devices(self, count: int, *products: Product, **columns: Any) -> list[Device]:
        """Devices with everything at the version before; they report a scan at once."""
        added = []
        for number in range(len(self.devices), len(self.devices) + count):
            now = self.world.clock.now()
            key, name = SigningKey.generate(), f"{self.slug}-{number}"
            installed = {p.name: p.before for p in products}
            device = Device(
                self, DeviceId(new_id(now + timedelta(milliseconds=number))), name, key, installed, list(products)
            )
            ids = {"tenant_id": self.tenant_id, "device_id": device.device_id}
            row = {**ids, "site_id": self.site_id, "name": name, "public_key": key.public, "enrolled_at": now}
            self.world.insert("device", {**row, **columns})
            self.world.insert("device_contact", {**ids, "last_seen_at": now})
            device.report_scan()
            added.append(device)
        self.devices += added
        return added

    def apply_policy(self, text: str) -> None:
        self.policy, self.policy_version = text, self.policy_version + 1
        now, version_id = self.world.clock.now(), new_id(self.world.clock.now())
        signed = signed_policy(self.tenant_id, version_id, self.policy_version, text, self.approval_key, now)
        row = {"tenant_id": self.tenant_id, "policy_version_id": version_id, "version": self.policy_version}
        made = {"fingerprint": fingerprint(text), "text": text, "statement": Jsonb(encode(signed))}
        self.world.insert("policy_version", {**row, **made, "created_at": now, "created_by": "ada"})

    def approve(self, product: Product, *segments: str, decision: str = "approve", by: str = "ada") -> None:
        """A signed approval of a person, as the API writes it."""
        now, approval_id = self.world.clock.now(), new_id(self.world.clock.now())
        [patch] = self.rows(
            "select patch_id from patchring.patch where tenant_id = %(t)s and patch_key = %(key)s", key=product.key
        )
        statement = ApprovalStatement(
            kind="approval",
            tenant_id=str(self.tenant_id),
            approval_id=str(approval_id),
            actions=["install"],
            packages=[ApprovedPackage("apt", product.name, product.after)],
            segments=list(segments),
            policy_fingerprint=fingerprint(self.policy),
            reason="looked at",
            issued_at_ms=milliseconds(now),
            expires_at_ms=milliseconds(now + LATER),
        )
        signed = Jsonb(encode(self.approval_key.sign_document(encode(statement)))) if decision == "approve" else None
        row = {"tenant_id": self.tenant_id, "approval_id": approval_id, **patch, "segments": list(segments)}
        said = {"decision": decision, "reason": "looked at", "statement": signed, "decided_at": now}
        self.world.insert("approval", {**row, **said, "decided_by": by, "expires_at": now + LATER})
        self.wake_all()

    def wake_all(self) -> None:
        """What a new policy or decision does: everything is looked at again."""
        for kind, column, table in (("patch", "patch_id", "patch"), ("rollout", "rollout_id", "rollout")):
            for row in self.rows(f"select {column} as id from patchring.{table} where tenant_id = %(t)s"):  # noqa: S608
                self.world.wake(self, kind, row["id"])

    def rows(self, text: str, **given: Any) -> list[dict[str, Any]]:
        return self.world.rows(text, t=self.tenant_id, **given)

    def states(self, product: Product) -> dict[str, str]:
        """Where each device stands in the newest rollout of a patch, by name."""
        rows = self.rows(
            "select d.name, rd.state from patchring.rollout_device rd"
            " join patchring.device d using (tenant_id, device_id)"
            " where rd.tenant_id = %(t)s and rd.rollout_id = %(rollout_id)s order by d.name",
            rollout_id=self.rollout(product)["rollout_id"],
        )
        return {row["name"]: row["state"] for row in rows}

    def rollout(self, product: Product) -> dict[str, Any]:
        """The newest rollout of a patch."""
        rows = self.rows(
            "select r.* from patchring.rollout r join patchring.patch p using (tenant_id, patch_id)"
            " where r.tenant_id = %(t)s and p.patch_key = %(key)s order by r.created_at desc, r.rollout_id desc",
            key=product.key,
        )
        assert rows, f"{self.slug} has no rollout of {product.key}"
        return rows[0]

    def rings(self, product: Product) -> list[str]:
        rollout_id = self.rollout(product)["rollout_id"]
        text = "select state from patchring.rollout_ring where tenant_id = %(t)s and rollout_id = %(r)s order by ring"
        return [row["state"] for row in self.rows(text, r=rollout_id)]

    def events(self) -> list[str]:
        return [
            row["kind"] for row in self.rows("select kind from patchring.event where tenant_id = %(t)s order by seq")
        ]


class World:
    """Everything that a test drives."""

    def __init__(self, database: Database, fresh: FreshDatabase, clock: ManualClock) -> None:
        self.database = database
        self.clock = clock
        self.request_numbers = itertools.count(1)
        self.connection = psycopg.connect(fresh.admin, autocommit=True, row_factory=dict_row)
        self.workers = [Worker(database, clock, HANDLERS)]
        self.tenants: list[Tenant] = []
        self.on_step: Callable[[], Awaitable[None]] | None = None

    def add_tenant(self, slug: str, kind: str = "client", policy: str = POLICY) -> Tenant:
        now = self.clock.now()
        tenant = Tenant(self, TenantId(new_id(now)), new_id(now), slug, policy)
        own = {"tenant_id": tenant.tenant_id}
        self.insert("tenant", {**own, "slug": slug, "name": slug, "kind": kind, "created_at": now})
        self.insert("tenant_directory", {**own, "slug": slug})
        self.insert("site", {**own, "site_id": tenant.site_id, "name": "one", "zone": "UTC", "created_at": now})
        root_key = SigningKey.generate()
        root = Root(
            kind="root",
            tenant_id=str(tenant.tenant_id),
            version=1,
            root_keys=[root_key.public],
            root_threshold=1,
            approval_keys=[tenant.approval_key.public],
            approval_threshold=1,
            permit_keys=[tenant.permit_key.public],
            expires_at_ms=milliseconds(now + LATER),
        )
        document = Jsonb(encode(root_key.sign_document(encode(root))))
        self.insert("tenant_root", {**own, "version": 1, "document": document, "created_at": now})
        if policy:
            tenant.apply_policy(policy)
        self.tenants.append(tenant)
        return tenant

    def insert(self, table: str, row: dict[str, Any]) -> None:
        marks = ", ".join(f"%({column})s" for column in row)
        self.connection.execute(f"insert into patchring.{table} ({', '.join(row)}) values ({marks})", row)  # noqa: S608

    def rows(self, text: str, **given: Any) -> list[dict[str, Any]]:
        return self.connection.execute(text, given).fetchall()

    def wake(self, tenant: Tenant, kind: str, id: UUID) -> None:
        self.connection.execute(
            "insert into patchring.due values (%(t)s, %(kind)s, %(id)s, %(at)s) on conflict (tenant_id, kind, id)"
            " do update set wake_at = least(patchring.due.wake_at, excluded.wake_at)",
            {"t": tenant.tenant_id, "kind": kind, "id": id, "at": self.clock.now()},
        )

    async def settle(self) -> None:
        """Let the workers do everything that is due, and what follows within the moment that new findings wait."""
        await self.work()
        self.clock.advance(FINDINGS_DELAY)
        await self.work()

    async def work(self) -> None:
        """Everything that is due at this instant, by all workers at once."""
        while any(await asyncio.gather(*(worker.run_until_idle() for worker in self.workers))):
            continue

    async def turn(self, step: timedelta = timedelta(seconds=1)) -> None:
        """Work, then every device checks in and does what is offered, then time goes on."""
        await self.settle()
        for device in [device for tenant in self.tenants for device in tenant.devices]:
            if not device.silent:
                await self.check_in(device)
        await self.settle()
        self.assert_counts_hold()
        if self.on_step:
            await self.on_step()
        self.clock.advance(step)

    async def run(self, done: Callable[[], bool], turns_max: int = 80) -> None:
        for _ in range(turns_max):
            await self.turn()
            if done():
                return
        raise AssertionError(f"not done after {turns_max} turns")

    async def check_in(self, device: Device) -> None:
        """The device is heard of, and takes up what lies offered, oldest first."""
        ids = {"t": device.tenant.tenant_id, "d": device.device_id, "at": self.clock.now()}
        self.rows(
            "update patchring.device_contact set last_seen_at = %(at)s where tenant_id = %(t)s and device_id = %(d)s"
            " returning 1",
            **ids,
        )
        offers = self.rows(
            "select action_id, kind, packages from patchring.action where tenant_id = %(t)s and device_id = %(d)s"
            " and state in ('offered', 'permitted') order by created_at, action_id",
            **ids,
        )
        for offer in offers:
            if offer["action_id"] not in device.settled:
                await self.act(device, offer)

    async def act(self, device: Device, offer: dict[str, Any]) -> None:
        """What an agent does with an offer, from permit to its last word."""
        answer = await self.ask_permit(device, offer)
        if answer.permit is None:
            device.denials += [denied.code for denied in answer.denied]
            return
        permit_id, action_id = answer.permit.payload["permit_id"], offer["action_id"]
        before = device.probes()
        device.settled.add(action_id)
        device.say(action_id, "started", permit_id)
        if offer["kind"] == "reboot":
            device.say(action_id, "rebooting", permit_id)
            device.boot, device.reboot_pending = device.boot + 1, False
        elif not self._change(device, offer):
            device.say(action_id, "failed", permit_id, exit_code=100, detail="dpkg returned an error")
            device.report_scan()
            device.say(action_id, "finished", permit_id, probes_before=before, probes_after=device.probes())
            return
        else:
            device.say(action_id, "installed", permit_id, exit_code=0, probes_before=before)
        device.report_scan()
        pending = {"probes_before": before, "probes_after": device.probes(), "reboot_pending": device.reboot_pending}
        device.say(action_id, "finished", permit_id, **pending)

    def _change(self, device: Device, offer: dict[str, Any]) -> bool:
        for package in offer["packages"]:
            if package["name"] in device.failing and offer["kind"] == "install":
                return False
            device.installed[package["name"]] = package["version"]
            product = next(p for p in device.products if p.name == package["name"])
            device.reboot_pending = device.reboot_pending or (product.reboot and offer["kind"] == "install")
        return True

    async def ask_permit(self, device: Device, offer: dict[str, Any]) -> PermitAnswer:
        tenant, now = device.tenant, self.clock.now()
        fields: dict[str, Any] = {
            "tenant_id": str(tenant.tenant_id),
            "device_id": str(device.device_id),
            "action_id": str(offer["action_id"]),
            "action": offer["kind"],
            "nonce": secrets.token_hex(16),
            "number": next(self.request_numbers),
            "made_at_ms": milliseconds(now),
            "boot_id": device.boot_id,
            "plan": _plan(device, offer),
        }
        unsigned = PermitRequest(**fields, signature="")
        said = {name: value for name, value in encode(unsigned).items() if name != "signature"}
        request = PermitRequest(**fields, signature=device.key.sign("permit-request", said))
        return await PermitOffice(self.database, self.clock, tenant.permit_key).ask(
            tenant.tenant_id, device.device_id, request
        )

    def assert_counts_hold(self) -> None:
        """The kept counts of every ring are what counting the devices gives."""
        kept = self.rows(
            "select rollout_id, ring, counts from patchring.rollout_ring"
            " where device_count > 0 order by rollout_id, ring"
        )
        counted = self.rows(
            "select rollout_id, ring, jsonb_object_agg(state, n) as counts from (select rollout_id, ring, state,"
            " count(*) as n from patchring.rollout_device group by 1, 2, 3) as c group by 1, 2 order by 1, 2"
        )
        assert kept == counted

    def dump(self) -> dict[str, list[dict[str, Any]]]:
        """Every row that the worker writes, but for what is due."""
        tables = ("rollout", "rollout_ring", "rollout_device", "action", "permit", "slot", "missing", "patch", "hold")
        tables += ("device_inventory", "event", "evidence", "stop", "campaign", "campaign_rollout", "report")
        return {name: self.rows(f"select t::text as row from patchring.{name} t order by 1") for name in tables}  # noqa: S608

    async def assert_nothing_new(self) -> None:
        """Looking at everything once more at the same instant changes no row."""
        await self.settle()  # what is pooled reaches the others
        before = self.dump()
        for tenant in self.tenants:
            tenant.wake_all()
            for device in tenant.devices:
                self.wake(tenant, "device", device.device_id)
        await self.work()
        after = self.dump()
        changed = {name: [row for row in after[name] if row not in before[name]] for name in before}
        changed = {name: rows for name, rows in changed.items() if rows}
        assert not changed, repr(changed)

    def slots_in_use(self) -> int:
        return int(self.rows("select coalesce(sum(in_flight), 0) as n from patchring.slot")[0]["n"])


def _plan(device: Device, offer: dict[str, Any]) -> Plan:
    if offer["kind"] == "reboot":
        return Plan("system", [])
    origin = (
        ("kept", "kept", "kept") if offer["kind"] == "downgrade" else ("Debian", "Debian-Security", "bookworm-security")
    )
    changes = [
        Change(p["name"], "amd64", device.installed[p["name"]], p["version"], *origin, "ab" * 32)
        for p in offer["packages"]
    ]
    back = [
        Change(c.package, c.architecture, c.to_version, c.from_version, "kept", "kept", "kept", "cd" * 32)
        for c in changes
    ]
    return Plan("apt", changes, back)
