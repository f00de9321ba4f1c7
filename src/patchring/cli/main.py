"""`patchring`: arguments in, one use case out.

Everything that people can do over HTTP, this does over HTTP; keys and signatures stay on this machine. Errors are one
line; exit codes: 0 done, 1 cannot, 2 refused by the server, 3 the server does not answer.
"""

import sys

import typer
from rich.console import Console

from patchring.cli import (
    device_commands,
    event_commands,
    patch_commands,
    policy_commands,
    rollout_commands,
    serve_commands,
    tenant_commands,
)
from patchring.cli.demo import demo
from patchring.cli.errors import CliError

app = typer.Typer(
    name="patchring",
    help="Patch management that opens the next ring on verified results. Start with: patchring demo",
    no_args_is_help=True,
    rich_markup_mode="rich",
    pretty_exceptions_enable=False,
)

for part in (
    serve_commands,
    tenant_commands,
    device_commands,
    policy_commands,
    patch_commands,
    rollout_commands,
    event_commands,
):
    part.register(app)
app.command("demo")(demo)


def run() -> None:
    """The entry point: an expected error is one line, never a traceback."""
    try:
        app()
    except CliError as error:
        Console(stderr=True, highlight=False).print(f"[red]patchring:[/red] {error}", markup=True)
        sys.exit(error.code)


if __name__ == "__main__":
    run()
