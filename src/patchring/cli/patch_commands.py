"""`patchring patches | approve | reject`."""

import secrets
from datetime import UTC, datetime
from typing import Annotated, Any
from uuid import UUID

import typer

from patchring.cli.client import Client, path
from patchring.cli.errors import CliError
from patchring.cli.keys import read_keys
from patchring.cli.output import (
    Json,
    Why,
    Yes,
    confirm,
    console,
    reasons_text,
    server,
    show_json,
    show_pairs,
    show_rows,
    told,
)
from patchring.cli.tenant_commands import Tenant
from patchring.core.ids import uuid7
from patchring.wire.authority import ApprovedPackage

patches = typer.Typer(help="What devices reported as missing.", no_args_is_help=True)
Patch = Annotated[str, typer.Argument(help="Key (apt:NAME=VERSION) or id of the patch.")]


def register(app: typer.Typer) -> None:
    app.add_typer(patches, name="patches")
    app.command("approve")(approve)
    app.command("reject")(reject)


@patches.command("list")
def list_patches(
    tenant: Annotated[str | None, typer.Argument(help="Short name or id; without it over all tenants.")] = None,
    words: Annotated[str, typer.Option(help="Part of title or key.")] = "",
    security: Annotated[bool | None, typer.Option(help="Only security patches, or only others.")] = None,
    all_: Annotated[bool, typer.Option("--all", help="Also those that no device misses any more.")] = False,
    as_json: Json = False,
) -> None:
    """Patches of a tenant, newest first; or of all tenants, by key.  Example: patchring patches list northwind"""
    with server() as api:
        if tenant is None:
            columns: tuple[str, ...] = ("patch_key", "tenant", "security", "missing_count", "rollout_state")
            show_rows(api.each("/patches", words=words), columns, as_json, "no patch is known yet")
            return
        wanted = {"words": words, "missing": not all_, "security": security}
        columns = ("patch_key", "classification", "security", "origin", "missing_count", "rollout_state")
        show_rows(api.each(path("tenants", tenant, "patches"), **wanted), columns, as_json, "no device misses anything")


@patches.command("show")
def show_patch(tenant: Tenant, patch: Patch, as_json: Json = False) -> None:
    """One patch: what it settles and replaces, what is known against it, and the devices that miss it.

    Example: patchring patches show northwind apt:openssl=3.0.16-1
    """
    with server() as api:
        row = api.get(path("tenants", tenant, "patch"), patch=patch)
    if as_json:
        show_json(row)
        return
    names = ("title", "patch_key", "type", "classification", "security", "origin", "label", "suite", "reboot", "kb")
    lists = {"supersedes": ", ".join(row["supersedes"]), "vendor's pages": ", ".join(row["vendor_pages"])}
    told_of = {"history": row["history"], "known issues": "; ".join(each["text"] for each in row["known_issues"])}
    show_pairs({name: row[name] for name in names} | lists | told_of)
    console.print()
    cves = ("cve", "severity", ("cvss", _cvss), "exploited_at", "due_at", ("epss", _epss), "device_count")
    show_rows(row["cves"], cves, False, "settles no open finding here")
    console.print()
    devices = ("name", "installed_version", "held_back", "known_from")
    show_rows(row["devices"]["items"], devices, False, "nobody misses it")


@patches.command("decisions")
def show_decisions(tenant: Tenant, patch: Patch, as_json: Json = False) -> None:
    """What the policy in force says of a patch in each segment, and why.

    Example: patchring patches decisions northwind apt:openssl=3.0.16-1
    """
    with server() as api:
        row = api.get(path("tenants", tenant, "decisions"), patch=patch)
    if as_json:
        show_json(row)
        return
    columns = ("segment", "outcome", "rule", "approved", ("why", lambda each: reasons_text(each["reasons"])))
    show_rows(row["segments"], columns, False, "the policy has no segments")
    for hold in row["holds"]:
        console.print(f"held ({hold['segment'] or 'everywhere'}): {hold['reason']}", markup=False)
    for issue in row["known_issues"]:
        console.print(issue["text"], markup=False)


def approve(
    tenant: Tenant,
    patch: Patch,
    reason: Why,
    segment: Annotated[
        list[str] | None, typer.Option(help="Only for this segment; may be given several times.")
    ] = None,
    including: Annotated[
        list[str] | None,
        typer.Option("--with", metavar="NAME=VERSION", help="A package that comes along; several times."),
    ] = None,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Approve a patch that waits for review: signed here with the tenant's approval key.

    Example: patchring approve northwind apt:nginx=1.22.1-9+deb12u3 --reason "tested on web-0"
    """
    with server() as api:
        found = api.get(path("tenants", tenant, "patch"), patch=patch)
        packages = [ApprovedPackage(found["provider"], found["name"], found["version"])]
        packages += [_package(found["provider"], text) for text in including or []]
        statement = _sign(api, tenant, packages, segment or [], reason, yes)
        row = api.post(path("tenants", tenant, "approvals"), {"patch": found["patch_key"], "statement": statement})
    told(row, as_json, f"approved: {found['patch_key']}")


def reject(tenant: Tenant, patch: Patch, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Say no to a patch; its rollout is abandoned, nothing is taken back."""
    confirm(f"Reject {patch}?", yes)
    with server() as api:
        row = api.post(path("tenants", tenant, "rejections"), {"patch": patch, "reason": reason})
    told(row, as_json, "rejected")


def _sign(
    api: Client, tenant: str, packages: list[ApprovedPackage], segments: list[str], reason: str, yes: bool
) -> dict[str, Any]:
    """Under the policy in force, after asking."""
    about = api.get(path("tenants", tenant))
    keys = read_keys(about["slug"])
    policy = api.get(path("tenants", tenant, "policy"))
    named = ", ".join(f"{p.name} {p.version}" for p in packages)
    confirm(f"Approve {named} for {about['name']} ({', '.join(segments) or 'every segment'})?", yes)
    now = datetime.now(UTC)
    approval_id = uuid7(now, secrets.token_bytes(8))
    tenant_id = UUID(about["tenant_id"])
    return keys.sign_approval(tenant_id, approval_id, packages, segments, policy["fingerprint"], reason, now)


def _cvss(row: Any) -> str:
    return "" if row["cvss_tenths"] is None else f"{row['cvss_tenths'] / 10:.1f}"


def _epss(row: Any) -> str:
    return "" if row["epss_millionths"] is None else f"{row['epss_millionths'] / 10_000:.2f} %"


def _package(provider: str, text: str) -> ApprovedPackage:
    name, found, version = text.partition("=")
    if not found or not name or not version:
        raise CliError(f"--with: expected NAME=VERSION, got {text!r}")
    return ApprovedPackage(provider, name, version)
