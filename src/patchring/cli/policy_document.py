"""`patchring policy document`: the policy in plain language, for a client to read and sign."""

import sys
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, server, told
from patchring.cli.policy_files import read_policy


class Form(StrEnum):
    PDF = "pdf"
    HTML = "html"


Source = Annotated[
    Path | None,
    typer.Argument(
        metavar="PATH",
        exists=True,
        help="A text, a file of a tenant, or a tree with --tenant; without: what is in force.",
    ),
]


def document(
    source: Source = None,
    tenant: Annotated[str, typer.Option("--tenant", "-t", help="Short name of the tenant.")] = "",
    version: Annotated[int | None, typer.Option(min=1, help="Not the version in force, but this one.")] = None,
    form: Annotated[Form, typer.Option("--format", help="What is written.")] = Form.PDF,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Where to; - is standard output.")] = None,
    force: Annotated[bool, typer.Option("--force", help="Write over a file that is there.")] = False,
    dates_from: Annotated[
        datetime | None, typer.Option("--from", formats=["%Y-%m-%d"], help="Count the next dates from this day.")
    ] = None,
    provider: Annotated[str, typer.Option(help="The MSP's name, as the document prints it.")] = "",
    as_json: Json = False,
) -> None:
    """Print the policy as a document: eight sections, what differs from the baseline marked, a place to sign.

    Of the version in force with --tenant alone; of a text on this machine, as a draft, with a path.

    Example: patchring policy document --tenant northwind --provider "Rivermark IT"
    """
    first = dates_from.date() if dates_from else None
    if source is not None:
        name, content = _draft(source, tenant, form, first, provider)
    elif tenant:
        name, content = _in_force(tenant, version, form, first, provider)
    else:
        raise CliError("expected --tenant for what is in force, or a path to a text; got neither")
    where = output or Path(f"{name}.{form}")
    _write(where, content, force)
    if str(where) != "-":
        told({"file": str(where), "format": form.value, "bytes": len(content)}, as_json, f"written: {where}")


def _draft(source: Path, tenant: str, form: Form, first: date | None, provider: str) -> tuple[str, bytes]:
    """A text that is not in force says so on every page."""
    from patchring.report.html import html
    from patchring.report.pdf import pdf
    from patchring.report.policy import Edition, policy_document

    _, policy = read_policy(source, tenant)
    edition = Edition(policy, policy.title, first or datetime.now(UTC).date(), provider=provider)
    made = policy_document(edition)
    return "update-policy-draft", pdf(made) if form is Form.PDF else html(made).encode()


def _in_force(tenant: str, version: int | None, form: Form, first: date | None, provider: str) -> tuple[str, bytes]:
    asked = {"format": form.value, "version": version, "from": first.isoformat() if first else None}
    with server() as api:
        content = api.content(path("tenants", tenant, "policy", "document"), **asked, provider=provider or None)
    return f"update-policy-{tenant}" + (f"-version-{version}" if version else ""), content


def _write(where: Path, content: bytes, force: bool) -> None:
    """Raises CliError for a file that is there, or a place that cannot be written to."""
    if str(where) == "-":
        sys.stdout.buffer.write(content)
        return
    try:
        with where.open("wb" if force else "xb") as file:
            file.write(content)
    except FileExistsError as error:
        raise CliError(
            f"{where} is there already; expected a new name (--output), or --force to write over it"
        ) from error
    except OSError as error:
        raise CliError(f"{where} cannot be written: {error.strerror}") from error
