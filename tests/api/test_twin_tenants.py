"""Two tenants of one shape: with the rights of one, nothing of the other is there. Over every route and every table.

The routes come from the route table and the tables from the database's catalogue. A route or table that is not covered
here fails, so a new one cannot be forgotten.
"""

from collections.abc import Callable
from typing import Any
from uuid import UUID, uuid4

import pytest
from psycopg import sql

from patchring.app.permissions import StaffRole
from patchring.app.stops import patch_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from patchring.core.ids import TenantId
from patchring.store.catalogue import read_catalogue
from patchring.store.roles import Role
from patchring.store.rules import tenant_tables
from tests.api.route_table import Declared, routes
from tests.api.twins import Twin, Twins
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio

WHY = "because the test says so"
REWRITTEN = {"statement": {"payload": {"kind": "x"}, "signatures": []}}

# What stands for a parameter of a path, by its name, from the twin whose thing is meant.
PLACES: dict[str, Callable[[Twin], object]] = {
    "device": lambda twin: twin.device_id,
    "token_id": lambda twin: twin.token_id,
    "hold_id": lambda twin: twin.hold_id,
    "approval_id": lambda twin: twin.approval_id,
    "rollout_id": lambda twin: twin.scene.rollout_id,
    "stop_id": lambda twin: twin.stop_id,
    "shift_id": lambda twin: twin.shift_id,
    "proposal_id": lambda twin: twin.proposal_id,
    "issue_id": lambda twin: twin.issue_id,
    "record_id": lambda twin: twin.record_id,
    "waiver_id": lambda twin: twin.waiver_id,
}

# Routes that name a thing in the query.
QUERIES: dict[str, Callable[[Twin], dict[str, str]]] = {
    "GET /tenants/{tenant}/calendar": lambda t: {"site": str(t.scene.site_id)},
    "GET /tenants/{tenant}/explain": lambda t: {"device": str(t.device_id), "patch": str(t.scene.patch_id)},
    "GET /tenants/{tenant}/patch": lambda t: {"patch": str(t.scene.patch_id)},
    "GET /tenants/{tenant}/decisions": lambda t: {"patch": str(t.scene.patch_id)},
    "GET /tenants/{tenant}/gate": lambda t: {"patch": str(t.scene.patch_id)},
    "GET /tenants/{tenant}/gate/replay": lambda t: {"patch": str(t.scene.patch_id)},
    "GET /feeds/entries": lambda _: {"key": "CVE-2026-0001", "history": "true"},
}

TRIED = {"segment": "tills", "devices": ["a till"], "results": [{"case": "sale", "passed": True}]}
WAIVED = {"segment": "tills", "reason": WHY, "expires_at": "2026-12-01T00:00:00Z"}

# Routes that name a thing in the body. What is not here takes no thing by name.
NAMING: dict[str, Callable[[Twin], dict[str, Any]]] = {
    "POST /tenants/{tenant}/approvals": lambda t: {"patch": str(t.scene.patch_id), **REWRITTEN},
    "POST /tenants/{tenant}/rejections": lambda t: {"patch": str(t.scene.patch_id), "reason": WHY},
    "POST /tenants/{tenant}/holds": lambda t: {"patch": str(t.scene.patch_id), "reason": WHY},
    "POST /tenants/{tenant}/rollouts": lambda t: {"patch": str(t.scene.patch_id)},
    "POST /tenants/{tenant}/gate/release": lambda t: {"patch": str(t.scene.patch_id), "facet": "own", "reason": WHY},
    "POST /tenants/{tenant}/tokens": lambda t: {"site": str(t.scene.site_id)},
    "POST /tenants/{tenant}/test-records": lambda t: {"patch": str(t.scene.patch_id), **TRIED},
    "POST /tenants/{tenant}/test-waivers": lambda t: {"patch": str(t.scene.patch_id), **WAIVED},
}

