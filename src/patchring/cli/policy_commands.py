"""`patchring policy`: check a text, sign it here, put it in force there."""

import json
import secrets
from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID

import typer

from patchring.cli.client import path
from patchring.cli.keys import read_keys
from patchring.cli.output import Json, Yes, confirm, say, server, show_json, show_rows, told
from patchring.cli.policy_diff import diff
from patchring.cli.policy_document import document
from patchring.cli.policy_files import Looked, looked_at, read_policy, show_problems
from patchring.cli.policy_preview import preview_windows
from patchring.cli.tenant_commands import Tenant
from patchring.core.ids import uuid7
from patchring.core.policy.grants import grants
from patchring.core.policy.model import Policy
from patchring.core.reason import counted
from patchring.policyfile import json_schema

policy = typer.Typer(
    help="What goes by itself, what is reviewed, when, and what happens on failure.", no_args_is_help=True
)
Texts = Annotated[Path, typer.Argument(metavar="PATH", exists=True, help="A text (YAML), or a folder of them.")]
Folder = Annotated[Path, typer.Argument(exists=True, file_okay=False, help="The folder with baseline.yaml.")]


def register(app: typer.Typer) -> None:
    policy.command("diff")(diff)
    policy.command("document")(document)
    policy.command("preview")(preview_windows)
    app.add_typer(policy, name="policy")


@policy.command("check")
def check(path_: Texts, as_json: Json = False) -> None:
    """Say what is wrong with a text, a layer or a tree of tenants: file, line, what would be right. Needs no server.

    Exit code 1 when there is an error; warnings alone leave it at 0.  Example: patchring policy check policies/
    """
    looked = list(looked_at(path_))
    wrong = show_problems(looked, as_json)
    if not as_json:
        _summarise(looked)
    if wrong:
        raise typer.Exit(1)


def _summarise(looked: list[Looked]) -> None:
    """One text: what it would allow; a tree: how many texts are in order, its baseline among them."""
    policies = [each.checked.policy for each in looked]
    if len(looked) > 1:
        said = f"{len(looked)} texts, {sum(found is not None for found in policies)} in order"
        say(f"{said}; {counted(sum(len(each.checked.warnings) for each in looked), 'warning')}")
    elif policies[0] is not None:
        read = policies[0]
        say(f"{looked[0].name}: {read.title}, {read.automation}; rings: {', '.join(ring.name for ring in read.rings)}")
        say(f"fingerprint {read.fingerprint}")
        _show_grants(read)


@policy.command("resolve")
def resolve(
    tree: Folder,
    tenant: Annotated[str, typer.Argument(help="The tenant's folder in `tenants/`.")],
    as_json: Json = False,
) -> None:
    """Print the text of a tenant of a tree: all its layers, as they are signed and enforced.

    Example: patchring policy resolve policies/ northwind > northwind.yaml
    """
    text, read = read_policy(tree, tenant)
    if as_json:
        show_json({"tenant": tenant, "fingerprint": read.fingerprint, "layers": list(read.layers), "text": text})
    else:
        print(text, end="")


@policy.command("schema")
def schema(
    layer: Annotated[bool, typer.Option("--layer", help="Of one layer, instead of a complete policy.")] = False,
) -> None:
    """The JSON Schema, for editors.  Example: patchring policy schema > policy.schema.json"""
    print(json.dumps(json_schema(layer=layer), indent=2))


@policy.command("apply")
def apply(tenant: Tenant, file: Texts, yes: Yes = False, as_json: Json = False) -> None:
    """Sign a text with the tenant's approval key on this machine, and put it in force. Of a tree: the tenant's layers.

    What `policy check` would warn of is printed before it asks.

    Example: patchring policy apply northwind examples/policies/standard.yaml
    """
    with server() as api:
        about = api.get(path("tenants", tenant))
        text, read = read_policy(file, about["slug"], warn=not as_json)
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


def _grants(read: Policy) -> list[dict[str, Any]]:
    return [
        {"rule": g.rule, "actions": list(g.actions), "provider": g.provider, "origins": list(g.origins)}
        | {"labels": list(g.labels), "suites": list(g.suites), "packages": list(g.names)}
        for g in grants(read)
    ]


def _show_grants(read: Policy) -> None:
    columns = ("rule", "actions", "provider", "origins", "labels", "suites", "packages")
    show_rows(_grants(read), columns, False, "nothing by rule: every patch waits for a person")
