"""`patchring policy`: check a text, sign it here, put it in force there."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.keys import read_keys
from patchring.cli.output import Json, Yes, confirm, say, server, show_json, show_rows, told
from patchring.cli.tenant_commands import Tenant
from patchring.core.ids import uuid7
from patchring.core.policy.grants import grants
from patchring.core.policy.model import Policy
from patchring.policyfile import PolicyInvalid, fingerprint, json_schema, load

policy = typer.Typer(
    help="What goes by itself, what is reviewed, when, and what happens on failure.", no_args_is_help=True
)
File = Annotated[Path, typer.Argument(exists=True, dir_okay=False, help="The policy's text (YAML).")]


def register(app: typer.Typer) -> None:
    app.add_typer(policy, name="policy")


@policy.command("check")
def check(file: File, as_json: Json = False) -> None:
    """Read a text and say what it would allow by rule. Needs no server.  Example: patchring policy check acme.yaml"""
    text, read = _read(file)
    if as_json:
        show_json({"title": read.title, "fingerprint": fingerprint(text), "grants": _grants(read)})
        return
    say(f"{file}: {read.title}, {read.automation}; rings: {', '.join(ring.name for ring in read.rings)}")
    say(f"fingerprint {fingerprint(text)}")
    _show_grants(read)


@policy.command("schema")
def schema() -> None:
    """The JSON Schema, for editors.  Example: patchring policy schema > policy.schema.json"""
    print(json.dumps(json_schema(), indent=2))


@policy.command("apply")
def apply(tenant: Tenant, file: File, yes: Yes = False, as_json: Json = False) -> None:
    """Sign a text with the tenant's approval key on this machine, and put it in force.

    Example: patchring policy apply northwind examples/policies/standard.yaml
    """
    text, read = _read(file)
    with server() as api:
        about = api.get(path("tenants", tenant))
        keys = read_keys(about["slug"])
        version = (about["policy_version"] or 0) + 1
        if not as_json:
            said = f"version {version} for {about['name']}, automation {read.automation}"
            say(f"{read.title}: {said}. By rule it would allow:")
            _show_grants(read)
        confirm("Sign it and put it in force?", yes)
        now = datetime.now(UTC)
        policy_version_id = uuid7(now, secrets.token_bytes(8))
        statement = keys.sign_policy(UUID(about["tenant_id"]), policy_version_id, version, text, now)
        row = api.post(path("tenants", tenant, "policy"), {"text": text, "statement": statement})
    told(row, as_json, f"version {version} is in force")


@policy.command("show")
def show(
    tenant: Tenant,
    version: Annotated[int | None, typer.Option(min=1, help="Not the one in force, but this one.")] = None,
    as_json: Json = False,
) -> None:
    """The text in force.  Example: patchring policy show northwind > northwind.yaml"""
    with server() as api:
        row = api.get(path("tenants", tenant, "policy"), version=version)
    if as_json:
        show_json(row)
    else:
        print(row["text"], end="")


@policy.command("versions")
def versions(tenant: Tenant, as_json: Json = False) -> None:
    """All versions, newest first."""
    with server() as api:
        columns = ("version", "created_at", "created_by", "fingerprint")
        show_rows(api.each(path("tenants", tenant, "policy", "versions")), columns, as_json, "no policy yet")


def _read(file: Path) -> tuple[str, Policy]:
    """Raises CliError with every problem, each with file and line as compilers write them."""
    try:
        text = file.read_text(encoding="utf-8")
        return text, load(text, str(file))
    except PolicyInvalid as invalid:
        raise CliError(f"{file} is not a valid policy:\n{invalid}") from invalid
    except UnicodeDecodeError as error:
        raise CliError(f"{file} is not UTF-8: {error}") from error


def _grants(read: Policy) -> list[dict[str, Any]]:
    return [
        {"rule": g.rule, "actions": list(g.actions), "provider": g.provider, "origins": list(g.origins)}
        | {"labels": list(g.labels), "suites": list(g.suites), "packages": list(g.names)}
        for g in grants(read)
    ]


def _show_grants(read: Policy) -> None:
    columns = ("rule", "actions", "provider", "origins", "labels", "suites", "packages")
    show_rows(_grants(read), columns, False, "nothing by rule: every patch waits for a person")
