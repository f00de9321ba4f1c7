"""Tenants with tokens in a fresh database, and devices that speak the wire protocol to the agents' routes."""

import itertools
import secrets
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
from starlette.applications import Starlette

from patchring.api.agent import AgentDoor
from patchring.api.problem import problem_handlers
from patchring.app.enrolment import secret_hash
from patchring.app.services import Services
from patchring.app.sessions import milliseconds
from patchring.core.ids import DeviceId, TenantId
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.testing.clock import ManualClock
from patchring.wire.authority import Root
from patchring.wire.codec import encode
from patchring.wire.messages import (
    CheckIn,
    Facts,
    InstalledPackage,
    Package,
    PermitAnswer,
    PermitRequest,
    Progress,
    ProviderState,
    Reason,
    Scan,
    Update,
)
from patchring.wire.signing import SigningKey, fingerprint
from patchring.wire.token import EnrolmentToken

NOW = datetime(2026, 11, 23, 5, 0, tzinfo=UTC)
ROOT_KEY = SigningKey.from_seed(b"r" * 32)
FAR_AWAY_MS = 4_000_000_000_000


class DeskThatDenies:
    """A signer's desk that is always there, notes what it is asked, and never permits."""

    def __init__(self) -> None:
        self.asked: list[tuple[TenantId, DeviceId, PermitRequest]] = []

    async def ask(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        self.asked.append((tenant_id, device_id, request))
        return PermitAnswer(None, [], [Reason("ring_waits", "ring 1 waits for ring 0", {"ring": "1"})], 60)


@dataclass
class Tenant:
    tenant_id: TenantId
    site_id: UUID
    token: EnrolmentToken


@dataclass
class World:
    """`http` speaks to the routes; `admin` is the superuser's connection string."""

    services: Services
    door: AgentDoor
    clock: ManualClock
    desk: DeskThatDenies
    admin: str
    http: httpx.AsyncClient
    inhabitants: "list[tuple[Tenant, Device]]" = field(default_factory=list)

    def rows(self, query: str, *parameters: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            return connection.execute(query, parameters).fetchall()

    def run(self, statement: str, *parameters: Any) -> None:
        with psycopg.connect(self.admin, autocommit=True) as connection:
            connection.execute(statement, parameters)

    def insert(self, table: str, **values: Any) -> None:
        columns, places = ", ".join(values), ", ".join(["%s"] * len(values))
        self.run(f"insert into patchring.{table} ({columns}) values ({places})", *values.values())  # noqa: S608

    def tenant(self, slug: str = "acme", use_count_max: int = 100) -> Tenant:
        """A tenant with a site, a root and a token."""
        now = self.clock.now()
        tenant_id, site_id, token_id = TenantId(new_id(now)), new_id(now), new_id(now)
        secret = secrets.token_urlsafe(24)
        self.run("insert into patchring.tenant values (%s, %s, %s, 'client', %s)", tenant_id, slug, slug, now)
        root = as_json(root_document(tenant_id))
        self.run("insert into patchring.tenant_root values (%s, 1, %s, %s)", tenant_id, root, now)
        self.run("insert into patchring.site values (%s, %s, 'office', 'UTC', %s)", tenant_id, site_id, now)
        self.run(
            "insert into patchring.enrolment_token values (%s, %s, %s, %s, %s, %s, 0, %s, 'somebody')",
            *(tenant_id, token_id, site_id, secret_hash(secret), now + timedelta(days=7), use_count_max, now),
        )
        return Tenant(
            tenant_id, site_id, EnrolmentToken(tenant_id.hex, token_id.hex, secret, fingerprint(ROOT_KEY.public), "-")
        )

    async def device(self, tenant: Tenant, name: str = "pc-1") -> "Device":
        """An enrolled device."""
        device = Device(self, name)
        answer = await device.enrol(tenant.token.text())
        assert answer.status_code == 200, answer.text
        device.joined(answer.json())
        return device

    async def refusals(self) -> dict[tuple[str, str], int]:
        """What was refused so far, as it stands in the database."""
        await self.door.refusals.flush()
        return {
            (route, kind): count
            for route, kind, count in self.rows("select route, kind, count from patchring.refusal_count")
        }


@dataclass
class Device:
    """A device with a key of its own. Messages can be bent before they are signed or sent."""

    world: World
    name: str
    key: SigningKey = field(default_factory=SigningKey.generate)
    tenant_id: str = ""
    device_id: str = ""
    session: str = ""
    _sequence: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))

    def joined(self, answer: dict[str, Any]) -> None:
        self.tenant_id, self.device_id, self.session = answer["tenant_id"], answer["device_id"], answer["session"]

    @property
    def now_ms(self) -> int:
        return milliseconds(self.world.clock.now())

    def signed(self, kind: str, message: dict[str, Any]) -> dict[str, Any]:
        return {**message, "signature": self.key.sign(kind, message)}

    async def post(self, route: str, body: Any, session: str | None = None) -> httpx.Response:
        token = self.session if session is None else session
        return await self.world.http.post(f"/agent/v1/{route}", json=body, headers={"authorization": f"Bearer {token}"})

    def enrol_request(self, token: str, **changes: Any) -> dict[str, Any]:
        message = {
            "token": token,
            "public_key": self.key.public,
            "nonce": secrets.token_hex(16),
            "made_at_ms": self.now_ms,
        }
        return self.signed("enrol", {**message, "facts": encode(facts(self.name)), **changes})

    async def enrol(self, token: str, **changes: Any) -> httpx.Response:
        return await self.post("enrol", self.enrol_request(token, **changes))

    def session_request(self, **changes: Any) -> dict[str, Any]:
        names = {"tenant_id": self.tenant_id, "device_id": self.device_id}
        return self.signed("session", {**names, "nonce": secrets.token_hex(16), "made_at_ms": self.now_ms, **changes})

    async def check_in(self, **changes: Any) -> httpx.Response:
        return await self.post("check-in", {**encode(CheckIn("boot-1", 60, "0.1.0", "")), **changes})

    def report(self, kind: str, body: Any, **changes: Any) -> dict[str, Any]:
        names = {"tenant_id": self.tenant_id, "device_id": self.device_id, "report_id": str(new_id(NOW))}
        said = {"sequence": next(self._sequence), "kind": kind, "made_at_ms": self.now_ms, "body": encode(body)}
        return self.signed("report", {**names, **said, **changes})

    async def send(self, *reports: dict[str, Any]) -> httpx.Response:
        return await self.post("reports", {"reports": list(reports)})


