"""What a text would change for the fleet of a tenant, over the API and the real database."""

import pytest

from tests.api.twins import Twins

pytestmark = pytest.mark.anyio
URL = "/api/v1/tenants/northwind/policy/compare"


async def test_the_policy_in_force_changes_nothing(twins: Twins) -> None:
    answer = await twins.http.post(URL, json={"text": twins.a.scene.policy_text}, headers=twins.headers("all"))
    assert answer.status_code == 200, answer.text
    found = answer.json()
    assert [found[name] for name in ("values", "devices", "decisions", "soon")] == [{"count": 0, "items": []}] * 4


async def test_a_text_says_which_devices_and_patches_it_concerns(twins: Twins) -> None:
    """Every device that misses the patch, by name, with the rules of both sides."""
    text = twins.a.scene.policy_text
    changed = text.replace("decide: auto", "decide: hold")
    assert changed != text
    answer = await twins.http.post(URL, json={"text": changed}, headers=twins.headers("all"))
    found = answer.json()
    [decision] = found["decisions"]["items"]
    assert (decision["patch_key"], decision["before"], decision["after"]) == (twins.a.scene.patch_key, "auto", "hold")
    assert decision["device_names"] == sorted(decision["device_names"])
    assert decision["device_count"] == len(decision["device_names"]) > 0
    assert {row["path"].split(".")[-1] for row in found["values"]["items"]} == {"decide"}


async def test_without_a_policy_there_is_nothing_to_compare_with(twins: Twins) -> None:
    body = {"text": twins.a.scene.policy_text, "version": 99}
    answer = await twins.http.post(URL, json=body, headers=twins.headers("all"))
    assert (answer.status_code, answer.json()["kind"]) == (404, "policy_not_found")