# Bodies of the other commands in a tenant: they name nothing of anybody's.
PLAIN: dict[str, dict[str, Any]] = {
    "POST /tenants/{tenant}/roots": {"root": {}},
    "POST /tenants/{tenant}/sites": {"name": "Second office", "zone": "UTC"},
    "POST /tenants/{tenant}/shifts": {"person": "ada", "until": "2027-06-01T00:00:00Z", "shifts": []},
    "POST /tenants/{tenant}/scanner-reports": {"scanner": "nessus", "hosts": [{"names": ["a"]}]},
    "POST /tenants/{tenant}/shifts/{shift_id}/acknowledge": {},
    "POST /tenants/{tenant}/test-waivers/{waiver_id}/confirm": {},
    "POST /tenants/{tenant}/policy/compare": {"text": "patchring: 1"},
    "POST /tenants/{tenant}/policy": {"text": "patchring: 1", "statement": {}},
    "PATCH /tenants/{tenant}/devices/{device}": {"criticality": "high", "reason": WHY},
    "DELETE /tenants/{tenant}/tokens/{token_id}": {},
    "POST /tenants/{tenant}/holds/{hold_id}/release": {"reason": WHY},
    "POST /tenants/{tenant}/approvals/{approval_id}/withdraw": {"reason": WHY},
    "POST /tenants/{tenant}/proposals/{proposal_id}/answer": {"accept": True, "reason": WHY},
    "POST /tenants/{tenant}/known-issues/{issue_id}/waive": {"reason": WHY},
    "POST /tenants/{tenant}/known-issues/{issue_id}/heed": {"reason": WHY},
    "POST /tenants/{tenant}/rollouts/{rollout_id}/halt": {"reason": WHY},
    "POST /tenants/{tenant}/rollouts/{rollout_id}/resume": {"reason": WHY},
    "POST /tenants/{tenant}/rollouts/{rollout_id}/roll-back": {"reason": WHY},
    "POST /tenants/{tenant}/rollouts/{rollout_id}/abandon": {"reason": WHY},
}

# Routes outside a tenant, and why they are safe: what each is tested by.
ELSEWHERE: dict[str, str] = {
    "GET /health": "public, says nothing of anybody",
    "GET /server": "the server's own keys and the asker's own name",
    "GET /policy-schema": "the language, the same for all",
    "POST /policy-check": "reads what was sent, and nothing else",
    "GET /feeds": "what the world publishes, the same for all",
    "GET /feeds/entries": "what the world publishes, the same for all",
    "GET /tenants": "test_lists_over_tenants_show_ones_own",
    "GET /stops": "test_lists_over_tenants_show_ones_own",
    "GET /patches": "test_lists_over_tenants_show_ones_own",
    "GET /proposals": "test_proposals_put_to_another_tenant_are_not_there",
    "POST /proposals": "test_proposals_put_to_another_tenant_are_not_there",
    "POST /proposals/{proposal_id}/withdraw": "test_proposals_put_to_another_tenant_are_not_there",
    "GET /known-issues": "about patches, for every tenant: test_known_issues_name_no_tenant",
    "POST /known-issues": "test_known_issues_are_for_who_has_all_tenants",
    "POST /known-issues/import": "test_known_issues_are_for_who_has_all_tenants",
    "POST /known-issues/{issue_id}/confirm": "test_known_issues_are_for_who_has_all_tenants",
    "POST /known-issues/{issue_id}/end": "test_known_issues_are_for_who_has_all_tenants",
    "GET /principals": "test_principals_are_for_who_has_all_tenants",
    "POST /principals": "test_principals_are_for_who_has_all_tenants",
    "DELETE /principals/{principal_id}": "test_principals_are_for_who_has_all_tenants",
    "POST /tenants": "test_a_tenant_is_not_made_again_by_somebody_else",
    "POST /stops": "test_stops_of_another_tenant_cannot_be_placed_or_lifted",
    "POST /stops/lift": "test_stops_of_another_tenant_cannot_be_placed_or_lifted",
}

# What stands for every tenant: there is none of another's.
SHARED = {"issue_id"}

# Subjects of which one may look for a name that is no id.
BY_NAME: dict[str, Callable[[Twin], object]] = {"device": lambda twin: twin.device_name}

IN_TENANT = [route for route in routes() if route.in_tenant]
OUTSIDE = [route for route in routes() if not route.in_tenant]
WITH_PLACES = [route for route in IN_TENANT if set(route.parameters) - {"tenant"} - SHARED]
WITH_NAMES = [route for route in IN_TENANT if route.name in QUERIES or route.name in NAMING]


def named(route: Declared) -> str:
    return route.name


def test_every_route_is_covered() -> None:
    """A route of a new form, with a new parameter or outside a tenant, has to be added above."""
    assert [route.name for route in OUTSIDE if route.name not in ELSEWHERE] == []
    parameters = {name for route in IN_TENANT for name in route.parameters}
    assert parameters - {"tenant"} - PLACES.keys() == set()
    commands = {route.name for route in IN_TENANT if route.method != "GET"}
    assert commands - NAMING.keys() - PLAIN.keys() == set()
    known = {route.name for route in routes()}
    assert (NAMING.keys() | PLAIN.keys() | ELSEWHERE.keys()) - known == set()


