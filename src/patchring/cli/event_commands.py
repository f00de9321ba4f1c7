"""`patchring events`."""

import json
from typing import Annotated

import typer

from patchring.cli.errors import CliError
from patchring.cli.output import Json, say, server, show_json, show_rows
from patchring.cli.tenant_commands import Tenant

events = typer.Typer(help="What happened: the hash-chained record.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(events, name="events")


@events.command("list")
def list_events(
    tenant: Tenant,
    subject: Annotated[str, typer.Option(help="Id of a rollout, device, patch, ...")] = "",
    kind: Annotated[str, typer.Option(help="Only this kind.")] = "",
    limit: Annotated[int, typer.Option(min=1, max=500)] = 50,
    as_json: Json = False,
) -> None:
    """The newest events, newest first."""
    with server() as api:
        rows = api.get(f"/tenants/{tenant}/events", subject_id=subject, kind=kind, limit=limit)["items"]
    columns = ("seq", "at", "actor", "kind", ("data", lambda row: json.dumps(row["data"], ensure_ascii=False)))
    show_rows(rows, columns, as_json, "nothing happened yet")


@events.command("verify")
def verify(tenant: Tenant, as_json: Json = False) -> None:
    """Walk the hash chain; exit code 1 when it does not hold."""
    with server() as api:
        found = api.get(f"/tenants/{tenant}/events/verify")
    if as_json:
        show_json(found)
    if not found["holds"]:
        raise CliError(f"the chain of {tenant} does not hold, first at event {found['broken_at'][:1] or 'its end'}")
    say(f"{found['event_count']} events, every link holds")
