"""`patchring patches | approve | reject | holds`."""

import secrets
from datetime import UTC, datetime
from typing import Annotated
from uuid import UUID

import typer

from patchring.cli.errors import CliError
from patchring.cli.keys import read_keys
from patchring.cli.output import Json, Why, Yes, confirm, console, say, server, show_json, show_pairs, show_rows
from patchring.cli.tenant_commands import Tenant
from patchring.core.ids import uuid7
from patchring.wire.authority import ApprovedPackage

patches = typer.Typer(help="What devices reported as missing.", no_args_is_help=True)
holds = typer.Typer(help="Patches that do not begin until somebody releases them.", no_args_is_help=True)
Patch = Annotated[str, typer.Argument(help="Key (apt:NAME=VERSION) or id of the patch.")]


def register(app: typer.Typer) -> None:
    app.add_typer(patches, name="patches")
    app.add_typer(holds, name="holds")
    app.command("approve")(approve)
    app.command("reject")(reject)


@patches.command("list")
def list_patches(
    tenant: Tenant,
    words: Annotated[str, typer.Option(help="Part of title or key.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Also those that no device misses any more.")] = False,
    as_json: Json = False,
) -> None:
    """Patches of a tenant, newest first."""
    with server() as api:
        rows = api.each(f"/tenants/{tenant}/patches", words=words, missing=not all_)
        columns = ("patch_key", "classification", "security", "origin", "missing_count", "rollout_state")
        show_rows(rows, columns, as_json, "no device misses anything")


@patches.command("show")
def show_patch(tenant: Tenant, patch: Patch, as_json: Json = False) -> None:
    """One patch and the devices that miss it."""
    with server() as api:
        row = api.get(f"/tenants/{tenant}/patch", patch=patch)
    if as_json:
        show_json(row)
        return
    names = ("title", "patch_key", "type", "classification", "security", "origin", "label", "suite", "reboot", "kb")
    show_pairs({name: row[name] for name in names})
    console.print()
    show_rows(
        row["devices"]["items"], ("name", "installed_version", "held_back", "known_from"), False, "nobody misses it"
    )


def approve(
    tenant: Tenant,
    patch: Patch,
    reason: Why,
    segment: Annotated[
        list[str] | None, typer.Option(help="Only for this segment; may be given several times.")
    ] = None,
    including: Annotated[
        list[str] | None, typer.Option("--with", help="A package that comes along: NAME=VERSION; several times.")
    ] = None,
    yes: Yes = False,
) -> None:
    """Approve a patch that waits for review: signed here with the tenant's approval key.

    Example: patchring approve northwind apt:nginx=1.22.1-9+deb12u3 --reason "tested on web-0"
    """
    with server() as api:
        about = api.get(f"/tenants/{tenant}")
        found = api.get(f"/tenants/{tenant}/patch", patch=patch)
        policy = api.get(f"/tenants/{tenant}/policy")
        packages = [ApprovedPackage(found["provider"], found["name"], found["version"])]
        packages += [_package(found["provider"], text) for text in including or []]
        named = ", ".join(f"{p.name} {p.version}" for p in packages)
        confirm(f"Approve {named} for {about['name']} ({', '.join(segment or []) or 'every segment'})?", yes)
        now = datetime.now(UTC)
        statement = read_keys(about["slug"]).sign_approval(
            UUID(about["tenant_id"]),
            uuid7(now, secrets.token_bytes(8)),
            packages,
            segment or [],
            policy["fingerprint"],
            reason,
            now,
        )
        api.post(f"/tenants/{tenant}/approvals", {"patch": found["patch_key"], "statement": statement})
    say(f"approved: {named}")


def reject(tenant: Tenant, patch: Patch, reason: Why, yes: Yes = False) -> None:
    """Say no to a patch; its rollout is abandoned, nothing is taken back."""
    confirm(f"Reject {patch}?", yes)
    with server() as api:
        api.post(f"/tenants/{tenant}/rejections", {"patch": patch, "reason": reason})
    say("rejected")


@holds.command("list")
def list_holds(
    tenant: Tenant,
    all_: Annotated[bool, typer.Option("--all", help="Released ones too.")] = False,
    as_json: Json = False,
) -> None:
    """Holds in force."""
    with server() as api:
        rows = api.each(f"/tenants/{tenant}/holds", released=all_)
        columns = ("hold_id", "patch_key", "segment", "source", "reason", "placed_by", "placed_at", "released_at")
        show_rows(rows, columns, as_json, "nothing is held")


@holds.command("place")
def place_hold(
    tenant: Tenant,
    patch: Patch,
    reason: Why,
    segment: Annotated[str | None, typer.Option(help="Only in this segment.")] = None,
) -> None:
    """Nothing of this patch begins until the hold is released."""
    with server() as api:
        row = api.post(f"/tenants/{tenant}/holds", {"patch": patch, "segment": segment, "reason": reason})
    say(f"held: {row['hold_id']}")


@holds.command("release")
def release_hold(tenant: Tenant, hold_id: Annotated[str, typer.Argument()], reason: Why, yes: Yes = False) -> None:
    """End a hold."""
    confirm(f"Release {hold_id}? The policy then decides about the patch again.", yes)
    with server() as api:
        api.post(f"/tenants/{tenant}/holds/{hold_id}/release", {"reason": reason})
    say("released")


def _package(provider: str, text: str) -> ApprovedPackage:
    name, found, version = text.partition("=")
    if not found or not name or not version:
        raise CliError(f"--with: expected NAME=VERSION, got {text!r}")
    return ApprovedPackage(provider, name, version)
