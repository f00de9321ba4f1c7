"""The whole server in this process's terminal, and what `doctor` finds; read only by the commands that need it."""

import asyncio
import signal

import typer
from rich.console import Console
from rich.table import Table

from patchring.serve.doctor import examine
from patchring.serve.errors import ServeError
from patchring.serve.local import LocalServer
from patchring.serve.postgres import PostgresError
from patchring.serve.settings import Settings
from patchring.store.errors import StoreError

console = Console()
errors = Console(stderr=True)


def serve(settings: Settings) -> None:
    """Until Ctrl-C. Exit code 1 with one line when it cannot start."""
    try:
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


def show_findings(settings: Settings) -> None:
    """What is wrong and what to do, as a table. Exit code 1 when something is."""
    findings = asyncio.run(examine(settings))
    table = Table("", "what", "finding", "what to do")
    for finding in findings:
        mark = {"ok": "[green]ok[/green]", "note": "[yellow]note[/yellow]", "wrong": "[red]wrong[/red]"}[finding.level]
        table.add_row(mark, finding.subject, finding.text, finding.advice)
    console.print(table)
    if any(finding.level == "wrong" for finding in findings):
        raise typer.Exit(1)
