"""Two tenants with the same shapes of data, side by side, and principals that were given one of them or both.

`fill` puts at least one row of each tenant into every tenant table; a test fails for a table that it forgets.
"""

import secrets
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any
from uuid import UUID

import httpx
import psycopg
from psycopg.types.json import Jsonb

from patchring.api.people import people_api
from patchring.app.enrolment import secret_hash
from patchring.app.gate.kept import Seen, beside_json, step_json
from patchring.app.permissions import StaffRole
from patchring.app.principals import token_hash
from patchring.app.services import Services
from patchring.app.stops import facet_stop, place_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from patchring.app.work import unit_of_work
from patchring.core.gate.replay import METHOD, Beside, verdict_of
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import Signal
from patchring.core.ids import TenantId
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.store.roles import Role
from patchring.testing.clock import ManualClock
from patchring.wire.messages import PermitAnswer, PermitRequest
from tests.scene import LATER, POLICY, Scene

SERVER_FINGERPRINT = "5e" * 32


class NoDesk:
    """People never ask for a permit."""

    async def ask(self, tenant_id: Any, device_id: Any, request: PermitRequest) -> PermitAnswer:
        raise AssertionError("a route for people asked for a permit")


@dataclass
class Twin:
    """A tenant of the two, and the ids of what it has."""

    scene: Scene
    token_id: UUID
    hold_id: UUID
    approval_id: UUID
    stop_id: UUID
    shift_id: UUID
    proposal_id: UUID
    issue_id: UUID
    proposed_issue_id: UUID
    record_id: UUID
    waiver_id: UUID

    @property
    def tenant_id(self) -> TenantId:
        return self.scene.tenant_id

    @property
    def slug(self) -> str:
        return self.scene.slug

    @property
    def device_id(self) -> UUID:
        return self.scene.devices[0].device_id

    @property
    def device_name(self) -> str:
        return f"{self.slug}-pc"

    def markers(self) -> list[str]:
        """Texts that nobody else may ever be shown."""
        own = [self.tenant_id, self.scene.site_id, self.scene.patch_id, self.scene.policy_version_id]
        own += [self.scene.rollout_id, self.token_id, self.hold_id, self.approval_id, self.stop_id]
        own += [self.shift_id, self.proposal_id, self.record_id, self.waiver_id]
        own += [device.device_id for device in self.scene.devices]
        return [self.slug, self.slug.title(), self.scene.patch_key, *map(str, own)]


@dataclass
class Twins:
    """`a` and `b` with everything in them. `http` speaks to the API; `headers(name)` are those of a principal."""

    database: Database
    admin: psycopg.Connection[Any]
    clock: ManualClock
    services: Services
    http: httpx.AsyncClient
    a: Twin
    b: Twin
    tokens: dict[str, str] = field(default_factory=dict)

    def principal(self, name: str, role: StaffRole, *twins: Twin, **columns: Any) -> dict[str, str]:
        """A principal with these tenants, or with all; the headers of his requests."""
        token = secrets.token_urlsafe(32)
        principal_id = new_id(self.clock.now())
        row = {"principal_id": principal_id, "name": name, "kind": "staff", "role": role.value}
        self.a.scene.insert(
            "principal",
            [
                {**row, "all_tenants": not twins, "token_hash": token_hash(token), "created_at": self.clock.now()}
                | columns
            ],
        )
        for twin in twins:
            self.a.scene.insert("principal_tenant", [{"principal_id": principal_id, "tenant_id": twin.tenant_id}])
        self.tokens[name] = token
        return self.headers(name)

    def headers(self, name: str) -> dict[str, str]:
        return {"authorization": f"Bearer {self.tokens[name]}"}


def _policy(slug: str) -> str:
    """With a segment of devices that nobody has here, which asks for tests."""
    tests = f"{{sale: a sale of {slug} is booked, print: a receipt comes out}}"
    row = f"  - {{name: tills, when: {{class: specialised}}, ring: 1, window: any time, remedy: back, tests: {tests}}}"
    return POLICY.replace("segments:\n", f"segments:\n{row}\n")


