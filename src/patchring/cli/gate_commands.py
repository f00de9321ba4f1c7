"""`patchring gate`: what was seen after a patch, which part of the fleet it holds, and a person's word against it."""

from typing import Annotated

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, Why, Yes, confirm, say, server, show_json, show_rows, told

gate = typer.Typer(help="What the gate saw of a patch, and what it holds.", no_args_is_help=True)
TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="Short name or id of the tenant.")]
Patch = Annotated[str, typer.Argument(help="Key or id, as `patches list` shows it.")]


def register(app: typer.Typer) -> None:
    app.add_typer(gate, name="gate")


@gate.command("show")
def show(patch: Patch, tenant: TenantOption, as_json: Json = False) -> None:
    """The verdict for each part of the fleet and signal, with its sentence, and which kinds of devices were not seen.

    Example: patchring gate show apt:nginx=1.22.1-9 --tenant northwind
    """
    with server() as api:
        found = api.get(path("tenants", tenant, "gate"), patch=patch)
    if as_json:
        return show_json(found)
    columns = ("facet", "signal", "outcome", ("says", lambda row: row["reason"]["text"]), "held_because")
    show_rows(found["facets"], columns, as_json, "nothing was seen yet")
    for each in found["coverage"]:
        say(each["reason"]["text"])
    return None


@gate.command("release")
def release(
    patch: Patch,
    facet: Annotated[str, typer.Argument(help="As `gate show` has it; `own`: this tenant's devices.")],
    tenant: TenantOption,
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Lift the hold of a part of the fleet, and accept what was seen up to now.

    Example: patchring gate release apt:nginx=1.22.1-9 role/web --tenant northwind --reason "our own module, fixed"
    """
    whose = f"at {tenant}" if facet == "own" else "at every tenant"
    confirm(f"Let {patch} go on for {facet} {whose}?", yes)
    with server() as api:
        body = {"patch": patch, "facet": facet, "reason": reason}
        row = api.post(path("tenants", tenant, "gate", "release"), body)
    told(row, as_json, f"released: {facet}")


@gate.command("replay")
def replay(patch: Patch, tenant: TenantOption, as_json: Json = False) -> None:
    """Ask every verdict again from its record; ends with an error when one is not what it was.

    Example: patchring gate replay apt:nginx=1.22.1-9 --tenant northwind
    """
    with server() as api:
        found = api.get(path("tenants", tenant, "gate", "replay"), patch=patch)
    told(found, as_json, f"asked again: {found['verdict_count']}, different: {len(found['differences'])}")
    if found["differences"]:
        raise CliError(f"{len(found['differences'])} verdicts differ, the first: {found['differences'][0]}")
