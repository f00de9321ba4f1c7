"""What people signed is checked when it is handed in, and refused with the reason; what is refused changes nothing."""

from collections.abc import Callable
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest

from patchring.wire.authority import ApprovedPackage
from patchring.wire.codec import encode
from patchring.wire.signing import SigningKey
from tests.api.test_twin_tenants import everything
from tests.api.twins import Twins
from tests.api.valid import T, do, new_tenant, next_policy, next_root, signed_approval, signed_root
from tests.scene import milliseconds

pytestmark = pytest.mark.anyio
Bent = Callable[[Twins], dict[str, Any]]


def stranger(_: object = None) -> SigningKey:
    return SigningKey.generate()


def with_statement(body: dict[str, Any], **payload: Any) -> dict[str, Any]:
    """The body with fields of what was signed changed afterwards."""
    statement = body["statement"]
    return {**body, "statement": {**statement, "payload": {**statement["payload"], **payload}}}


async def refused(twins: Twins, name: str, body: dict[str, Any]) -> dict[str, Any]:
    before = everything(twins)
    answer = await do(twins, name, json=body)
    assert everything(twins) == before
    problem: dict[str, Any] = answer.json()
    assert answer.status_code in (409, 422), problem
    assert "\n" not in problem["detail"]
    return problem


POLICIES: dict[str, tuple[Bent, str]] = {
    "no document": (lambda w: {**next_policy(w), "statement": {}}, "statement_malformed"),
    "a field too many": (lambda w: with_statement(next_policy(w), extra=1), "statement_malformed"),
    "changed after it was signed": (lambda w: with_statement(next_policy(w), issued_at_ms=1), "statement_not_signed"),
    "signed by the other tenant": (
        lambda w: {**next_policy(w), "statement": _signed_by(w, w.b.scene.approval_key)},
        "statement_not_signed",
    ),
    "of the other tenant": (lambda w: {**next_policy(w), "statement": _of_b(w)}, "statement_not_signed"),
    "for another text": (lambda w: {**next_policy(w), "text": w.a.scene.policy_text}, "fingerprint_differs"),
    "a version too far": (lambda w: next_policy(w, 3), "policy_version_taken"),
    "the version in force": (lambda w: next_policy(w, 1), "policy_version_taken"),
    "no policy": (lambda w: {**next_policy(w), "text": "patchring: 1\nrings: 3\n"}, "policy_invalid"),
}


def _signed_by(twins: Twins, key: SigningKey) -> Any:
    payload = next_policy(twins)["statement"]["payload"]
    return encode(key.sign_document(payload))


def _of_b(twins: Twins) -> Any:
    payload = {**next_policy(twins)["statement"]["payload"], "tenant_id": str(twins.b.tenant_id)}
    return encode(twins.b.scene.approval_key.sign_document(payload))


@pytest.mark.parametrize("case", POLICIES)
async def test_a_policy_that_does_not_fit_is_refused(twins: Twins, case: str) -> None:
    bend, kind = POLICIES[case]
    assert (await refused(twins, f"POST {T}/policy", bend(twins)))["kind"] == kind


async def test_grants_beyond_the_text_are_refused_by_name(twins: Twins) -> None:
    """A statement that is signed properly, but allows more than the text says."""
    body = next_policy(twins)
    payload = body["statement"]["payload"]
    more = {**payload["grants"][0], "rule": "anything goes", "origins": ["*"]}
    signed = encode(twins.a.scene.approval_key.sign_document({**payload, "grants": [*payload["grants"], more]}))
    problem = await refused(twins, f"POST {T}/policy", {**body, "statement": signed})
    assert problem["kind"] == "grants_differ"
    assert "anything goes" in problem["detail"]


async def test_a_number_that_is_taken_names_the_next(twins: Twins) -> None:
    problem = await refused(twins, f"POST {T}/policy", next_policy(twins, 7))
    assert (problem["kind"], problem["expected"]) == ("policy_version_taken", 2)


async def test_every_problem_of_a_text_has_its_line(twins: Twins) -> None:
    """The check keeps nothing and needs no keys."""
    before = everything(twins)
    answer = await do(twins, "POST /policy-check", json={"text": "patchring: 1\ntitle: T\nautomation: sometimes\n"})
    assert (answer.status_code, answer.json()["kind"]) == (422, "policy_invalid")
    problems = answer.json()["problems"]
    assert ("automation", 3) in [(problem["path"], problem["line"]) for problem in problems]
    assert f"(and {len(problems) - 1} more)" in answer.json()["detail"]
    assert everything(twins) == before


async def test_an_applied_policy_is_in_force_and_wakes_what_it_decides(twins: Twins) -> None:
    """It is shown with its text, recorded with its fingerprint, and patches and rollouts are looked at again."""
    body = next_policy(twins)
    applied = (await do(twins, f"POST {T}/policy", json=body)).json()
    shown = (await twins.http.get("/api/v1/tenants/northwind/policy", headers=twins.headers("all"))).json()
    assert {key: shown[key] for key in applied} == applied
    assert (shown["version"], shown["text"], shown["statement"]) == (2, body["text"], body["statement"])
    first = await twins.http.get("/api/v1/tenants/northwind/policy?version=1", headers=twins.headers("all"))
    assert first.json()["text"] == twins.a.scene.policy_text
    event = (await twins.http.get("/api/v1/tenants/northwind/events", headers=twins.headers("all"))).json()["items"][0]
    assert (event["kind"], event["policy_fingerprint"]) == ("policy_applied", applied["fingerprint"])
    due = twins.admin.execute("select kind, id from patchring.due where tenant_id = %s", [twins.a.tenant_id]).fetchall()
    looked_at = {("patch", twins.a.scene.patch_id), ("rollout", twins.a.scene.rollout_id)}
    assert set(due) == looked_at | {("catalogue", twins.a.tenant_id)}  # due dates may follow another table


