"""Nobody looks without a session; a key is exchanged once; forms count only from our own pages."""

import httpx
import pytest

from patchring.store import sql
from patchring.store.roles import Role
from patchring.web.render import CONTENT_SECURITY_POLICY
from patchring.web.session import COOKIE
from tests.web.world import World

pytestmark = pytest.mark.anyio


async def test_without_a_session_every_page_asks_for_a_key(world: World, visitor: httpx.AsyncClient) -> None:
    addresses = ["/", f"/rollouts/{world.tenants['harbour']}/{world.rollouts['bad']}", "/rollouts/x/y"]
    answers = [await visitor.get(address) for address in addresses]
    assert [answer.status_code for answer in answers] == [401, 401, 404]
    assert all("Harbour" not in answer.text for answer in answers)
    assert (await visitor.get("/live")).status_code == 401


async def test_a_key_becomes_a_cookie_that_no_script_reads_and_leaves_the_address(
    world: World, visitor: httpx.AsyncClient
) -> None:
    key = world.principal("operator")
    answer = await visitor.get("/", params={"key": key})
    cookie = answer.headers["set-cookie"].lower()
    assert all(word in cookie for word in (f"{COOKIE}=v1.", "httponly", "samesite=strict", "path=/", "max-age=43200"))
    assert ('http-equiv="refresh" content="0; url=/"' in answer.text, key in answer.text) == (True, False)
    assert key not in cookie
    assert (await visitor.get("/")).status_code == 200


async def test_a_wrong_key_gets_the_form_and_no_session(visitor: httpx.AsyncClient) -> None:
    answer = await visitor.get("/", params={"key": "nonsense"})
    asks, signed_in = 'name="key"' in answer.text, f"{COOKIE}=v1." in str(answer.headers)
    assert (answer.status_code, asks, signed_in) == (401, True, False)


async def test_the_form_signs_in_as_the_address_does(world: World, visitor: httpx.AsyncClient) -> None:
    key = world.principal("operator")
    foreign = await visitor.post("/sign-in", data={"key": key}, headers={"origin": "https://evil.example"})
    own = await visitor.post("/sign-in", data={"key": key}, headers={"origin": "http://127.0.0.1:8440"})
    assert (foreign.status_code, own.status_code, (await visitor.get("/")).status_code) == (401, 200, 200)


async def test_who_is_revoked_is_out_at_once(world: World, operator: httpx.AsyncClient) -> None:
    assert (await operator.get("/")).status_code == 200
    world.run("update patchring.principal set revoked_at = %(at)s", {"at": world.clock.now()})
    answer = await operator.get("/")
    assert (answer.status_code, f'{COOKIE}=""' in answer.headers["set-cookie"]) == (401, True)


@pytest.mark.parametrize("path", ["/halt", "/resume", "/sign-out"])
async def test_a_form_without_its_proof_does_nothing(world: World, operator: httpx.AsyncClient, path: str) -> None:
    given = {"scope": "everything", "reason": "x"}
    for extra, headers in (({}, {}), ({"csrf": "0" * 64}, {})):
        answer = await operator.post(path, data={**given, **extra}, headers=headers)
        assert answer.status_code == 403
    assert (await operator.get("/")).status_code == 200
    with_proof = {**given, "csrf": await proof(operator)}
    foreign = await operator.post(path, data=with_proof, headers={"origin": "https://evil.example"})
    assert (foreign.status_code, await stops(world)) == (403, 0)


async def test_a_form_that_is_too_large_is_refused(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/halt", content=b"reason=" + b"x" * 20_000)
    assert answer.status_code == 413


async def test_signing_out_ends_the_session(operator: httpx.AsyncClient) -> None:
    answer = await operator.post("/sign-out", data={"csrf": await proof(operator)})
    assert (answer.status_code, answer.headers["location"], (await operator.get("/")).status_code) == (303, "/", 401)


async def test_every_page_forbids_what_is_not_ours(operator: httpx.AsyncClient) -> None:
    page = await operator.get("/")
    assert page.headers["content-security-policy"] == CONTENT_SECURITY_POLICY
    assert page.headers["cache-control"] == "no-store"
    assert [word for word in (" style=", "<style", "onclick", "javascript:") if word in page.text] == []
    assert page.text.count("<script") == page.text.count('<script src="/static/')


async def test_style_and_script_are_kept_until_they_change(visitor: httpx.AsyncClient) -> None:
    kinds = {}
    for name in ("page.css", "page.js", "icon.svg"):
        answer = await visitor.get(f"/static/{name}")
        kind, kept = answer.headers["content-type"].split(";")[0], "immutable" in answer.headers["cache-control"]
        kinds[name] = (answer.status_code, kind, kept)
    assert kinds == {
        "page.css": (200, "text/css", True),
        "page.js": (200, "text/javascript", True),
        "icon.svg": (200, "image/svg+xml", True),
    }


async def proof(client: httpx.AsyncClient) -> str:
    """The form token of a page."""
    text = (await client.get("/")).text
    return text.partition('name="csrf" value="')[2].partition('"')[0]


async def stops(world: World) -> int:
    async with world.database.operator(Role.STAFF, read_only=True) as tx:
        return len(await tx.all(sql.page.stops))
