"""`patchring up` and `doctor`: the server on this machine. What they do is in serve_here.py, read only when needed."""

import os
from pathlib import Path
from typing import Annotated

import typer

from patchring.cli.errors import CliError
from patchring.serve.errors import ServeError
from patchring.serve.settings import gather, understand

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
    from patchring.cli.serve_here import serve

    try:
        settings = understand(gather(os.environ, flags))
    except ServeError as error:
        raise CliError(str(error)) from error
    serve(settings)


def doctor(home: Home = None) -> None:
    """Say what is wrong with the server on this machine, and what to do. Exit code 1 when something is."""
    from patchring.cli.serve_here import show_findings

    show_findings(understand(gather(os.environ, {"home": home})))
