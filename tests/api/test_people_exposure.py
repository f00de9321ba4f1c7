"""Devices whose exposure nobody confirmed: listed with what is likely, until somebody says it."""

import pytest

from tests.api.test_people_proposals import WHY, ask
from tests.api.twins import Twins

pytestmark = pytest.mark.anyio
PATH = "/tenants/northwind/exposure"


async def test_a_device_is_listed_until_a_person_says_it(twins: Twins) -> None:
    """By its software, its roles, and a scan from outside."""
    scene, name = twins.a.scene, twins.a.device_name
    scan = """update patchring.device_inventory set scan = '{"installed": [{"name": "nginx"}, {"name": "vim"}]}'"""
    scene.connection.execute(scan)
    [row] = (await ask(twins, "GET", PATH))["items"]
    assert (row["name"], row["proposed"], [each["text"] for each in row["reasons"]]) == (name, True, ["it has nginx"])
    body = {"scanner": "external-weekly", "hosts": [{"names": [name]}]}
    await ask(twins, "POST", "/tenants/northwind/scanner-reports", body)
    [row] = (await ask(twins, "GET", PATH))["items"]
    assert [each["code"] for each in row["reasons"]] == ["seen_from_outside", "serves_others"]
    headers = {**twins.headers("both"), "if-match": "*"}
    url = f"/api/v1/tenants/northwind/devices/{twins.a.device_id}"
    done = await twins.http.patch(url, json={"internet_facing": False, "reason": WHY}, headers=headers)
    assert done.status_code == 200
    assert (await ask(twins, "GET", PATH))["items"] == []
