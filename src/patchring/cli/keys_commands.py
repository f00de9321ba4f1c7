"""`patchring keys`: the keys of tenants on this machine. The server never sees them."""

from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from patchring.cli.client import path
from patchring.cli.configuration import keys_folder
from patchring.cli.errors import CliError
from patchring.cli.keys import adopt_approval_key, create_keys, next_approval_key, read_keys, tenants_with_keys
from patchring.cli.output import Json, Yes, confirm, server, show_rows, told
from patchring.cli.tenant_commands import Tenant
from patchring.wire.signing import fingerprint

keys = typer.Typer(help="Keys of tenants on this machine; the server never sees them.", no_args_is_help=True)
Slug = Annotated[str, typer.Option("--tenant", help="Short name of the tenant.")]


def register(app: typer.Typer) -> None:
    app.add_typer(keys, name="keys")


@keys.command("create")
def create(tenant: Slug, as_json: Json = False) -> None:
    """Make a tenant's root key and approval key here; those that are there stay as they are.

    `patchring tenants create` does this by itself.  Example: patchring keys create --tenant northwind
    """
    made = create_keys(tenant)
    row = {"tenant": tenant, "root": made.root.public, "approval": made.approval.public, "folder": str(_folder(tenant))}
    told(row, as_json, f"the keys of {tenant} are in {_folder(tenant)}: keep a copy offline")


@keys.command("list")
def list_keys(as_json: Json = False) -> None:
    """Whose keys are on this machine, with fingerprints."""
    rows = []
    for slug in tenants_with_keys():
        found = read_keys(slug)
        prints = {"root": fingerprint(found.root.public), "approval": fingerprint(found.approval.public)}
        rows.append({"tenant": slug, **prints, "folder": str(_folder(slug))})
    show_rows(rows, ("tenant", "root", "approval", "folder"), as_json, f"no keys in {keys_folder()}")


@keys.command("renew")
def renew(
    tenant: Tenant,
    approval: Annotated[bool, typer.Option("--approval", help="With a new approval key; the old one is kept.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Sign the tenant's next root: for a new permit key of the server, a new approval key, or a later end.

    Example: patchring keys renew northwind --approval
    """
    with server() as api:
        about = api.get(path("tenants", tenant))
        held = read_keys(about["slug"])
        newest = about["roots"][-1]
        if held.root.public not in newest["document"]["payload"]["root_keys"]:
            raise CliError(
                f"the root key in {_folder(about['slug'])} is not the one that root {newest['version']} names"
            )
        change = "a new approval key" if approval else "the keys that are here"
        confirm(f"Sign root version {newest['version'] + 1} of {about['name']} with {change}?", yes)
        now = datetime.now(UTC)
        held = next_approval_key(about["slug"]) if approval else held
        root = held.sign_root(UUID(about["tenant_id"]), api.get("/server")["permit_key"], now, newest["version"] + 1)
        row = api.post(path("tenants", tenant, "roots"), {"root": root})
        if approval:
            adopt_approval_key(about["slug"], now)
    told(row, as_json, f"root version {row['version']} is in force; agents learn of it with their next permit")


def _folder(slug: str) -> object:
    return keys_folder() / slug
