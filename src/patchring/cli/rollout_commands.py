"""`patchring rollouts | halt | lift | stops`."""

import time
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from patchring.cli.output import (
    Json,
    Why,
    Yes,
    confirm,
    console,
    reasons_text,
    say,
    server,
    show_json,
    show_pairs,
    show_rows,
)
from patchring.cli.tenant_commands import Tenant

rollouts = typer.Typer(help="Patches on their way through the rings.", no_args_is_help=True)
Rollout = Annotated[str, typer.Argument(help="Id of the rollout.")]
ENDED = ("rolled_back", "abandoned", "completed")
WATCH_INTERVAL_S = 1.0


def register(app: typer.Typer) -> None:
    app.add_typer(rollouts, name="rollouts")
    app.command("halt")(halt)
    app.command("lift")(lift)
    app.command("stops")(list_stops)


@rollouts.command("list")
def list_rollouts(
    tenant: Tenant, state: Annotated[str, typer.Option(help="Only in this state.")] = "", as_json: Json = False
) -> None:
    """Rollouts of a tenant, newest first."""
    with server() as api:
        columns = ("rollout_id", "title", "state", ("why", lambda row: reasons_text(row["reasons"])), "created_at")
        show_rows(api.each(f"/tenants/{tenant}/rollouts", state=state), columns, as_json, "no rollouts yet")


@rollouts.command("show")
def show(
    tenant: Tenant,
    rollout: Rollout,
    devices: Annotated[bool, typer.Option(help="Each device too.")] = True,
    as_json: Json = False,
) -> None:
    """One rollout: its rings, its devices, and why each is where it is."""
    with server() as api:
        row = api.get(f"/tenants/{tenant}/rollouts/{rollout}")
        listed = list(api.each(f"/tenants/{tenant}/rollouts/{rollout}/devices")) if devices else []
    if as_json:
        show_json({**row, "devices": listed})
        return
    show_pairs({"patch": row["patch_key"], "state": row["state"], "why": reasons_text(row["reasons"])})
    console.print(_rings(row))
    if devices:
        columns = ("name", "ring", "segment", "state", "from_version", ("why", lambda d: reasons_text(d["reasons"])))
        show_rows(listed, columns, False, "no devices")


@rollouts.command("start")
def start(tenant: Tenant, patch: Annotated[str, typer.Argument(help="Key or id.")], yes: Yes = False) -> None:
    """Start a rollout that the policy does not start by itself."""
    confirm(f"Start {patch} at {tenant}?", yes)
    with server() as api:
        row = api.post(f"/tenants/{tenant}/rollouts", {"patch": patch})
    say(f"rollout {row['rollout_id']} over {row['device_count']} devices")


@rollouts.command("watch")
def watch(tenant: Tenant, rollout: Rollout) -> None:
    """Follow a rollout until it ends; Ctrl-C stops watching, not the rollout."""
    with server() as api, Live(console=console, refresh_per_second=4) as live:
        while True:
            row = api.get(f"/tenants/{tenant}/rollouts/{rollout}")
            live.update(_rings(row))
            if row["state"] in ENDED:
                break
            time.sleep(WATCH_INTERVAL_S)
    say(f"{row['state']}: {reasons_text(row['reasons'])}")


@rollouts.command("halt")
def halt_rollout(tenant: Tenant, rollout: Rollout, reason: Why) -> None:
    """Nothing of it begins any more. Not asked twice: halting does no harm."""
    _command(tenant, rollout, "halt", reason)
    say("halted; go on with: patchring rollouts resume, or take it back with: patchring rollouts roll-back")


@rollouts.command("resume")
def resume(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False) -> None:
    """Go on after a halt; accepts the failures that were seen."""
    confirm("Go on with this rollout? The failures seen so far are accepted.", yes)
    _command(tenant, rollout, "resume", reason)
    say("running")


@rollouts.command("roll-back")
def roll_back(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False) -> None:
    """Take the patch back as the policy's remedy says."""
    confirm("Halt this rollout and take the patch back?", yes)
    _command(tenant, rollout, "roll-back", reason)
    say("halted; the way back begins")


@rollouts.command("abandon")
def abandon(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False) -> None:
    """End it where it is; what was installed stays."""
    confirm("End this rollout for good?", yes)
    _command(tenant, rollout, "abandon", reason)
    say("abandoned")


def halt(
    reason: Why,
    everything: Annotated[bool, typer.Option("--everything", help="Every tenant, every patch.")] = False,
    key: Annotated[str, typer.Option(help="patch:KEY, tenant:ID, rollout:ID, ring:ID:N, segment:ID:NAME")] = "",
) -> None:
    """Stop at any scope, at once.  Example: patchring halt --everything --reason "ticket 4711" """
    chosen = "everything" if everything else key
    if not chosen:
        raise typer.BadParameter("say what to stop: --everything or --key")
    with server() as api:
        api.post("/stops", {"key": chosen, "reason": reason})
    say(f"stopped: {chosen}; end it with: patchring lift --key {chosen}")


def lift(
    key: Annotated[str, typer.Option(help="The stop, as `patchring stops` names it.")], reason: Why, yes: Yes = False
) -> None:
    """End a stop."""
    confirm(f"Lift {key}?", yes)
    with server() as api:
        api.post("/stops/lift", {"key": key, "reason": reason})
    say("lifted")


def list_stops(
    all_: Annotated[bool, typer.Option("--all", help="Lifted ones too.")] = False, as_json: Json = False
) -> None:
    """What is stopped just now."""
    with server() as api:
        columns = ("stop_key", "reason", "placed_by", "placed_at", "lifted_at", "lifted_by")
        show_rows(api.each("/stops", lifted=all_), columns, as_json, "nothing is stopped")


def _command(tenant: str, rollout: str, verb: str, reason: str) -> None:
    with server() as api:
        api.post(f"/tenants/{tenant}/rollouts/{rollout}/{verb}", {"reason": reason})


def _rings(row: dict[str, Any]) -> Table:
    table = Table(title=f"{row['title']}: {row['state']}", title_justify="left", box=None)
    for title in ("ring", "state", "verified", "under way", "failed", "waiting", "why"):
        table.add_column(title, overflow="fold")
    for ring in row["rings"]:
        counts = ring["counts"]
        under_way = sum(counts.get(s, 0) for s in ("offered", "permitted", "installing", "installed", "reboot_pending"))
        failed = sum(counts.get(s, 0) for s in ("failed", "rolling_back", "rolled_back", "rollback_failed"))
        numbers = (counts.get("verified", 0), under_way, failed, counts.get("waiting", 0))
        name = f"{ring['ring']} {ring['name']}"
        table.add_row(escape(name), ring["state"], *map(str, numbers), escape(reasons_text(ring["reasons"])))
    return table
