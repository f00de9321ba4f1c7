"""`patchring priorities | findings | feeds`: what is to be settled first, and the feeds that say so."""

from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.output import Json, Limit, console, say, server, show_json, show_rows

feeds = typer.Typer(help="What is known of vulnerabilities and updates, and since when.", no_args_is_help=True)
TenantOption = Annotated[str, typer.Option("--tenant", "-t", help="Short name or id of the tenant.")]
Home = Annotated[Path | None, typer.Option(help="Where the server's data lives.", envvar="PATCHRING_HOME")]


def register(app: typer.Typer) -> None:
    app.command("priorities")(priorities)
    app.command("findings")(findings)
    app.add_typer(feeds, name="feeds")


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
    columns = ("place", "cve", ("packages", _packages), ("devices", _devices), ("due", _due), ("why", _why))
    show_rows(lines, columns, as_json, "nothing is known to be open: `patchring feeds status` says what was looked at")
    if factors and not as_json:
        for line in lines:
            texts = [f"{each['name']}: {each['text'] or 'no'}" for each in line["factors"]]
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


def findings(
    tenant: TenantOption,
    cve: Annotated[str, typer.Option(help="Only this CVE.")] = "",
    device: Annotated[str, typer.Option(help="Only this device: its name or id.")] = "",
    as_json: Json = False,
) -> None:
    """Which device has what open, and until when.

    Example: patchring findings --tenant northwind --device web-0
    """
    with server() as api:
        rows = api.each(path("tenants", tenant, "findings"), cve=cve, device=device)
        columns = ("device_name", "cve", "package", "installed_version", "fixed_version", ("due", _due))
        show_rows(rows, columns, as_json, "nothing is open")


@feeds.command("status")
def status(as_json: Json = False) -> None:
    """How old each feed is, and what the last try came to."""
    with server() as api:
        rows = list(api.each("/feeds"))
    columns = ("feed", "part", ("last good", _good), "row_count", "version", ("problem", _problem))
    show_rows(rows, columns, as_json, "no feed yet: they are fetched by `patchring up`, or brought by `feeds import`")


def _good(row: Any) -> str:
    return f"{row['observed_at'][:16].replace('T', ' ')} UTC" if row["observed_at"] else "never"


def _problem(row: Any) -> str:
    return f"{row['problem']} ({row['failure_count']} times)" if row["problem"] else ""


@feeds.command("import")
def import_(
    feed: Annotated[str, typer.Argument(help="kev, epss, osv, msrc, sofa, winget or endoflife.")],
    source: Annotated[Path, typer.Argument(metavar="PATH", help="A file, or a folder of files.", exists=True)],
    part: Annotated[str, typer.Option(help="Of a feed in parts, which: `Debian` of osv.")] = "",
    shrinking: Annotated[bool, typer.Option("--allow-shrinking", help="I looked: it is meant to be smaller.")] = False,
    home: Home = None,
    as_json: Json = False,
) -> None:
    """Bring a feed from a file, where there is no internet. Run it on the server, while it runs.

    Example: patchring feeds import kev known_exploited_vulnerabilities.json
    """
    from patchring.cli.feeds_here import import_feed

    _told(import_feed(home, feed, source, part, shrinking), as_json)


@feeds.command("fetch")
def fetch(home: Home = None, as_json: Json = False) -> None:
    """Ask every source now. Run it on the server, while it runs."""
    from patchring.cli.feeds_here import fetch_feeds

    _told(fetch_feeds(home), as_json)


def _told(came: list[dict[str, Any]], as_json: bool) -> None:
    """What came of each; exit code 1 when one was refused or did not come."""
    if as_json:
        show_json(came)
    else:
        for each in came:
            name = f"{each['feed']} {each['part']}".strip()
            console.print(f"{name}: {each['text']}", markup=False, soft_wrap=True)
    if any(each["problem"] for each in came):
        raise typer.Exit(1)