APPROVALS: dict[str, tuple[Bent, str]] = {
    "no document": (lambda w: {**signed_approval(w), "statement": {"payload": {}}}, "statement_malformed"),
    "a policy's": (lambda w: {**signed_approval(w), "statement": next_policy(w)["statement"]}, "statement_malformed"),
    "by a stranger": (lambda w: signed_approval(w, key=stranger()), "statement_not_signed"),
    "expired": (lambda w: signed_approval(w, expires_at_ms=milliseconds(w.clock.now())), "statement_not_signed"),
    "for ever": (
        lambda w: signed_approval(w, expires_at_ms=milliseconds(w.clock.now() + timedelta(days=4000))),
        "statement_too_long",
    ),
    "of the other tenant": (lambda w: signed_approval(w, tenant_id=str(w.b.tenant_id)), "statement_not_signed"),
    "of another version": (
        lambda w: signed_approval(w, packages=[ApprovedPackage("apt", "demo", "1.2")]),
        "approval_of_another",
    ),
    "of another action": (lambda w: signed_approval(w, actions=["reboot"]), "approval_of_another"),
    "for a segment that is not": (lambda w: signed_approval(w, segments=["attic"]), "segment_unknown"),
    "under another policy": (lambda w: signed_approval(w, policy_fingerprint="0" * 64), "policy_changed"),
    "with a crooked id": (lambda w: signed_approval(w, approval_id="1"), "statement_malformed"),
}


@pytest.mark.parametrize("case", APPROVALS)
async def test_an_approval_that_does_not_fit_is_refused(twins: Twins, case: str) -> None:
    bend, kind = APPROVALS[case]
    assert (await refused(twins, f"POST {T}/approvals", bend(twins)))["kind"] == kind


async def test_an_approval_is_taken_once(twins: Twins) -> None:
    """The same statement under two keys is one approval."""
    body = signed_approval(twins, approval_id=str(uuid4()))
    assert (await do(twins, f"POST {T}/approvals", json=body)).status_code == 201
    assert (await refused(twins, f"POST {T}/approvals", body))["kind"] == "approval_exists"


ROOTS: dict[str, tuple[Callable[[Twins], Any], str]] = {
    "no document": (lambda _: {"payload": 1}, "statement_malformed"),
    "another kind": (lambda w: signed_approval(w)["statement"], "statement_malformed"),
    "a version too far": (lambda w: _next(w, version=3), "root_unfit"),
    "the version in force": (lambda w: _next(w, version=1), "root_unfit"),
    "of the other tenant": (lambda w: _next(w, tenant_id=w.b.tenant_id), "root_unfit"),
    "without the permit key": (lambda w: _next(w, permit_keys=[stranger().public]), "root_unfit"),
    "no approval key": (lambda w: _next(w, approval_keys=[]), "root_unfit"),
    "a crooked key": (lambda w: _next(w, approval_keys=["abc"]), "root_unfit"),
    "a threshold out of reach": (lambda w: _next(w, approval_threshold=2), "root_unfit"),
    "no threshold": (lambda w: _next(w, approval_threshold=0), "root_unfit"),
    "expired": (lambda w: _next(w, expires_at_ms=milliseconds(w.clock.now())), "root_unfit"),
    "by its own key alone": (lambda w: signed_root(w, w.a.tenant_id, version=2), "root_not_signed"),
}


def _next(twins: Twins, **changed: Any) -> Any:
    tenant_id = changed.pop("tenant_id", twins.a.tenant_id)
    return signed_root(twins, tenant_id, twins.a.scene.root_key, **{"version": 2, **changed})


@pytest.mark.parametrize("case", ROOTS)
async def test_a_root_that_does_not_follow_is_refused(twins: Twins, case: str) -> None:
    bend, kind = ROOTS[case]
    assert (await refused(twins, f"POST {T}/roots", {"root": bend(twins)}))["kind"] == kind


async def test_after_a_new_root_its_keys_count_and_the_old_ones_do_not(twins: Twins) -> None:
    key = stranger()
    body = {"root": _next(twins, approval_keys=[key.public])}
    assert (await do(twins, f"POST {T}/roots", json=body)).json()["version"] == 2
    assert (await refused(twins, f"POST {T}/approvals", signed_approval(twins)))["kind"] == "statement_not_signed"
    assert (await do(twins, f"POST {T}/approvals", json=signed_approval(twins, key=key))).status_code == 201
    assert (await refused(twins, f"POST {T}/roots", next_root(twins)))["kind"] == "root_unfit"


async def test_a_tenant_begins_with_a_root_of_its_own(twins: Twins) -> None:
    """Signed by itself, for this id, and naming this server's permit key; otherwise there is no tenant."""
    body = new_tenant(twins)
    other = {**body, "tenant_id": str(uuid4())}
    assert (await refused(twins, "POST /tenants", other))["kind"] == "root_unfit"
    unsigned = {**body, "root": {**body["root"], "signatures": []}}
    assert (await refused(twins, "POST /tenants", unsigned))["kind"] == "root_not_signed"
    made = (await do(twins, "POST /tenants", json=body)).json()
    assert (made["slug"], made["policy_version"], made["device_count"]) == ("eastwind", None, 0)


async def test_names_and_the_operators_place_are_taken_once(twins: Twins) -> None:
    taken = new_tenant(twins) | {"slug": "southwind"}
    assert (await refused(twins, "POST /tenants", taken))["kind"] == "tenant_exists"
    again = new_tenant(twins) | {"kind": "operator"}
    assert (await refused(twins, "POST /tenants", again))["kind"] == "operator_exists"