def asked(route: Declared, own: Twin, things: Twin) -> dict[str, Any]:
    """The arguments of a request in the tenant of `own` that names the things of `things`."""
    places = {name: PLACES[name](things) for name in route.parameters if name != "tenant"}
    given: dict[str, Any] = {"url": route.url(tenant=own.tenant_id, **places), "method": route.method}
    if route.name in QUERIES:
        given["params"] = QUERIES[route.name](things)
    if route.method not in ("GET", "DELETE"):
        given["json"] = NAMING[route.name](things) if route.name in NAMING else PLAIN[route.name]
    return given


async def send(twins: Twins, who: str, **given: Any) -> tuple[int, str, str]:
    """Status, kind (empty where it is no problem) and the whole answer as text."""
    headers = {**twins.headers(who), "if-match": "*"}
    answer = await twins.http.request(headers=headers, **given)
    problem = answer.headers["content-type"] == "application/problem+json"
    return answer.status_code, answer.json()["kind"] if problem else "", answer.text


@pytest.mark.parametrize("route", IN_TENANT, ids=named)
async def test_a_tenant_that_one_was_not_given_is_not_there(twins: Twins, route: Declared) -> None:
    """The same 404, word for word but the name, as for a tenant that does not exist; by short name as by id."""
    places = {name: PLACES[name](twins.b) for name in route.parameters if name != "tenant"}
    given = asked(route, twins.b, twins.b)
    unknown = uuid4()
    texts = []
    for name in (str(twins.b.tenant_id), twins.b.slug, str(unknown), "nobody"):
        status, kind, text = await send(twins, "ada", **{**given, "url": route.url(tenant=name, **places)})
        assert (status, kind) == (404, "tenant_not_found"), text
        texts.append(text.replace(name, "THAT"))
    assert len(set(texts)) == 1


@pytest.mark.parametrize("route", WITH_PLACES + WITH_NAMES, ids=named)
async def test_things_of_another_tenant_are_not_in_ones_own(twins: Twins, route: Declared) -> None:
    """Their ids in the path, the query or the body of a request in one's own tenant: 404, and nothing was changed."""
    before = everything(twins)
    status, kind, text = await send(twins, "ada", **asked(route, twins.a, twins.b))
    assert status == 404, text
    assert kind.endswith("_not_found")
    assert everything(twins) == before


@pytest.mark.parametrize("route", [r for r in WITH_PLACES if set(r.parameters) & BY_NAME.keys()], ids=named)
async def test_names_of_another_tenant_are_not_in_ones_own(twins: Twins, route: Declared) -> None:
    places = {name: BY_NAME.get(name, PLACES[name])(twins.b) for name in route.parameters if name != "tenant"}
    given = asked(route, twins.a, twins.b) | {"url": route.url(tenant=twins.a.slug, **places)}
    status, kind, text = await send(twins, "ada", **given)
    assert (status, kind) == (404, "device_not_found"), text


@pytest.mark.parametrize("route", [r for r in IN_TENANT if r.method == "GET"], ids=named)
async def test_what_one_reads_names_nothing_of_the_other(twins: Twins, route: Declared) -> None:
    """One's own things are there, so the silence about the other's says something."""
    status, _, text = await send(twins, "ada", **asked(route, twins.a, twins.a))
    assert status == 200, text
    assert [marker for marker in twins.b.markers() if marker in text] == []
    if route.name not in SILENT:
        assert [marker for marker in twins.a.markers() if marker in text] != []


# Routes whose answers name nothing by nature.
SILENT = {"GET /tenants/{tenant}/events/verify"}


@pytest.mark.parametrize("path", ["/tenants", "/stops", "/patches"])
async def test_lists_over_tenants_show_ones_own(twins: Twins, path: str) -> None:
    """Who was given one tenant sees that one; who was given both sees both."""
    status, _, text = await send(twins, "ada", method="GET", url=f"/api/v1{path}")
    assert status == 200
    assert twins.a.slug in text or str(twins.a.tenant_id) in text
    assert [marker for marker in twins.b.markers() if marker in text] == []
    _, _, text = await send(twins, "both", method="GET", url=f"/api/v1{path}")
    assert str(twins.a.tenant_id) in text
    assert str(twins.b.tenant_id) in text