async def make_twins(database: Database, admin: psycopg.Connection[Any]) -> Twins:
    first = Scene(admin, policy_text=_policy("northwind"), slug="northwind", tenant_kind="operator")
    second = Scene(admin, now=first.now, policy_text=_policy("southwind"), slug="southwind")
    clock = ManualClock(first.now + timedelta(seconds=1))
    permit_key = first.permit_key.public
    services = Services(database, clock, NoDesk(), b"s" * 32, SERVER_FINGERPRINT, permit_key, "https://agents:8441")
    a, b = [await fill(database, clock, scene) for scene in (first, second)]
    http = httpx.AsyncClient(
        transport=httpx.ASGITransport(app=people_api(services)), base_url="http://server", timeout=30
    )
    twins = Twins(database, admin, clock, services, http, a, b)
    twins.principal("ada", StaffRole.PATCH_ADMINISTRATOR, a)
    twins.principal("both", StaffRole.PATCH_ADMINISTRATOR, a, b)
    twins.principal("all", StaffRole.OPERATOR)
    return twins


async def fill(database: Database, clock: ManualClock, scene: Scene) -> Twin:
    """What the scene does not write: a row in every other tenant table, and stops of every scope inside the tenant."""
    own, now = {"tenant_id": scene.tenant_id}, scene.now
    device = scene.add_devices(1, name=f"{scene.slug}-pc")[0]
    scene.approve()
    token_id, hold_id, permit_id = new_id(now), new_id(now), new_id(now)
    _what_devices_said(scene, device.device_id)
    token = {"token_id": token_id, "site_id": scene.site_id, "secret_hash": secret_hash(secrets.token_urlsafe(24))}
    uses = {"expires_at": now + LATER, "use_count_max": 5, "created_at": now, "created_by": scene.slug}
    scene.insert("enrolment_token", [{**own, **token, **uses}])
    hold = {"hold_id": hold_id, "patch_key": f"apt:held-{scene.slug}=2", "reason": f"{scene.slug} waits"}
    scene.insert("hold", [{**own, **hold, "source": "person", "placed_at": now, "placed_by": scene.slug}])
    asked = {"permit_id": permit_id, "device_id": device.device_id, "action_id": device.action_id, "nonce": "n"}
    granted = {"granted_at": now, "expires_at": now, "plan_digest": "d", "request": Jsonb({}), "document": Jsonb({})}
    scene.insert("permit", [{**own, **asked, **granted, "settled_at": now, "outcome": "not_started"}])
    scene.insert("slot", [{**own, "slot_key": "tenant", "in_flight_max": 3}])
    scene.insert("permit_slot", [{**own, "permit_id": permit_id, "slot_key": "tenant"}])
    reasons = Jsonb([{"code": "window_closed", "text": f"{scene.slug} is closed", "numbers": {}}])
    scene.insert("denial", [{**own, "action_id": device.action_id, "denied_at": now, "reasons": reasons}])
    _what_the_gate_saw(scene, device.device_id)
    stop_id = await _with_record(database, clock, scene)
    row = scene.connection.execute(
        "select approval_id from patchring.approval where tenant_id = %s", [scene.tenant_id]
    ).fetchone()
    assert row is not None
    issues = _known_issues(scene)
    return Twin(scene, token_id, hold_id, row[0], stop_id, _shift(scene), _proposal(scene), *issues, *_tests(scene))


