"""`patchring priorities | findings`: what is to be settled first, and which device has what open."""

from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.ended_words import COLUMNS, headline
from patchring.cli.output import Json, Limit, minute, say, server, show_json, show_rows

findings = typer.Typer(help="Which device has what open, and what is past its end of life.", no_args_is_help=True)
TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="Short name or id of the tenant.")]
AsOf = Annotated[
    str | None, typer.Option("--as-of", metavar="INSTANT", help="At this instant (2026-08-21T12:00Z); else now.")
]


def register(app: typer.Typer) -> None:
    app.command("priorities")(priorities)
    app.add_typer(findings, name="findings")


def priorities(
    tenant: TenantOption,
    count: Limit = 20,
    factors: Annotated[bool, typer.Option("--factors", help="Every factor, in the order of comparison.")] = False,
    as_json: Json = False,
) -> None:
    """What to settle first, and why: no score, each line says what speaks for it.

    Example: patchring priorities --tenant northwind --count 10
    """
    with server() as api:
        lines = api.get(path("tenants", tenant, "priorities"), count=count)["lines"]
        lifecycles = [] if as_json else api.get(path("tenants", tenant, "findings", "ended"))["lines"]
    if ended := headline(lifecycles):
        say(ended)
    columns = ("place", "cve", ("packages", _packages), ("devices", _devices), ("due", _due), ("why", _why))
    show_rows(lines, columns, as_json, "nothing is known to be open: `patchring feeds status` says what was looked at")
    if factors and not as_json:
        for line in lines:
            texts = [f"{each['name']}: {each['text']}" for each in line["factors"]]
            say(f"{line['place']}. {line['cve']}: {'; '.join(texts)}")


def _packages(line: Any) -> str:
    return ", ".join(line["packages"])


def _devices(line: Any) -> str:
    more = line["device_count"] - 1
    return f"{line['device_name']} and {more} more" if more else str(line["device_name"])


def _due(line: Any) -> str:
    triage = ", look for an intruder first" if line["triage"] else ""
    return (line["due_at"][:10] if line["due_at"] else "with the next upgrade") + triage


def _why(line: Any) -> str:
    return str(line["why"])


@findings.command("list")
def list_(
    tenant: TenantOption,
    cve: Annotated[str, typer.Option(help="Only this CVE.")] = "",
    device: Annotated[str, typer.Option(help="Only this device: its name or id.")] = "",
    as_of: AsOf = None,
    as_json: Json = False,
) -> None:
    """Which device has what open, and until when; with --as-of: had.

    Of the past, begin and end are kept; versions, due dates and names are those that were said last.

    Example: patchring findings list --tenant northwind --as-of 2026-08-21T12:00Z
    Example: patchring findings list --tenant northwind --device web-0
    """
    with server() as api:
        rows = api.each(path("tenants", tenant, "findings"), cve=cve, device=device, as_of=as_of)
        columns = ("device_name", "cve", "package", "installed_version", "fixed_version", ("due", _due))
        ends = (("known from", _from), ("known to", _to)) if as_of else ()
        show_rows(rows, (*columns, *ends), as_json, "nothing was open then" if as_of else "nothing is open")


def _from(row: Any) -> str:
    return minute(row["known_from"])


def _to(row: Any) -> str:
    return minute(row["known_to"]) if row["known_to"] else "still open"


@findings.command("ended")
def ended(
    tenant: TenantOption,
    every: Annotated[bool, typer.Option("--all", help="Also what is maintained for longer.")] = False,
    as_json: Json = False,
) -> None:
    """Which systems and applications are past their end of life, end within 90 days, or are unknown.

    Example: patchring findings ended --tenant northwind
    """
    with server() as api:
        found = api.get(path("tenants", tenant, "findings", "ended"))
    if as_json:
        show_json(found)
        return
    lines = [line for line in found["lines"] if every or line["state"] != "supported"]
    show_rows(lines, COLUMNS, as_json, "all that devices named is maintained for longer than 90 days")
    taken = found["observed_at"]
    say(f"endoflife.date as of {minute(taken)}" if taken else "endoflife.date never came: nothing is known")