@pytest.mark.parametrize("path", ["/stops", "/stops/lift"])
async def test_stops_of_another_tenant_cannot_be_placed_or_lifted(twins: Twins, path: str) -> None:
    """Whatever the key names of the other tenant, or of all, it is not there; and nothing was changed."""
    b = twins.b
    keys = [tenant_stop(b.tenant_id), rollout_stop(b.scene.rollout_id), ring_stop(b.scene.rollout_id, 1)]
    keys += [segment_stop(b.tenant_id, "everything"), patch_stop(b.scene.patch_key), "everything"]
    before = everything(twins)
    for key in keys:
        body = {"key": key, "reason": WHY}
        status, _, text = await send(twins, "ada", method="POST", url=f"/api/v1{path}", json=body)
        assert status == 404, (key, text)
    assert everything(twins) == before


async def test_proposals_put_to_another_tenant_are_not_there(twins: Twins) -> None:
    """Neither in the list nor to be withdrawn; and a patch that only the other knows cannot be proposed about."""
    before, url = everything(twins), "/api/v1/proposals"
    status, _, text = await send(twins, "ada", method="GET", url=url)
    assert status == 200
    assert str(twins.a.proposal_id) in text
    assert [marker for marker in twins.b.markers() if marker in text] == []
    new = {"kind": "hold", "patch": twins.b.scene.patch_key, "reason": WHY}
    status, kind, _ = await send(twins, "ada", method="POST", url=url, json=new)
    assert (status, kind) == (404, "patch_not_found")
    of_b = f"{url}/{twins.b.proposal_id}/withdraw"
    status, kind, _ = await send(twins, "ada", method="POST", url=of_b, json={"reason": WHY})
    assert (status, kind) == (404, "proposal_not_found")
    of_a = f"{url}/{twins.a.proposal_id}/withdraw"
    status, kind, _ = await send(twins, "ada", method="POST", url=of_a, json={"reason": WHY})
    assert (status, kind) == (403, "not_allowed")  # somebody else's, who may have put it to more tenants
    assert everything(twins) == before


async def test_known_issues_name_no_tenant(twins: Twins) -> None:
    """They are about patches; who set one aside is told in that tenant alone."""
    status, _, text = await send(twins, "ada", method="GET", url="/api/v1/known-issues?ended=true")
    assert status == 200
    assert str(twins.b.issue_id) in text
    assert [marker for twin in (twins.a, twins.b) for marker in twin.markers() if marker in text] == []


async def test_known_issues_are_for_who_has_all_tenants(twins: Twins) -> None:
    """One who was given some tenants keeps nothing back, and lets nothing go, in the others."""
    before, url = everything(twins), "/api/v1/known-issues"
    said = {"name": "x", "patches": {"package": ["demo"]}, "reason": WHY, "source": "me", "release_when": "never"}
    commands = {
        url: said,
        f"{url}/import": {"issues": [said]},
        f"{url}/{twins.a.proposed_issue_id}/confirm": {},
        f"{url}/{twins.a.issue_id}/end": {"reason": WHY},
    }
    for path, body in commands.items():
        status, kind, text = await send(twins, "both", method="POST", url=path, json=body)
        assert (status, kind) == (403, "not_allowed"), (path, text)
    assert everything(twins) == before


async def test_a_tenant_is_not_made_again_by_somebody_else(twins: Twins) -> None:
    """Making tenants is not for those who were given some: the answer is the same whether the name is taken or not."""
    answers = set()
    for slug in (twins.b.slug, "free"):
        body = {"tenant_id": str(twins.b.tenant_id), "slug": slug, "name": "X", "kind": "client", "root": {}}
        answers.add(await send(twins, "ada", method="POST", url="/api/v1/tenants", json=body))
    assert [(status, kind) for status, kind, _ in answers] == [(403, "not_allowed")]


async def test_principals_are_for_who_has_all_tenants(twins: Twins) -> None:
    """Their names and tenants say who the clients are; whoever was given some tenants is refused, whatever his role."""
    twins.principal("eve", StaffRole.OPERATOR, twins.a)
    before = everything(twins)
    new = {"name": "mallory", "role": "operator", "tenants": None}
    for who in ("ada", "eve"):
        answers = [
            await send(twins, who, method="GET", url="/api/v1/principals"),
            await send(twins, who, method="POST", url="/api/v1/principals", json=new),
            await send(twins, who, method="DELETE", url=f"/api/v1/principals/{uuid4()}"),
        ]
        assert [(status, kind) for status, kind, _ in answers] == [(403, "not_allowed")] * 3
    assert everything(twins) == before