def _what_the_gate_saw(scene: Scene, device_id: UUID) -> None:
    """One device that failed, and all of the tenant's held by that."""
    now, own = scene.now, {"tenant_id": scene.tenant_id, "rollout_id": scene.rollout_id}
    device = {**own, "device_id": device_id}
    scene.insert("gate_device", [{**device, "facets": ["all"], "build": f"os of {scene.slug}", "began_at": now}])
    scene.insert("gate_event", [{**device, "signal": "service_failure", "at": now}])
    part = {"facet": "own", "words": "this client's devices", "era": 1, "device_count": 1, "installed_count": 1}
    scene.insert("gate_part", [{**own, **part, "pooled": Jsonb({}), "last_ring": 1, "told": "held"}])
    step = Step(1, 0.001, (1.0, 0.0, 0.0))
    evidence = Evidence().after(step)
    beside = Beside("this client's devices", Signal.SERVICE_FAILURE, 1, 0, 1, 1, 0, 0.001)
    verdict = verdict_of(evidence, beside)
    seen = Seen(1, evidence, 1, 0, verdict, beside, installed=1)
    row = {**own, "signal": "service_failure", "era": 1}
    scene.insert("gate_own", [{**row, "step_count": 1, "evidence": Jsonb(seen.as_json())}])
    record = {**step_json(step), **beside_json(beside), **seen.verdict_json()}
    scene.insert("gate_own_record", [{**row, "number": 1, "at": now, "record": Jsonb(record), "code_version": METHOD}])
    key = facet_stop(scene.patch_key, f"own/{scene.tenant_id}")
    stop = {"stop_id": new_id(now), "stop_key": key, "reason": f"seen at {scene.slug}", "placed_at": now}
    scene.insert("stop", [{**stop, "placed_by": "worker"}])


def _proposal(scene: Scene) -> UUID:
    """A proposal to hold the tenant's own patch that its policy left open, and that was put to nobody else."""
    now, proposal_id = scene.now, new_id(scene.now)
    row = {"proposal_id": proposal_id, "patch_key": scene.patch_key, "kind": "hold", "reason": f"{scene.slug} asks"}
    scene.insert("proposal", [{**row, "source": "person", "proposed_at": now, "proposed_by": f"person:{scene.slug}"}])
    answer = {"tenant_id": scene.tenant_id, "proposal_id": proposal_id, "state": "open", "reason": "a person decides"}
    by = {"policy_version_id": scene.policy_version_id, "rule": "proposals.hold", "line": 1, "answered_at": now}
    scene.insert("proposal_answer", [{**answer, **by}])
    return proposal_id


def _known_issues(scene: Scene) -> tuple[UUID, UUID]:
    """One in force, which the tenant set aside, and one that was only proposed. They stand for every tenant."""
    now, ids = scene.now, (new_id(scene.now), new_id(scene.now))
    for issue_id, state in zip(ids, ("in_force", "proposed"), strict=True):
        row = {"issue_id": issue_id, "name": f"issue-{issue_id}", "state": state, "reason": "it does not start"}
        said = {"source_kind": "person", "source": "ticket 1", "release_when": "the next one is out"}
        names = {"patches": Jsonb({"package": ["demo"]}), "devices": Jsonb({"class": ["kiosk"]})}
        scene.insert("known_issue", [{**row, **said, **names, "placed_at": now, "placed_by": "person:dana"}])
    waived = {"tenant_id": scene.tenant_id, "issue_id": ids[0], "reason": f"{scene.slug} has no kiosk"}
    scene.insert("known_issue_waiver", [{**waived, "waived_at": now, "waived_by": scene.slug}])
    return ids


def _tests(scene: Scene) -> tuple[UUID, UUID]:
    """A record of one case, and a waiver that waits for a second person."""
    now, record_id, waiver_id = scene.now, new_id(scene.now), new_id(scene.now)
    about = {"tenant_id": scene.tenant_id, "patch_id": scene.patch_id, "segment": "tills"}
    results = Jsonb([{"case": "print", "criterion": "a receipt comes out", "passed": True, "note": scene.slug}])
    said = {"devices": [f"{scene.slug}-till"], "results": results, "passed": True}
    by = {"recorded_at": now, "recorded_by": scene.slug}
    scene.insert("test_record", [{**about, **said, **by, "test_record_id": record_id}])
    asked = {"reason": f"{scene.slug} is attacked", "expires_at": now + timedelta(days=1), "asked_at": now}
    first = {"asked_by": scene.slug, "asked_by_id": new_id(now)}
    scene.insert("test_waiver", [{**about, **asked, **first, "test_waiver_id": waiver_id}])
    return record_id, waiver_id


