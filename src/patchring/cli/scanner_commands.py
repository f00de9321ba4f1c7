"""`patchring scanners`: what vulnerability scanners say, beside what devices say."""

from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from patchring.cli.client import path
from patchring.cli.errors import CliError
from patchring.cli.output import Json, console, server, show_json, show_rows
from patchring.cli.tenant_commands import Tenant
from patchring.feeds.errors import FeedRefused
from patchring.feeds.scanners.formats import PARSERS, Format
from patchring.feeds.scanners.model import Host

scanners = typer.Typer(help="What vulnerability scanners say, beside what devices say.", no_args_is_help=True)
FOUND_AT_ONCE, HOSTS_AT_ONCE = 1_500, 500
UNMATCHED_SHOWN = 20


def register(app: typer.Typer) -> None:
    app.add_typer(scanners, name="scanners")


@scanners.command("import")
def import_report(
    tenant: Tenant,
    file: Annotated[Path, typer.Argument(exists=True, dir_okay=False, readable=True, help="The report.")],
    format_: Annotated[Format, typer.Option("--format", help="What the file is.")],
    scanner: Annotated[str, typer.Option(help="A name of its own, where one tenant has several.")] = "",
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Only say what would change.")] = False,
    as_json: Json = False,
) -> None:
    """Take a report. It speaks of the hosts in it: what it does not say of them any more is over there.

    Example: patchring scanners import northwind weekly.nessus --format nessus --dry-run
    """
    hosts = _read(file, format_)
    total, unmatched = Counter[str](), list[str]()
    with server() as api:
        for some in _in_parts(hosts):
            body = {"scanner": scanner or format_.value, "hosts": [_body(host) for host in some], "dry_run": dry_run}
            row = api.post(path("tenants", tenant, "scanner-reports"), body)
            unmatched += row["unmatched"]
            total.update({name: row[name] for name in ("hosts", "older", "added", "ended", "unchanged")})
    if as_json:
        show_json({**total, "unmatched": unmatched, "dry_run": dry_run})
        return
    would = "would be " if dry_run else ""
    counts = f"{total['added']} {would}added, {total['ended']} {would}ended, {total['unchanged']} as before"
    console.print(f"{total['hosts']} hosts: {counts}; {total['older']} hosts are known newer", markup=False)
    if unmatched:
        more = f" and {len(unmatched) - UNMATCHED_SHOWN} more" if len(unmatched) > UNMATCHED_SHOWN else ""
        console.print(f"no device here: {', '.join(unmatched[:UNMATCHED_SHOWN])}{more}", markup=False)


@scanners.command("hosts")
def list_hosts(
    tenant: Tenant,
    unmatched: Annotated[bool, typer.Option("--unmatched", help="Only those that are no device here.")] = False,
    as_json: Json = False,
) -> None:
    """Hosts that scanners looked at.

    Example: patchring scanners hosts northwind --unmatched
    """
    columns = ("scanner", "host", "device_name", "open_count", "looked_at", "imported_by")
    with server() as api:
        rows = api.each(path("tenants", tenant, "scanner-hosts"), unmatched=unmatched)
        show_rows(rows, columns, as_json, "no report was taken: `patchring scanners import` does it")


@scanners.command("disagreements")
def list_disagreements(tenant: Tenant, as_json: Json = False) -> None:
    """Where a scanner and Patchring do not say the same of a device. Nothing is resolved by itself.

    Example: patchring scanners disagreements northwind
    """
    with server() as api:
        rows = api.each(path("tenants", tenant, "scanner-disagreements"))
        show_rows(rows, ("device_name", "cve", "scanner", "text"), as_json, "nothing: both say the same")


def _read(file: Path, format_: Format) -> Sequence[Host]:
    try:
        return PARSERS[format_](file.read_bytes())
    except OSError as error:
        raise CliError(f"{file} cannot be read: {error}") from error
    except FeedRefused as refused:
        raise CliError(f"{file}: {refused}") from refused


def _in_parts(hosts: Sequence[Host]) -> Iterator[list[Host]]:
    """Whole hosts, as many as one request takes."""
    part: list[Host] = []
    found = 0
    for host in hosts:
        if part and (len(part) >= HOSTS_AT_ONCE or found + len(host.found) > FOUND_AT_ONCE):
            yield part
            part, found = [], 0
        part.append(host)
        found += len(host.found)
    if part:
        yield part


def _body(host: Host) -> dict[str, Any]:
    found = [
        {"cve": each.cve, "check": each.check, "severity": each.severity, "title": each.title, "port": each.port}
        for each in host.found
    ]
    seen_at = host.seen_at.isoformat() if host.seen_at else None
    return {"names": list(host.names[:10]), "seen_at": seen_at, "found": found}