def root_document(tenant_id: UUID) -> dict[str, Any]:
    """A tenant's first root, signed by its own key."""
    keys = [ROOT_KEY.public]
    root = Root("root", str(tenant_id), 1, keys, 1, keys, 1, keys, FAR_AWAY_MS)
    document: dict[str, Any] = encode(ROOT_KEY.sign_document(encode(root)))
    return document


def facts(name: str) -> Facts:
    return Facts(name, "debian", "12", "6.1.0", "amd64", "boot-1", 1_700_000_000_000, "0.1.0")


def scan(digest: str = "state-1") -> Scan:
    package = InstalledPackage("apt", "openssl", "3.0.15-1", "amd64")
    update = Update(Package("apt", "openssl", "3.0.16-1", "amd64"), "3.0.15-1", security=True, label="Debian-Security")
    state = ProviderState("apt", "2.6.1", ["scan", "install"])
    return Scan(1_700_000_000_000, digest, facts("pc-1"), [state], [package], [update], reboot_pending=False)


def progress(action_id: UUID, state: str = "started") -> Progress:
    return Progress(str(action_id), state, 1_700_000_000_000, exit_code=-1)


def outcomes(answer: httpx.Response) -> list[str]:
    assert answer.status_code == 200, answer.text
    return [receipt["outcome"] for receipt in answer.json()["receipts"]]


def kind_of(answer: httpx.Response) -> tuple[int, str]:
    """Status and kind of a problem; every problem has the one shape."""
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(problem) >= {"type", "title", "status", "detail", "kind"}
    assert (problem["status"], problem["type"]) == (answer.status_code, f"/problems/{problem['kind']}")
    assert "\n" not in problem["detail"]
    return answer.status_code, problem["kind"]


def as_json(value: Any) -> psycopg.types.json.Jsonb:
    return psycopg.types.json.Jsonb(value)


def make_world(database: Database, admin: str, start: datetime = NOW) -> World:
    clock, desk = ManualClock(start), DeskThatDenies()
    services = make_services(database, clock, desk)
    door = AgentDoor(services)
    app = Starlette(routes=door.routes, exception_handlers=problem_handlers())
    http = httpx.AsyncClient(transport=httpx.ASGITransport(app=app), base_url="http://server")
    return World(services, door, clock, desk, admin, http)


def make_services(database: Database, clock: ManualClock, desk: DeskThatDenies) -> Services:
    return Services(database, clock, desk, session_key=b"s" * 32, permit_key="")
