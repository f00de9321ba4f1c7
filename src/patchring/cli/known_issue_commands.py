"""`patchring known-issues`: what breaks devices of some kind, so that they do not get it."""

import json
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, Why, Yes, confirm, server, show_rows, told
from patchring.cli.tenant_commands import Tenant

issues = typer.Typer(help="Patches that are known to break devices of some kind.", no_args_is_help=True)
IssueId = Annotated[str, typer.Argument(help="Id, as `known-issues list` shows it.")]
Condition = typer.Option(metavar="FIELD=VALUE", help="As in a policy's `when`; the same field again: one of them.")


def register(app: typer.Typer) -> None:
    app.add_typer(issues, name="known-issues")


@issues.command("list")
def list_issues(
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="With what this tenant set aside.")] = "",
    all_: Annotated[bool, typer.Option("--all", help="Those that ended, too.")] = False,
    as_json: Json = False,
) -> None:
    """Known issues, newest first.

    Example: patchring known-issues list --tenant northwind
    """
    about = ("issue_id", "name", ("patches", _patches), ("devices", _devices), "reason", "source")
    with server() as api:
        if tenant:
            rows = api.each(path("tenants", tenant, "known-issues"))
            show_rows(rows, (*about, "release_when", "waived_because", "waived_by"), as_json, "no issue is known")
        else:
            rows = api.each("/known-issues", ended=all_)
            show_rows(rows, (*about, "state", "release_when", "fixed_in", "until_on"), as_json, "no issue is known")


@issues.command("add")
def add(
    name: Annotated[str, typer.Argument(help="Short, and its own, such as the vendor's number.")],
    patch: Annotated[list[str], Condition],
    reason: Why,
    source: Annotated[str, typer.Option(help="Where it is written: an address, a ticket.")],
    release_when: Annotated[str, typer.Option(help="What has to come first, in words.")],
    device: Annotated[list[str] | None, Condition] = None,
    fixed_in: Annotated[str, typer.Option(metavar="VERSION", help="Not for this version and later.")] = "",
    until: Annotated[str, typer.Option(metavar="YYYY-MM-DD", help="The last day, UTC.")] = "",
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Keep a patch from devices of some kind, in every tenant, at once.

    Example: patchring known-issues add nginx-42 --patch package=nginx --device role=web --fixed-in 1.22.1-10
    --reason "does not start with our modules" --source "ticket 4711" --release-when "1.22.1-10 is out"
    """
    said = {"name": name, "patches": _conditions("--patch", patch), "devices": _conditions("--device", device or [])}
    why = {"reason": reason, "source": source, "release_when": release_when, "fixed_in": fixed_in}
    confirm(f"Keep what {name} is about from {_devices(said) or 'every device'} in every tenant?", yes)
    with server() as api:
        row = api.post("/known-issues", {**said, **why, "until_on": until or None})
    told(row, as_json, f"in force: {row['issue_id']}; tenants that miss such a patch: {row['tenant_count']}")


@issues.command("import")
def import_issues(
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="A JSON list of issues.")],
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    yes: Yes = False,
    as_json: Json = False,
) -> None:
    """Place the issues of a list that are new, and change those that say something else; the others stay.

    Example: patchring known-issues import issues.json --dry-run
    """
    listed = _read(file)
    if not dry_run:
        confirm(f"Place or change {len(listed)} known issues in every tenant?", yes)
    with server() as api:
        row = api.post("/known-issues/import", {"issues": listed, "dry_run": dry_run})
    would = "would be " if dry_run else ""
    told(row, as_json, f"{would}added: {row['added']}, changed: {row['changed']}, unchanged: {row['unchanged']}")


@issues.command("confirm")
def confirm_issue(issue_id: IssueId, yes: Yes = False, as_json: Json = False) -> None:
    """Put in force what was proposed.

    Example: patchring known-issues confirm 019aaf5e-0000-7000-8000-000000000001
    """
    confirm(f"Put {issue_id} in force in every tenant?", yes)
    with server() as api:
        row = api.post(path("known-issues", issue_id, "confirm"), {})
    told(row, as_json, f"in force: {row['name']}")


@issues.command("end")
def end(issue_id: IssueId, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Release an issue, or decline one that was only proposed.

    Example: patchring known-issues end 019aaf5e-0000-7000-8000-000000000001 --reason "1.22.1-10 is out"
    """
    confirm(f"End {issue_id} for every tenant?", yes)
    with server() as api:
        row = api.post(path("known-issues", issue_id, "end"), {"reason": reason})
    told(row, as_json, f"{row['state']}: {row['name']}")


@issues.command("waive")
def waive(tenant: Tenant, issue_id: IssueId, reason: Why, yes: Yes = False, as_json: Json = False) -> None:
    """Set an issue aside for one tenant, which takes the risk.

    Example: patchring known-issues waive northwind 019aaf5e-0000-7000-8000-000000000001 --reason "no such module here"
    """
    confirm(f"Set {issue_id} aside for {tenant}?", yes)
    with server() as api:
        row = api.post(path("tenants", tenant, "known-issues", issue_id, "waive"), {"reason": reason})
    told(row, as_json, f"set aside: {row['name']}")


@issues.command("heed")
def heed(tenant: Tenant, issue_id: IssueId, reason: Why, as_json: Json = False) -> None:
    """Let an issue count for a tenant again.

    Example: patchring known-issues heed northwind 019aaf5e-0000-7000-8000-000000000001 --reason "it broke here too"
    """
    with server() as api:
        row = api.post(path("tenants", tenant, "known-issues", issue_id, "heed"), {"reason": reason})
    told(row, as_json, f"counts again: {row['name']}")


def _conditions(option: str, texts: list[str]) -> dict[str, list[str]]:
    found: dict[str, list[str]] = {}
    for text in texts:
        field, equals, value = text.partition("=")
        if not equals or not field or not value:
            raise CliError(f"{option}: expected FIELD=VALUE, such as package=nginx; got {text!r}")
        found.setdefault(field, []).append(value)
    return found


def _read(file: Path) -> list[Any]:
    try:
        found = json.loads(file.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise CliError(f"{file}: expected a JSON list of known issues; it cannot be read: {error}") from error
    if not isinstance(found, list) or not found:
        raise CliError(f"{file}: expected a JSON list of at least one known issue, got {type(found).__name__}")
    return found


def _patches(row: Any) -> str:
    return _shown(row["patches"])


def _devices(row: Any) -> str:
    return _shown(row["devices"])


def _shown(conditions: dict[str, list[str]]) -> str:
    return ", ".join(f"{field}={'|'.join(values)}" for field, values in conditions.items())
