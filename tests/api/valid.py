"""A request for every command of the API that is done when it is sent in a fresh world of twins, by route.

`before` are commands that have to be done first, so that the state allows it.
"""

import secrets
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from uuid import UUID, uuid4

from patchring.core.ids import TenantId
from patchring.policyfile import fingerprint
from patchring.store.ids import new_id
from patchring.wire.authority import ApprovalStatement, ApprovedPackage, Root
from patchring.wire.codec import encode
from patchring.wire.signing import SigningKey
from tests.api.twins import Twin, Twins
from tests.scene import LATER, milliseconds, signed_policy

WHY = "because the test says so"
T = "/tenants/{tenant}"


@dataclass(frozen=True)
class Command:
    """`places` are the parts of the path besides the tenant; `body` None: none is sent."""

    body: Callable[[Twins], dict[str, Any]] | None
    places: Callable[[Twin], dict[str, object]] = lambda _: {}
    before: tuple[str, ...] = ()
    changed: dict[str, Any] | None = None


def because(_: Twins) -> dict[str, Any]:
    return {"reason": WHY}


def rollout(twin: Twin) -> dict[str, object]:
    return {"rollout_id": twin.scene.rollout_id}


def new_tenant(twins: Twins) -> dict[str, Any]:
    tenant_id = TenantId(new_id(twins.clock.now()))
    named = {"tenant_id": str(tenant_id), "slug": "eastwind", "name": "Eastwind", "kind": "client"}
    return {**named, "root": signed_root(twins, tenant_id)}


def signed_root(twins: Twins, tenant_id: UUID, key: SigningKey | None = None, **changed: Any) -> dict[str, Any]:
    """A root that fits; `changed` replaces fields before it is signed by the key (None: a new one)."""
    signer = key or SigningKey.generate()
    fields: dict[str, Any] = {
        "kind": "root",
        "tenant_id": str(tenant_id),
        "version": 1,
        "root_keys": [signer.public],
        "root_threshold": 1,
        "approval_keys": [SigningKey.generate().public],
        "approval_threshold": 1,
        "permit_keys": [twins.services.permit_key],
        "expires_at_ms": milliseconds(twins.clock.now() + LATER),
    }
    signed: dict[str, Any] = encode(signer.sign_document(encode(Root(**{**fields, **changed}))))
    return signed


def next_root(twins: Twins) -> dict[str, Any]:
    return {"root": signed_root(twins, twins.a.tenant_id, twins.a.scene.root_key, version=2)}


def next_policy(twins: Twins, version: int = 2, text: str | None = None) -> dict[str, Any]:
    scene = twins.a.scene
    text = text or scene.policy_text.replace("title: Test", f"title: Test {version}")
    statement = signed_policy(scene.tenant_id, uuid4(), version, text, scene.approval_key, twins.clock.now())
    return {"text": text, "statement": encode(statement)}


def new_shifts(twins: Twins) -> dict[str, Any]:
    """One shift of tomorrow."""
    begins = twins.clock.now() + timedelta(days=1)
    span = {"begins_at": begins.isoformat(), "ends_at": (begins + timedelta(hours=8)).isoformat()}
    return {"person": "ada", "until": (begins + timedelta(days=30)).isoformat(), "shifts": [span]}


def known_issue() -> dict[str, Any]:
    said = {"name": "demo-1", "patches": {"package": ["demo"]}, "devices": {"class": ["kiosk"]}}
    return {**said, "reason": "it does not start", "source": "ticket 4711", "release_when": "1.2 is out"}


def signed_approval(twins: Twins, **changed: Any) -> dict[str, Any]:
    """An approval of the twin's patch that fits; `changed` replaces fields before signing, `key` the signer."""
    scene = twins.a.scene
    key = changed.pop("key", scene.approval_key)
    fields: dict[str, Any] = {
        "kind": "approval",
        "tenant_id": str(scene.tenant_id),
        "approval_id": str(uuid4()),
        "actions": ["install"],
        "packages": [ApprovedPackage("apt", "demo", "1.1")],
        "segments": [],
        "policy_fingerprint": fingerprint(scene.policy_text),
        "reason": "looked at",
        "issued_at_ms": milliseconds(twins.clock.now()),
        "expires_at_ms": milliseconds(twins.clock.now() + LATER),
    }
    statement = ApprovalStatement(**{**fields, **changed})
    return {"patch": scene.patch_key, "statement": encode(key.sign_document(encode(statement)))}