def _shift(scene: Scene) -> UUID:
    """The shift of a person who is asked to say that he is there."""
    now, shift_id = scene.now, new_id(scene.now)
    row = {"tenant_id": scene.tenant_id, "shift_id": shift_id, "person": "all", "kind": "on_call"}
    times = {"begins_at": now, "ends_at": now + timedelta(hours=8), "created_at": now, "created_by": scene.slug}
    scene.insert("shift", [{**row, **times}])
    return shift_id


def _what_devices_said(scene: Scene, device_id: UUID) -> None:
    own, now = {"tenant_id": scene.tenant_id, "device_id": device_id}, scene.now
    report_id = new_id(now)
    said = {"report_id": report_id, "sequence": 1, "kind": "scan", "made_at": now, "received_at": now}
    scene.insert("report", [{**own, **said, "body": Jsonb({}), "signature": "s"}])
    package = {"provider": "apt", "name": f"libc-{scene.slug}", "version": "2.36", "architecture": "amd64"}
    scan = Jsonb({"facts": {"hostname": f"{scene.slug}-pc"}, "installed": [package], "providers": [], "updates": []})
    taken = {"taken_at": now, "received_at": now, "report_id": report_id, "boot_id": "boot-1"}
    scene.insert("device_inventory", [{**own, **taken, "reboot_pending": False, "scan": scan}])
    missed = {"patch_id": scene.patch_id, "known_from": now, "installed_version": "1.0"}
    scene.insert("missing", [{**own, **missed}])
    scene.insert("finding", [finding(scene, device_id)])
    host = {"tenant_id": scene.tenant_id, "scanner": "nessus", "host": f"{scene.slug}-pc"}
    looked = {"names": [f"{scene.slug}-pc"], "device_id": device_id, "looked_at": now + timedelta(milliseconds=1)}
    scene.insert("scanner_host", [{**host, **looked, "imported_at": now, "imported_by": scene.slug}])
    found = {"cve": "CVE-2026-0099", "check_id": "1", "port": "", "severity": "high", "title": f"of {scene.slug}"}
    scene.insert("scanner_finding", [{**host, **found, "known_from": now}])


def finding(scene: Scene, device_id: UUID) -> dict[str, Any]:
    """An open weakness of a device; its package is called after the tenant."""
    weak = {"cve": "CVE-2026-0001", "package": f"libc-{scene.slug}", "advisory_id": "DSA-1-1", "ecosystem": "Debian:12"}
    versions = {"installed_version": "2.36", "fixed_version": "2.37", "severity": "high", "vector": ""}
    times = {"known_from": scene.now, "fixable_at": scene.now}
    return {"tenant_id": scene.tenant_id, "device_id": device_id, **weak, **versions, **times}


async def _with_record(database: Database, clock: ManualClock, scene: Scene) -> UUID:
    """Events, an outbox row, and stops of every scope that lies inside one tenant; the id of the tenant's own stop."""
    async with unit_of_work(database, Role.WEB, clock, f"person:{scene.slug}", scene.tenant_id) as work:
        work.record("twin_made", "tenant", scene.tenant_id, {"name": scene.slug})
        work.send("mail", f"hello-{scene.slug}", {"to": scene.slug})
    keys = [tenant_stop(scene.tenant_id), rollout_stop(scene.rollout_id), ring_stop(scene.rollout_id, 1)]
    keys += [segment_stop(scene.tenant_id, "everything")]
    async with database.operator(Role.WEB) as tx:
        for key in keys:
            assert await place_stop(tx, key, f"{scene.slug} stops", f"person:{scene.slug}", clock.now())
    row = scene.connection.execute(
        "select stop_id from patchring.stop where stop_key = %s", [tenant_stop(scene.tenant_id)]
    ).fetchone()
    assert row is not None
    return UUID(str(row[0]))
