"""Two tenants with the same shapes of data, a staff principal of each, and the API of people over both."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any
from uuid import UUID

import httpx
import psycopg
import pytest
from psycopg.types.json import Jsonb

from patchring.api.people import people_api
from patchring.app.errors import Unavailable
from patchring.app.principals import token_hash
from patchring.app.services import Services
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.wire.messages import PermitAnswer
from tests.databases import FreshDatabase
from tests.scene import Scene

OPERATOR = "operator-token"


class ClosedDesk:
    """No signer: the API of people never asks for permits."""

    async def ask(self, *_: Any) -> PermitAnswer:
        raise Unavailable("there is no signer here")


@dataclass
class Twin:
    """One tenant, the token of a principal that sees this tenant alone, and the ids of its things."""

    scene: Scene
    token: str
    hold_id: UUID
    token_id: UUID
    approval_id: UUID


def make_twin(connection: psycopg.Connection[Any], slug: str, role: str = "operator") -> Twin:
    """A tenant with a row in every tenant table."""
    scene = Scene(connection, slug=slug)
    devices = scene.add_devices(2)
    scene.approve()
    own, now = {"tenant_id": scene.tenant_id}, scene.now
    hold_id, token_id, principal_id = (new_id(now) for _ in range(3))
    held = {"patch_key": "apt:other=1", "reason": "looked odd", "source": "person", "placed_at": now}
    scene.insert("hold", [{**own, **held, "hold_id": hold_id, "placed_by": slug}])
    token = {"token_id": token_id, "site_id": scene.site_id, "secret_hash": "x", "expires_at": now, "created_at": now}
    scene.insert("enrolment_token", [{**own, **token, "use_count_max": 1, "created_by": slug}])
    device_id = devices[0].device_id
    report = {"device_id": device_id, "report_id": new_id(now), "sequence": 1, "kind": "scan", "made_at": now}
    scene.insert("report", [{**own, **report, "received_at": now, "body": Jsonb({}), "signature": slug}])
    scan = {"taken_at": now, "received_at": now, "report_id": new_id(now), "boot_id": "b", "reboot_pending": False}
    scene.insert("device_inventory", [{**own, **scan, "device_id": device_id, "scan": Jsonb({"of": slug})}])
    missing = {"device_id": device_id, "patch_id": scene.patch_id, "known_from": now, "installed_version": "1.0"}
    scene.insert("missing", [{**own, **missing}])
    permit = {"permit_id": new_id(now), "device_id": device_id, "action_id": devices[0].action_id, "nonce": slug}
    at = {"granted_at": now, "expires_at": now, "plan_digest": slug, "request": Jsonb({}), "document": Jsonb({})}
    scene.insert("permit", [{**own, **permit, **at}])
    scene.insert("slot", [{**own, "slot_key": "tenant", "in_flight": 1, "in_flight_max": 9}])
    scene.insert("permit_slot", [{**own, "permit_id": permit["permit_id"], "slot_key": "tenant"}])
    scene.insert("denial", [{**own, "action_id": devices[1].action_id, "denied_at": now, "reasons": Jsonb([])}])
    event = {"on_month": now.date().replace(day=1), "seq": 1, "at": now, "actor": slug, "kind": "thing_happened"}
    what = {"subject_kind": "thing", "subject_id": slug, "data": Jsonb({}), "schema_version": 1}
    scene.insert("event", [{**own, **event, **what, "previous_hash": "0" * 64, "hash": "1" * 64}])
    scene.insert("event_head", [{**own, "seq": 1, "hash": "1" * 64}])
    sent = {"outbox_id": new_id(now), "kind": "mail", "idempotency_key": slug, "payload": Jsonb({}), "created_at": now}
    scene.insert("outbox", [{**own, **sent, "next_try_at": now}])
    who = {"principal_id": principal_id, "name": slug, "kind": "staff", "role": role, "created_at": now}
    scene.insert("principal", [{**who, "token_hash": token_hash(f"{slug}-token")}])
    scene.insert("principal_tenant", [{"principal_id": principal_id, **own}])
    row = connection.execute("select approval_id from patchring.approval where tenant_id = %s", [scene.tenant_id])
    approval = row.fetchone()
    assert approval is not None
    return Twin(scene, f"{slug}-token", hold_id, token_id, approval[0])


@pytest.fixture
def connection(fresh: FreshDatabase) -> Iterator[psycopg.Connection[Any]]:
    with psycopg.connect(fresh.admin, autocommit=True) as opened:
        yield opened


@pytest.fixture
def mine(connection: psycopg.Connection[Any]) -> Twin:
    return make_twin(connection, "mine")


@pytest.fixture
def theirs(connection: psycopg.Connection[Any]) -> Twin:
    return make_twin(connection, "theirs")


@pytest.fixture
def services(database: Database) -> Services:
    return Services(database, SystemClock(), ClosedDesk(), bytes(32), permit_key="ab" * 32)


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    """The application without a token; give one with each request."""
    transport = httpx.ASGITransport(people_api(services), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://people/api/v1") as opened:
        yield opened


def bearer(token: str) -> dict[str, str]:
    return {"authorization": f"Bearer {token}"}