def everything(twins: Twins) -> dict[str, Any]:
    """A sum over the row versions of every table; any write changes it."""
    tables = "select relname from pg_class where relkind = 'r' and relnamespace = 'patchring'::regnamespace order by 1"
    query = sql.SQL("select coalesce(sum(xmin::text::bigint), 0), count(*) from patchring.{}")
    names = [name for (name,) in twins.admin.execute(tables)]
    return {name: twins.admin.execute(query.format(sql.Identifier(name))).fetchone() for name in names}


async def test_every_tenant_table_shows_each_role_its_own_tenant_alone(twins: Twins, fresh: FreshDatabase) -> None:
    """With the scope of one tenant, a role that may read a table counts rows of that tenant and none of the other; a
    statement that forgets its tenant_id changes nothing about it."""
    readable = _readable(twins, fresh)
    assert len(readable) > 60
    for role, table in readable:
        async with twins.database.tenant(role, twins.a.tenant_id) as tx:
            query = sql.SQL("select tenant_id, count(*) from {} group by 1").format(_table(table))
            seen = await (await tx.connection.execute(query)).fetchall()
        assert [tenant_id for tenant_id, _ in seen] == [twins.a.tenant_id], f"{role} on {table}"
        assert seen[0][1] > 0


async def test_no_role_writes_into_another_tenant(twins: Twins, fresh: FreshDatabase) -> None:
    """An update without a where clause, under the scope of one tenant, leaves the other's rows as they were."""
    for role, table in _writable(twins, fresh):
        before = _versions(twins, table, twins.b.tenant_id)
        with pytest.raises(Undone):
            async with twins.database.tenant(role, twins.a.tenant_id) as tx:
                column = _a_column(twins, fresh, role, table)
                query = sql.SQL("update {} set {} = {}").format(_table(table), column, column)
                count = (await tx.connection.execute(query)).rowcount
                assert count == _count(twins, table, twins.a.tenant_id), f"{role} on {table}"
                raise Undone
        assert _versions(twins, table, twins.b.tenant_id) == before


def test_every_tenant_table_has_rows_of_both(twins: Twins, fresh: FreshDatabase) -> None:
    """Otherwise seeing nothing would prove nothing. A new table has to be filled in `tests/api/twins.py`."""
    empty = [
        table
        for table in _tables(twins, fresh)
        for twin in (twins.a, twins.b)
        if _count(twins, table, twin.tenant_id) == 0
    ]
    assert empty == []


class Undone(Exception):
    """Ends a transaction without a trace."""


def _tables(twins: Twins, fresh: FreshDatabase) -> list[str]:
    return [table.name for table in tenant_tables(read_catalogue(twins.admin, fresh.secrets.names))]


def _may(twins: Twins, fresh: FreshDatabase, privilege: str) -> list[tuple[Role, str]]:
    asked_for = "select has_any_column_privilege(%s, %s, %s)"
    found = []
    for role in Role:
        for table in _tables(twins, fresh):
            row = twins.admin.execute(asked_for, [fresh.secrets.names.of(role), table, privilege]).fetchone()
            if row and row[0]:
                found.append((role, table))
    return found


def _readable(twins: Twins, fresh: FreshDatabase) -> list[tuple[Role, str]]:
    return _may(twins, fresh, "SELECT")


def _writable(twins: Twins, fresh: FreshDatabase) -> list[tuple[Role, str]]:
    readable = set(_readable(twins, fresh))
    return [each for each in _may(twins, fresh, "UPDATE") if each in readable]


def _a_column(twins: Twins, fresh: FreshDatabase, role: Role, table: str) -> sql.Identifier:
    query = (
        "select attname from pg_attribute where attrelid = %s::regclass and attnum > 0 and not attisdropped"
        " and has_column_privilege(%s, attrelid, attnum, 'UPDATE')"
        " and has_column_privilege(%s, attrelid, attnum, 'SELECT') order by attnum desc limit 1"
    )
    name = fresh.secrets.names.of(role)
    row = twins.admin.execute(query, [table, name, name]).fetchone()
    assert row is not None
    return sql.Identifier(row[0])


def _table(name: str) -> sql.Identifier:
    return sql.Identifier(*name.split("."))


def _count(twins: Twins, table: str, tenant_id: TenantId) -> int:
    query = sql.SQL("select count(*) from {} where tenant_id = %s").format(_table(table))
    row = twins.admin.execute(query, [tenant_id]).fetchone()
    assert row is not None
    return int(row[0])


def _versions(twins: Twins, table: str, tenant_id: UUID) -> list[Any]:
    query = sql.SQL("select xmin::text, * from {} where tenant_id = %s order by 1").format(_table(table))
    return [repr(row) for row in twins.admin.execute(query, [tenant_id])]
