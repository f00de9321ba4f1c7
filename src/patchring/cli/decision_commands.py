"""`patchring approvals | holds`: what people decided about patches."""

from typing import Annotated

import typer

from patchring.cli.client import path
from patchring.cli.output import Json, Why, Yes, confirm, server, show_rows, told
from patchring.cli.patch_commands import Patch
from patchring.cli.tenant_commands import Tenant

approvals = typer.Typer(help="What people approved and rejected.", no_args_is_help=True)
holds = typer.Typer(help="Patches that do not begin until somebody releases them.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(approvals, name="approvals")
    app.add_typer(holds, name="holds")


@approvals.command("list")
def list_approvals(tenant: Tenant, as_json: Json = False) -> None:
    """Approvals and rejections, newest first."""
    with server() as api:
        rows = api.each(path("tenants", tenant, "approvals"))
        columns = ("approval_id", "decision", "patch_key", "segments", "reason", "decided_by", "decided_at")
        show_rows(rows, (*columns, "expires_at", "withdrawn_at"), as_json, "nobody decided anything")


@approvals.command("withdraw")
def withdraw(
    tenant: Tenant,
    approval_id: Annotated[str, typer.Argument(help="Id, as `approvals list` shows it.")],
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Take back an approval or a rejection; what was decided before it counts again."""
    confirm(f"Withdraw {approval_id}?", yes)
    with server() as api:
        row = api.post(path("tenants", tenant, "approvals", approval_id, "withdraw"), {"reason": reason})
    told(row, as_json, f"withdrawn: the {row['decision']} of {row['patch_key']}")


@holds.command("list")
def list_holds(
    tenant: Tenant,
    all_: Annotated[bool, typer.Option("--all", help="Released ones too.")] = False,
    as_json: Json = False,
) -> None:
    """Holds in force."""
    with server() as api:
        rows = api.each(path("tenants", tenant, "holds"), released=all_)
        columns = ("hold_id", "patch_key", "segment", "source", "reason", "placed_by", "placed_at", "released_at")
        show_rows(rows, columns, as_json, "nothing is held")


@holds.command("place")
def place_hold(
    tenant: Tenant,
    patch: Patch,
    reason: Why,
    segment: Annotated[str | None, typer.Option(help="Only in this segment.")] = None,
    as_json: Json = False,
) -> None:
    """Nothing of this patch begins until the hold is released.

    Example: patchring holds place northwind apt:nginx=1.22.1-9 --reason "vendor withdrew it"
    """
    with server() as api:
        body = {"patch": patch, "segment": segment, "reason": reason}
        row = api.post(path("tenants", tenant, "holds"), body)
    told(row, as_json, f"held: {row['hold_id']}")


@holds.command("release")
def release_hold(
    tenant: Tenant,
    hold_id: Annotated[str, typer.Argument(help="Id, as `holds list` shows it.")],
    reason: Why,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """End a hold."""
    confirm(f"Release {hold_id}? The policy then decides about the patch again.", yes)
    with server() as api:
        row = api.post(path("tenants", tenant, "holds", hold_id, "release"), {"reason": reason})
    told(row, as_json, f"released: {row['patch_key']}")
