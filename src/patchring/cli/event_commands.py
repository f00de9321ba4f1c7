"""`patchring events`."""

import json
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Annotated, Any

import typer

from patchring.cli.client import Client, path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, Limit, server, show_json, show_rows, told
from patchring.cli.tenant_commands import Tenant

events = typer.Typer(help="What happened: the hash-chained record.", no_args_is_help=True)
PAGE = 500


def register(app: typer.Typer) -> None:
    app.add_typer(events, name="events")


@events.command("list")
def list_events(
    tenant: Tenant,
    subject: Annotated[str, typer.Option(help="Id of a rollout, device, patch, ...")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    limit: Limit = 50,
    as_json: Json = False,
) -> None:
    """The newest events, newest first.  Example: patchring events list northwind --kind rollout_halted"""
    with server() as api:
        given = {"subject_id": subject, "kind": kind, "limit": limit}
        rows = api.get(path("tenants", tenant, "events"), **given)["items"]
    columns = ("seq", "at", "actor", "kind", ("data", lambda row: json.dumps(row["data"], ensure_ascii=False)))
    show_rows(rows, columns, as_json, "nothing happened yet")


@events.command("export")
def export(tenant: Tenant) -> None:
    """The whole record in its order, one JSON object a line, with all that its hashes are made over.

    Example: patchring events export northwind > northwind.jsonl
    """
    with server() as api:
        for event in _chain(api, tenant):
            print(json.dumps(event, ensure_ascii=False))


@events.command("verify")
def verify(tenant: Tenant, as_json: Json = False) -> None:
    """Fetch the record and check its chain on this machine, link by link; exit code 1 when it does not hold."""
    from patchring.app.chain import CHAIN_START, broken_links  # brings the database's driver, which no other needs

    previous, count = CHAIN_START, 0
    broken: list[int] = []
    with server() as api:
        head = api.get(path("tenants", tenant, "events"), limit=1)["items"]
        for event in _chain(api, tenant):
            row = {**event, "at": datetime.fromisoformat(event["at"])}
            broken += broken_links([row], previous) + ([] if event["seq"] == count + 1 else [event["seq"]])
            previous, count = event["hash"], event["seq"]
    if head and count < head[0]["seq"]:
        broken.append(count + 1)
    found = {"event_count": count, "last_hash": previous, "broken_at": sorted(set(broken)), "holds": not broken}
    if broken:
        if as_json:
            show_json(found)
        raise CliError(f"the chain of {tenant} does not hold, first at event {min(broken)}")
    told(found, as_json, f"{count} events, every link holds; the last hash is {previous}")


def _chain(api: Client, tenant: str) -> Iterator[Mapping[str, Any]]:
    yield from api.each(path("tenants", tenant, "events", "chain"), limit=PAGE)
