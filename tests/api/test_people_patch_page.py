"""One patch: what it settles and replaces, and what is said against it."""

from datetime import timedelta
from typing import Any

import pytest
from psycopg.types.json import Jsonb

from patchring.store.ids import new_id
from tests.api.test_people_proposals import ask
from tests.api.twins import Twins, finding

pytestmark = pytest.mark.anyio

WINDOWS = {"kb": "KB5068861", "update_id": "u1", "provider": "windows_update", "name": "u1", "version": "1"}


def add_patch(twins: Twins, **columns: Any) -> str:
    """Another patch of northwind's, as its devices reported it; its key."""
    scene = twins.a.scene
    row = {"provider": "apt", "name": "demo", "version": "1.1", "title": "Demo", "origin": "Debian"} | columns
    row["patch_key"] = f"{row['provider']}:{row['name']}={row['version']}"
    own = {"tenant_id": scene.tenant_id, "patch_id": new_id(scene.now), "known_from": scene.now}
    scene.insert("patch", [own | row | {"type": "os", "classification": "security", "reboot": "never"}])
    return str(row["patch_key"])


async def page(twins: Twins, patch_key: str = "") -> Any:
    return await ask(twins, "GET", f"/tenants/northwind/patch?patch={patch_key or twins.a.scene.patch_key}")


async def test_it_names_the_open_weaknesses_that_it_settles(twins: Twins) -> None:
    """The exploited first, then by due date, each CVE once; neither what a later version settles, nor what is over."""
    scene = twins.a.scene
    base = finding(scene, twins.a.device_id) | {"package": "demo", "installed_version": "1.0", "fixed_version": "1.1"}
    vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
    rows = [
        base | {"cve": "CVE-2026-0010", "due_at": scene.now + timedelta(days=60), "vector": vector},
        base | {"cve": "CVE-2026-0011", "due_at": scene.now + timedelta(days=14)},
        base | {"cve": "CVE-2026-0012", "due_at": scene.now + timedelta(days=20), "exploited_at": scene.now},
        base | {"cve": "CVE-2026-0013", "fixed_version": "1.2"},
        base | {"cve": "CVE-2026-0014", "known_to": scene.now + timedelta(seconds=1)},
    ]
    for row in rows:
        scene.insert("finding", [row])
    scored = {"percentile_millionths": 1, "scored_on": scene.now.date(), "observed_at": scene.now}
    scene.insert("score", [{"cve": "CVE-2026-0011", "epss_millionths": 4200, **scored}])
    cves = (await page(twins))["cves"]
    assert [each["cve"] for each in cves] == ["CVE-2026-0012", "CVE-2026-0011", "CVE-2026-0010"]
    assert [each["cvss_tenths"] for each in cves] == [None, None, 98]
    assert [each["epss_millionths"] for each in cves] == [None, 4200, None]
    assert {each["device_count"] for each in cves} == {1}


async def test_it_names_what_it_replaces_and_what_speaks_against_it(twins: Twins) -> None:
    """Earlier releases that the tenant knows, known issues that name it, and the history of its product."""
    scene = twins.a.scene
    for version in ("0.9", "1.0", "1.2"):
        add_patch(twins, version=version)
    scene.connection.execute("update patchring.patch set history = 'it failed before' where version = '1.1'")
    shown = await page(twins)
    assert shown["supersedes"] == ["0.9", "1.0"]
    assert shown["history"] == "it failed before"
    assert [each["code"] for each in shown["known_issues"]] == ["known_issue"]  # the other one was set aside here
    assert (shown["cves"], shown["vendor_pages"], shown["exploited"]) == ([], [], False)


async def test_a_windows_update_has_the_words_of_its_vendor(twins: Twins) -> None:
    """Which KBs it replaces, and the page on its known issues, in every product once."""
    scene = twins.a.scene
    patch_key = add_patch(twins, **WINDOWS)
    body = {"kb": "KB5068861", "supersedes": ["KB5066835"], "known_issues": ["https://support.microsoft.com/5068861"]}
    for product in ("11926", "12345"):
        row = {"feed": "msrc", "part": "2026-Nov", "key": f"KB5068861 {product}", "known_from": scene.now}
        scene.insert("catalogue", [{**row, "body": Jsonb(body)}])
    weak = finding(scene, twins.a.device_id) | {"package": "KB5068861", "ecosystem": "Windows", "cve": "CVE-2026-0020"}
    scene.insert("finding", [weak])
    shown = await page(twins, patch_key)
    assert shown["supersedes"] == ["KB5066835"]
    assert shown["vendor_pages"] == ["https://support.microsoft.com/5068861"]
    assert [each["cve"] for each in shown["cves"]] == ["CVE-2026-0020"]
