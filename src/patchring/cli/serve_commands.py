"""`patchring up`, `doctor`, `config show`: the commands that run or look after a server on this machine."""

import asyncio
import os
import signal
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from patchring.serve.doctor import examine
from patchring.serve.errors import ServeError
from patchring.serve.local import LocalServer
from patchring.serve.postgres import PostgresError
from patchring.serve.settings import Settings, gather, understand
from patchring.store.errors import StoreError

console = Console()
errors = Console(stderr=True)

Home = Annotated[Path | None, typer.Option(help="Where data, secrets and logs live.", envvar="PATCHRING_HOME")]


def register(app: typer.Typer) -> None:
    """Add these commands to `patchring`."""
    app.command("up")(up)
    app.command("doctor")(doctor)


def up(
    home: Home = None,
    people_port: Annotated[int | None, typer.Option(help="Port of pages and API (loopback).")] = None,
    agents_host: Annotated[str | None, typer.Option(help="Address that agents reach; 0.0.0.0 for all.")] = None,
    agents_port: Annotated[int | None, typer.Option(help="Port that agents reach.")] = None,
    agents_url: Annotated[str | None, typer.Option(help="The address that agents are told.")] = None,
) -> None:
    """Run the whole server here: PostgreSQL, signer, worker, web. Ctrl-C stops it.

    Example: patchring up --agents-host 0.0.0.0 --agents-url https://patch.example.net:8441
    """
    flags = {
        "home": home,
        "people_port": people_port,
        "agents_host": agents_host,
        "agents_port": agents_port,
        "agents_url": agents_url,
    }
    try:
        settings = understand(gather(os.environ, flags))
        asyncio.run(_serve(settings))
    except (ServeError, PostgresError, StoreError) as error:
        errors.print(f"[red]patchring up:[/red] {error}")
        raise typer.Exit(1) from error


async def _serve(settings: Settings) -> None:
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    with console.status("starting") as status:
        server = LocalServer(settings, lambda step: status.update(f"starting: {step}"))
        await server.start()
    try:
        console.print(f"Page:   {page_address(settings, server.operator_token)}")
        console.print(f"API:    {settings.people_address}/api/v1")
        console.print(f"Agents: {settings.agents_address}")
        console.print(f"Home:   {settings.home} (logs in {settings.home / 'log'})")
        console.print("All processes run as one user: separated by process, not by account. Ctrl-C stops everything.")
        await stop.wait()
        console.print("stopping")
    finally:
        await server.stop()


def page_address(settings: Settings, token: str) -> str:
    """The live page with the operator's key; the page moves the key into a cookie and out of the address."""
    return f"{settings.people_address}/?key={token}"


def doctor(home: Home = None) -> None:
    """Say what is wrong with the server on this machine, and what to do. Exit code 1 when something is."""
    settings = understand(gather(os.environ, {"home": home}))
    findings = asyncio.run(examine(settings))
    table = Table("", "what", "finding", "what to do")
    for finding in findings:
        mark = {"ok": "[green]ok[/green]", "note": "[yellow]note[/yellow]", "wrong": "[red]wrong[/red]"}[finding.level]
        table.add_row(mark, finding.subject, finding.text, finding.advice)
    console.print(table)
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)
