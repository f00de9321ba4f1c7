"""`patchring tenants | sites | tokens`."""

import secrets
from datetime import UTC, datetime
from typing import Annotated

import typer

from patchring.cli.client import path
from patchring.cli.configuration import keys_folder
from patchring.cli.keys import create_keys
from patchring.cli.output import Json, Yes, confirm, say, server, show_json, show_pairs, show_rows, told
from patchring.core.ids import uuid7

tenants = typer.Typer(help="Clients, and the MSP itself.", no_args_is_help=True)
sites = typer.Typer(help="Places of a tenant; a site has the time zone that windows are in.", no_args_is_help=True)
tokens = typer.Typer(help="Enrolment tokens for agents.", no_args_is_help=True)

Tenant = Annotated[str, typer.Argument(help="Short name or id of the tenant.")]


def register(app: typer.Typer) -> None:
    app.add_typer(tenants, name="tenants")
    app.add_typer(sites, name="sites")
    app.add_typer(tokens, name="tokens")


@tenants.command("list")
def list_tenants(as_json: Json = False) -> None:
    """All tenants that you were given."""
    with server() as api:
        columns = ("slug", "name", "kind", "device_count", "policy_version", "tenant_id")
        show_rows(api.each("/tenants"), columns, as_json, "no tenants yet: patchring tenants create")


@tenants.command("create")
def create_tenant(
    name: Annotated[str, typer.Argument(help="Full name, as reports print it.")],
    slug: Annotated[str, typer.Option(help="Short name: small letters, digits, dashes.")],
    kind: Annotated[str, typer.Option(help="client, or operator for the MSP itself (ring 0).")] = "client",
    as_json: Json = False,
) -> None:
    """Make a tenant: its keys on this machine, its signed root on the server.

    Example: patchring tenants create "Northwind Traders" --slug northwind
    """
    with server() as api:
        now = datetime.now(UTC)
        tenant_id = uuid7(now, secrets.token_bytes(8))
        permit_key = api.get("/server")["permit_key"]
        root = create_keys(slug).sign_root(tenant_id, permit_key, now)
        body = {"tenant_id": str(tenant_id), "slug": slug, "name": name, "kind": kind, "root": root}
        row = api.post("/tenants", body)
    told(row, as_json, f"{name} is there as {slug}. Its keys are in {keys_folder() / slug}: keep a copy offline.")


@tenants.command("show")
def show_tenant(tenant: Tenant, as_json: Json = False) -> None:
    """One tenant."""
    with server() as api:
        row = api.get(path("tenants", tenant))
    if as_json:
        show_json(row)
        return
    shown = ("name", "slug", "kind", "device_count", "policy_version", "created_at", "tenant_id")
    show_pairs({name: row[name] for name in shown} | {"root version": row["roots"][-1]["version"]})


@sites.command("list")
def list_sites(tenant: Tenant, as_json: Json = False) -> None:
    """Sites of a tenant."""
    with server() as api:
        show_rows(api.each(path("tenants", tenant, "sites")), ("name", "zone", "site_id"), as_json, "no sites yet")


@sites.command("create")
def create_site(
    tenant: Tenant,
    name: Annotated[str, typer.Argument(help="Name of the site.")],
    zone: Annotated[str, typer.Option(help="IANA zone, such as Europe/Berlin.")],
    as_json: Json = False,
) -> None:
    """A new site.  Example: patchring sites create northwind "Head office" --zone Europe/Berlin"""
    with server() as api:
        row = api.post(path("tenants", tenant, "sites"), {"name": name, "zone": zone})
    told(row, as_json, f"site {row['name']} in {row['zone']}")


@tokens.command("list")
def list_tokens(tenant: Tenant, as_json: Json = False) -> None:
    """Tokens of a tenant, newest first; their texts are not kept."""
    with server() as api:
        columns = ("token_id", "site", "use_count", "use_count_max", "expires_at", "revoked_at", "created_by")
        show_rows(api.each(path("tenants", tenant, "tokens")), columns, as_json, "no tokens yet")


@tokens.command("create")
def create_token(
    tenant: Tenant,
    site: Annotated[str, typer.Option(help="Name or id of the site its devices belong to.")],
    hours: Annotated[int, typer.Option(min=1, max=2160, help="How long it may be used.")] = 24,
    uses: Annotated[int, typer.Option(min=1, max=100_000, help="How many devices may enrol with it.")] = 1,
    as_json: Json = False,
) -> None:
    """A token for agents; printed once.  Example: patchring tokens create northwind --site "Head office" --uses 40"""
    with server() as api:
        body = {"site": site, "hours": hours, "uses": uses}
        row = api.post(path("tenants", tenant, "tokens"), body, repeatable=False)
        about = api.get("/server")
    if as_json:
        show_json(row)
        return
    say(row["token"])
    say(f"On the device: patchring-agent enrol --server {about['agents_address']} --token TOKEN")


@tokens.command("revoke")
def revoke_token(
    tenant: Tenant,
    token_id: Annotated[str, typer.Argument(help="Id, as `tokens list` shows it.")],
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """No device enrols with it any more; those that did stay."""
    confirm(f"Revoke token {token_id}?", yes)
    with server() as api:
        row = api.delete(path("tenants", tenant, "tokens", token_id))
    told(row, as_json, "revoked")
