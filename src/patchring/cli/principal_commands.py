"""`patchring principals`: who may use the API."""

from typing import Annotated

import typer

from patchring.app.permissions import StaffRole
from patchring.cli.client import path
from patchring.cli.output import Json, Yes, confirm, say, server, show_json, show_rows, told

principals = typer.Typer(help="People and programs that use this installation.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(principals, name="principals")


@principals.command("list")
def list_principals(as_json: Json = False) -> None:
    """Who may use this installation."""
    with server() as api:
        columns = ("name", "role", ("tenants", _tenants), "created_at", "expires_at", "revoked_at", "principal_id")
        show_rows(api.each("/principals"), columns, as_json, "nobody yet")


@principals.command("create")
def create_principal(
    name: Annotated[str, typer.Argument(help="As the record will name them.")],
    role: Annotated[StaffRole, typer.Option(help="What they may do; docs/api.md has the table.")],
    tenant: Annotated[list[str] | None, typer.Option(help="Short name; may be given several times.")] = None,
    all_tenants: Annotated[bool, typer.Option("--all-tenants", help="Every tenant, also later ones.")] = False,
    days: Annotated[int | None, typer.Option(min=1, max=3650, help="How long the token counts.")] = None,
    as_json: Json = False,
) -> None:
    """A principal with a token of their own, printed once.

    Example: patchring principals create ada --role technician --tenant northwind --days 90
    """
    if all_tenants == bool(tenant):
        raise typer.BadParameter("say which: --tenant SLUG (several times if need be), or --all-tenants")
    body = {"name": name, "role": role.value, "tenants": None if all_tenants else tenant, "days": days}
    with server() as api:
        row = api.post("/principals", body, repeatable=False)
    if as_json:
        show_json(row)
        return
    say(row["token"])
    say(f"{name} is {role.value}; the token is not kept and not shown again")


@principals.command("revoke")
def revoke_principal(
    name: Annotated[str, typer.Argument(help="Name or id.")], yes: Yes = False, as_json: Json = False
) -> None:
    """Out at once, in the browser too."""
    with server() as api:
        found = next((row["principal_id"] for row in api.each("/principals") if row["name"] == name), name)
        confirm(f"Revoke {name}?", yes)
        row = api.delete(path("principals", found))
    told(row, as_json, f"{row['name']} is revoked")


def _tenants(row: object) -> object:
    tenants = row["tenants"] if isinstance(row, dict) else None
    return "all" if tenants is None else tenants
