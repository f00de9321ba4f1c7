"""The API of people: signed in, permitted, in one shape of errors, paged, versioned, and never done twice."""

import httpx
import pytest

from tests.api.people.conftest import Twin, bearer, make_twin
from tests.scene import POLICY, signed_policy

pytestmark = pytest.mark.anyio


async def test_without_a_token_nothing_is_said(client: httpx.AsyncClient) -> None:
    for headers in ({}, bearer("wrong"), {"authorization": "Basic x"}):
        answer = await client.get("/tenants", headers=headers)
        assert answer.status_code == 401
        assert answer.headers["content-type"] == "application/problem+json"
        assert answer.json()["kind"] == "not_signed_in"
    assert (await client.get("/health")).json() == {"state": "ok"}


async def test_a_role_without_the_permission_is_told_which(client: httpx.AsyncClient, connection: object) -> None:
    auditor = make_twin(connection, "audited", role="auditor")  # type: ignore[arg-type]
    body = {"patch": auditor.scene.patch_key, "reason": "because"}
    answer = await client.post("/tenants/audited/holds", json=body, headers=bearer(auditor.token))
    assert answer.status_code == 403
    assert answer.json()["permission"] == "holds.write"
    assert (await client.get("/tenants/audited/holds", headers=bearer(auditor.token))).status_code == 200


async def test_what_is_not_expected_is_named_field_by_field(client: httpx.AsyncClient, mine: Twin) -> None:
    body = {"patch": mine.scene.patch_key, "reasn": "x"}
    answer = await client.post("/tenants/mine/holds", json=body, headers=bearer(mine.token))
    assert answer.status_code == 422
    assert {field["place"] for field in answer.json()["fields"]} == {"body.reason", "body.reasn"}


async def test_lists_are_paged_to_their_end(client: httpx.AsyncClient, mine: Twin) -> None:
    mine.scene.add_devices(5)
    seen, cursor = [], ""
    for _ in range(10):
        query = {"limit": 3, "cursor": cursor}
        answer = (await client.get("/tenants/mine/devices", params=query, headers=bearer(mine.token))).json()
        seen += [row["name"] for row in answer["items"]]
        cursor = answer["next"]
        if cursor is None:
            break
    assert seen == [f"pc-{number}" for number in range(7)]
    answer = await client.get("/tenants/mine/devices", params={"cursor": "x"}, headers=bearer(mine.token))
    assert answer.json()["kind"] == "cursor_unknown"


async def test_two_people_cannot_overwrite_each_other_unawares(client: httpx.AsyncClient, mine: Twin) -> None:
    path = f"/tenants/mine/devices/{mine.scene.devices[0].device_id}"
    read = await client.get(path, headers=bearer(mine.token))
    headers = {**bearer(mine.token), "if-match": read.headers["etag"]}
    first = await client.patch(path, json={"class": "kiosk", "reason": "in the hall"}, headers=headers)
    second = await client.patch(path, json={"class": "server", "reason": "guessed"}, headers=headers)
    assert (first.status_code, second.status_code) == (200, 412)
    assert second.json()["kind"] == "stale"
    assert (await client.get(path, headers=bearer(mine.token))).json()["class"] == "kiosk"


async def test_a_command_with_a_key_is_done_once(client: httpx.AsyncClient, mine: Twin) -> None:
    body = {"patch": mine.scene.patch_key, "reason": "because"}
    headers = {**bearer(mine.token), "idempotency-key": "one"}
    first = await client.post("/tenants/mine/holds", json=body, headers=headers)
    second = await client.post("/tenants/mine/holds", json=body, headers=headers)
    assert first.status_code == second.status_code == 201
    assert first.json() == second.json()
    assert mine.scene.count("hold", "reason = 'because'") == 1
    other = await client.post("/tenants/mine/holds", json={**body, "reason": "another"}, headers=headers)
    assert (other.status_code, other.json()["kind"]) == (409, "key_reused")


async def test_halting_is_a_stop_from_its_commit_on_and_resuming_lifts_it(
    client: httpx.AsyncClient, mine: Twin
) -> None:
    path = f"/tenants/mine/rollouts/{mine.scene.rollout_id}"
    assert (await client.post(f"{path}/halt", json={"reason": "ticket"}, headers=bearer(mine.token))).status_code == 200
    stops = mine.scene.connection.execute("select stop_key from patchring.stop where lifted_at is null").fetchall()
    assert stops == [(f"rollout:{mine.scene.rollout_id}",)]
    again = await client.post(f"{path}/halt", json={"reason": "ticket"}, headers=bearer(mine.token))
    assert (again.status_code, again.json()["kind"]) == (409, "illegal_move")
    await client.post(f"{path}/resume", json={"reason": "found it"}, headers=bearer(mine.token))
    assert (await client.get(path, headers=bearer(mine.token))).json()["state"] == "running"
    stops = mine.scene.connection.execute("select stop_key from patchring.stop where lifted_at is null").fetchall()
    assert stops == []


async def test_a_policy_is_taken_only_as_it_was_signed(client: httpx.AsyncClient, mine: Twin) -> None:
    scene, headers = mine.scene, bearer(mine.token)
    text = POLICY.replace("title: Test", "title: Second")

    def signed(version: int, of: str = text, key: object = scene.approval_key) -> dict[str, object]:
        made = signed_policy(scene.tenant_id, scene.campaign_id, version, of, key, scene.now)  # type: ignore[arg-type]
        return {"payload": made.payload, "signatures": [vars(signature) for signature in made.signatures]}

    async def apply(statement: dict[str, object], of: str = text) -> tuple[int, str]:
        body = {"text": of, "statement": statement}
        answer = await client.post("/tenants/mine/policy", json=body, headers=headers)
        return answer.status_code, answer.json().get("kind", "")

    assert await apply(signed(2, key=scene.permit_key)) == (422, "statement_not_signed")
    assert await apply(signed(2), of=POLICY) == (422, "fingerprint_differs")
    assert await apply(signed(3)) == (409, "policy_version_taken")
    wider = signed(2)
    assert await apply(wider | {"payload": {**wider["payload"], "grants": []}}) == (422, "statement_not_signed")  # type: ignore[dict-item]
    assert await apply(signed(2)) == (201, "")
    broken = POLICY.replace("ring: 1, window", "ring: 9, window")
    answer = await client.post("/policy-check", json={"text": broken}, headers=headers)
    assert answer.json()["problems"][0]["line"] == 11


async def test_why_is_this_device_not_patched(client: httpx.AsyncClient, mine: Twin) -> None:
    query = {"device": "pc-0", "patch": mine.scene.patch_key}
    said = (await client.get("/tenants/mine/explain", params=query, headers=bearer(mine.token))).json()
    assert [reason["code"] for reason in said["reasons"]][:4] == [
        "missing",
        "segment_matched",
        "rule_matched",
        "device_offered",
    ]
    body = {"patch": mine.scene.patch_key, "reason": "odd on the test machine"}
    await client.post("/tenants/mine/holds", json=body, headers=bearer(mine.token))
    said = (await client.get("/tenants/mine/explain", params=query, headers=bearer(mine.token))).json()
    assert said["answer"] == "held: odd on the test machine"