def tried(twins: Twins) -> dict[str, Any]:
    result = {"case": "sale", "passed": True, "note": "at noon"}
    return {"patch": twins.a.scene.patch_key, "segment": "tills", "devices": ["a till"], "results": [result]}


def waived(twins: Twins) -> dict[str, Any]:
    until = (twins.clock.now() + timedelta(days=1)).isoformat()
    return {"patch": twins.a.scene.patch_key, "segment": "tills", "reason": WHY, "expires_at": until}


COMMANDS: dict[str, Command] = {
    "POST /tenants": Command(new_tenant, changed={"name": "Eastwind again"}),
    f"POST {T}/roots": Command(next_root, changed={"root": {}}),
    f"POST {T}/sites": Command(lambda _: {"name": "Second office", "zone": "UTC"}, changed={"name": "Third office"}),
    f"POST {T}/tokens": Command(lambda _: {"site": "Head office", "uses": 3}, changed={"uses": 4}),
    f"DELETE {T}/tokens/{{token_id}}": Command(None, lambda t: {"token_id": t.token_id}),
    f"PATCH {T}/devices/{{device}}": Command(
        lambda _: {"criticality": "high", "roles": ["database"], "reason": WHY},
        lambda t: {"device": t.device_id},
        changed={"criticality": "mission"},
    ),
    f"POST {T}/policy": Command(next_policy, changed={"text": "patchring: 1"}),
    f"POST {T}/policy/compare": Command(lambda w: {"text": w.a.scene.policy_text}, changed={"text": "patchring: 1"}),
    f"POST {T}/scanner-reports": Command(
        lambda _: {"scanner": "nessus", "hosts": [{"names": ["pc-1"], "found": [{"cve": "CVE-2026-0001"}]}]},
        changed={"scanner": "qualys"},
    ),
    f"POST {T}/test-records": Command(tried, changed={"segment": "another"}),
    f"POST {T}/test-waivers": Command(
        waived,
        changed={"segment": "another"},
    ),
    f"POST {T}/test-waivers/{{waiver_id}}/confirm": Command(None, lambda t: {"waiver_id": t.waiver_id}),
    f"POST {T}/shifts": Command(new_shifts, changed={"person": "grace"}),
    f"POST {T}/shifts/{{shift_id}}/acknowledge": Command(None, lambda t: {"shift_id": t.shift_id}),
    f"POST {T}/approvals": Command(signed_approval, changed={"statement": {}}),
    f"POST {T}/approvals/{{approval_id}}/withdraw": Command(
        because, lambda t: {"approval_id": t.approval_id}, changed={"reason": "another reason"}
    ),
    f"POST {T}/rejections": Command(
        lambda w: {"patch": w.a.scene.patch_key, "reason": WHY}, changed={"reason": "another reason"}
    ),
    f"POST {T}/holds": Command(
        lambda w: {"patch": w.a.scene.patch_key, "reason": WHY}, changed={"reason": "another reason"}
    ),
    f"POST {T}/holds/{{hold_id}}/release": Command(
        because, lambda t: {"hold_id": t.hold_id}, changed={"reason": "another reason"}
    ),
    "POST /proposals": Command(
        lambda w: {"kind": "hold", "patch": w.a.scene.patch_key, "reason": WHY}, changed={"kind": "approve"}
    ),
    "POST /proposals/{proposal_id}/withdraw": Command(
        because, lambda t: {"proposal_id": t.proposal_id}, changed={"reason": "another reason"}
    ),
    f"POST {T}/proposals/{{proposal_id}}/answer": Command(
        lambda _: {"accept": True, "reason": WHY},
        lambda t: {"proposal_id": t.proposal_id},
        changed={"reason": "another reason"},
    ),
    "POST /known-issues": Command(lambda _: known_issue(), changed={"name": "another"}),
    "POST /known-issues/import": Command(lambda _: {"issues": [known_issue()]}, changed={"dry_run": True}),
    "POST /known-issues/{issue_id}/confirm": Command(None, lambda t: {"issue_id": t.proposed_issue_id}),
    "POST /known-issues/{issue_id}/end": Command(
        because, lambda t: {"issue_id": t.issue_id}, changed={"reason": "another reason"}
    ),
    f"POST {T}/known-issues/{{issue_id}}/waive": Command(
        because,
        lambda t: {"issue_id": t.issue_id},
        before=(f"POST {T}/known-issues/{{issue_id}}/heed",),
        changed={"reason": "another reason"},
    ),
    f"POST {T}/known-issues/{{issue_id}}/heed": Command(
        because, lambda t: {"issue_id": t.issue_id}, changed={"reason": "another reason"}
    ),
    f"POST {T}/rollouts": Command(
        lambda w: {"patch": w.a.scene.patch_key},
        before=(f"POST {T}/rollouts/{{rollout_id}}/abandon",),
        changed={"patch": "another"},
    ),
    f"POST {T}/gate/release": Command(
        lambda w: {"patch": w.a.scene.patch_key, "facet": "own", "reason": WHY}, changed={"reason": "another reason"}
    ),
    f"POST {T}/rollouts/{{rollout_id}}/halt": Command(because, rollout, changed={"reason": "another reason"}),
    f"POST {T}/rollouts/{{rollout_id}}/resume": Command(
        because, rollout, before=(f"POST {T}/rollouts/{{rollout_id}}/halt",), changed={"reason": "another reason"}
    ),
    f"POST {T}/rollouts/{{rollout_id}}/roll-back": Command(because, rollout, changed={"reason": "another reason"}),
    f"POST {T}/rollouts/{{rollout_id}}/abandon": Command(because, rollout, changed={"reason": "another reason"}),
    "POST /stops": Command(lambda _: {"key": "everything", "reason": WHY}, changed={"key": "patch:apt:x=1"}),
    "POST /stops/lift": Command(
        lambda _: {"key": "everything", "reason": WHY}, before=("POST /stops",), changed={"key": "patch:apt:x=1"}
    ),
    "POST /policy-check": Command(lambda w: {"text": w.a.scene.policy_text}, changed={"text": "patchring: 1"}),
    "POST /principals": Command(
        lambda _: {"name": "grace", "role": "technician", "tenants": ["northwind"]}, changed={"name": "mallory"}
    ),
    "DELETE /principals/{principal_id}": Command(None, lambda t: {"principal_id": ADA[t.tenant_id]}),
}

# The principal to be revoked; the world is made anew for each test, and its ids with it.
ADA: dict[UUID, UUID] = {}


def request(twins: Twins, name: str) -> dict[str, Any]:
    """The arguments of the request; what has to be asked with `before` is up to the caller."""
    command, (method, path) = COMMANDS[name], name.split()
    row = twins.admin.execute("select principal_id from patchring.principal where name = 'ada'").fetchone()
    assert row is not None
    ADA[twins.a.tenant_id] = row[0]
    url = f"/api/v1{path}".format(tenant=twins.a.slug, **command.places(twins.a))
    given: dict[str, Any] = {"method": method, "url": url}
    return given if command.body is None else {**given, "json": command.body(twins)}


async def do(twins: Twins, name: str, who: str = "all", key: str | None = None, **given: Any) -> Any:
    """Send it; `given` replaces arguments of the request. The answer of httpx."""
    headers = {**twins.headers(who), "if-match": "*"}
    headers |= {"idempotency-key": key} if key else {}
    return await twins.http.request(**{**request(twins, name), "headers": headers, **given})


def new_key() -> str:
    return secrets.token_hex(16)
