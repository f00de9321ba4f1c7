"""`patchring halt | lift | stops`."""

from typing import Annotated

import typer

from patchring.cli.errors import Refused
from patchring.cli.output import Json, Why, Yes, confirm, say, server, show_rows, told

FORMS = "patch:KEY, tenant:ID, rollout:ID, ring:ROLLOUT:N, segment:TENANT:NAME"


def register(app: typer.Typer) -> None:
    app.command("halt")(halt)
    app.command("lift")(lift)
    app.command("stops")(list_stops)


def halt(
    reason: Why,
    everything: Annotated[bool, typer.Option("--everything", help="Every tenant, every patch.")] = False,
    key: Annotated[str, typer.Option(help=FORMS)] = "",
    as_json: Json = False,
) -> None:
    """Stop at any scope, at once; no question is asked.

    Example: patchring halt --everything --reason "ticket 4711"
    """
    if everything == bool(key):
        raise typer.BadParameter("say what to stop: --everything, or --key")
    chosen = "everything" if everything else key
    with server() as api:
        try:
            row = api.post("/stops", {"key": chosen, "reason": reason})
        except Refused as refused:
            if refused.kind != "stop_in_force":
                raise
            say(str(refused))
            return
    told(row, as_json, f"stopped: {row['stop_key']}; end it with: patchring lift --key {row['stop_key']}")


def lift(
    key: Annotated[str, typer.Option(help="The stop, as `patchring stops` names it.")],
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """End a stop.  Example: patchring lift --key everything --reason "the feed was wrong" """
    confirm(f"Lift {key}?", yes)
    with server() as api:
        row = api.post("/stops/lift", {"key": key, "reason": reason})
    told(row, as_json, f"lifted: {row['stop_key']}")


def list_stops(
    all_: Annotated[bool, typer.Option("--all", help="Lifted ones too.")] = False, as_json: Json = False
) -> None:
    """What is stopped just now."""
    with server() as api:
        columns = ("stop_key", "reason", "placed_by", "placed_at", "lifted_at", "lifted_by", "lift_reason")
        show_rows(api.each("/stops", lifted=all_), columns, as_json, "nothing is stopped")
