"""`patchring rollouts`."""

import time
from typing import Annotated, Any

import typer
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from patchring.cli.client import path
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
    told,
)
from patchring.cli.tenant_commands import Tenant
from patchring.core.rollout.states import IN_FLIGHT, RolloutState

rollouts = typer.Typer(help="Patches on their way through the rings.", no_args_is_help=True)
Rollout = Annotated[str, typer.Argument(help="Id of the rollout.")]
ENDED = (RolloutState.ROLLED_BACK, RolloutState.ABANDONED, RolloutState.COMPLETED)
WATCH_INTERVAL_S = 1.0


def register(app: typer.Typer) -> None:
    app.add_typer(rollouts, name="rollouts")


@rollouts.command("list")
def list_rollouts(
    tenant: Tenant,
    state: Annotated[str | None, typer.Option(help="Only in this state.")] = None,
    as_json: Json = False,
) -> None:
    """Rollouts of a tenant, newest first."""
    with server() as api:
        columns = ("rollout_id", "title", "state", ("why", lambda row: reasons_text(row["reasons"])), "created_at")
        rows = api.each(path("tenants", tenant, "rollouts"), state=state)
        show_rows(rows, columns, as_json, "no rollouts yet")


@rollouts.command("show")
def show(
    tenant: Tenant,
    rollout: Rollout,
    devices: Annotated[bool, typer.Option(help="Each device too.")] = True,
    as_json: Json = False,
) -> None:
    """One rollout: its rings, its devices, and why each is where it is."""
    with server() as api:
        row = api.get(path("tenants", tenant, "rollouts", rollout))
        listed = list(api.each(path("tenants", tenant, "rollouts", rollout, "devices"))) if devices else []
    if as_json:
        show_json({**row, "devices": listed})
        return
    stopped = [f"{each['stop_key']}: {each['reason']}" for each in row["stopped_by"]]
    why = {"why": reasons_text(row["reasons"]), "stopped by": "; ".join(stopped) or "nothing"}
    show_pairs({"patch": row["patch_key"], "state": row["state"], **why})
    console.print(_rings(row))
    if devices:
        columns = ("name", "ring", "segment", "state", "from_version", ("why", _device_why))
        show_rows(listed, columns, False, "no devices")


@rollouts.command("start")
def start(
    tenant: Tenant,
    patch: Annotated[str, typer.Argument(help="Key or id of the patch.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Start a rollout that the policy does not start by itself.

    Example: patchring rollouts start northwind apt:openssl=3.0.16-1
    """
    confirm(f"Start {patch} at {tenant}?", yes)
    with server() as api:
        row = api.post(path("tenants", tenant, "rollouts"), {"patch": patch})
    told(row, as_json, f"rollout {row['rollout_id']} over {row['device_count']} devices")


@rollouts.command("watch")
def watch(tenant: Tenant, rollout: Rollout) -> None:
    """Follow a rollout until it ends; Ctrl-C stops watching, not the rollout."""
    place = path("tenants", tenant, "rollouts", rollout)
    with server() as api, Live(console=console, refresh_per_second=4) as live:
        row = api.get(place)
        while row["state"] not in ENDED:
            live.update(_rings(row))
            time.sleep(WATCH_INTERVAL_S)
            row = api.get(place)
        live.update(_rings(row))
    say(f"{row['state']}: {reasons_text(row['reasons'])}")


@rollouts.command("halt")
def halt_rollout(tenant: Tenant, rollout: Rollout, reason: Why, as_json: Json = False) -> None:
    """Nothing of it begins any more. Not asked twice: halting does no harm."""
    row = _command(tenant, rollout, "halt", reason)
    told(row, as_json, "halted; go on with: patchring rollouts resume, or take it back with: rollouts roll-back")


@rollouts.command("resume")
def resume(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Go on after a halt; accepts the failures that were seen."""
    confirm("Go on with this rollout? The failures seen so far are accepted.", yes)
    row = _command(tenant, rollout, "resume", reason)
    left = ", ".join(each["stop_key"] for each in row["stopped_by"])
    told(row, as_json, f"{row['state']}, but still stopped by {left}: patchring lift" if left else row["state"])


@rollouts.command("roll-back")
def roll_back(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Take the patch back as the policy's remedy says."""
    confirm("Halt this rollout and take the patch back?", yes)
    told(_command(tenant, rollout, "roll-back", reason), as_json, "halted; the way back begins")


@rollouts.command("abandon")
def abandon(tenant: Tenant, rollout: Rollout, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """End it where it is; what was installed stays."""
    confirm("End this rollout for good?", yes)
    told(_command(tenant, rollout, "abandon", reason), as_json, "abandoned")


def _command(tenant: str, rollout: str, verb: str, reason: str) -> Any:
    with server() as api:
        return api.post(path("tenants", tenant, "rollouts", rollout, verb), {"reason": reason})


def _device_why(device: Any) -> str:
    """Why it is where it is; why its newest request for a permit was refused, where that was so."""
    return reasons_text([*device["reasons"], *(device["denial_reasons"] or [])])


def _rings(row: dict[str, Any]) -> Table:
    table = Table(title=escape(f"{row['title']}: {row['state']}"), title_justify="left", box=None)
    for title in ("ring", "state", "verified", "under way", "failed", "waiting", "why"):
        table.add_column(title, overflow="fold")
    for ring in row["rings"]:
        counts = ring["counts"]
        under_way = sum(counts.get(state, 0) for state in IN_FLIGHT)
        failed = sum(counts.get(state, 0) for state in ("failed", "rolling_back", "rolled_back", "rollback_failed"))
        numbers = (counts.get("verified", 0), under_way, failed, counts.get("waiting", 0))
        name = f"{ring['ring']} {ring['name']}"
        table.add_row(escape(name), ring["state"], *map(str, numbers), escape(reasons_text(ring["reasons"])))
    return table
