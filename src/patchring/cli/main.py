"""`patchring`: arguments in, one use case out.

Everything that people can do over HTTP, this does over HTTP; keys and signatures stay on this machine. An error is one
line, with what the server listed below it; exit codes are in `errors.py`.
"""

import sys

import typer
from rich.console import Console
from rich.markup import escape

from patchring.cli import (
    calendar_commands,
    config_commands,
    decision_commands,
    device_commands,
    event_commands,
    feed_commands,
    finding_commands,
    gate_commands,
    keys_commands,
    known_issue_commands,
    patch_commands,
    policy_commands,
    principal_commands,
    proposal_commands,
    replay_command,
    rollout_commands,
    scanner_commands,
    serve_commands,
    simulate_commands,
    stop_commands,
    tenant_commands,
    testing_commands,
)
from patchring.cli.demo import demo
from patchring.cli.errors import CliError, Refused

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
    calendar_commands,
    patch_commands,
    decision_commands,
    proposal_commands,
    finding_commands,
    feed_commands,
    known_issue_commands,
    rollout_commands,
    gate_commands,
    scanner_commands,
    testing_commands,
    simulate_commands,
    replay_command,
    stop_commands,
    event_commands,
    keys_commands,
    principal_commands,
    config_commands,
):
    part.register(app)
app.command("demo")(demo)


def run() -> None:
    """The entry point: an expected error is one line, never a traceback."""
    try:
        app()
    except CliError as error:
        say = Console(stderr=True, highlight=False, soft_wrap=True)
        say.print(f"[red]patchring:[/red] {escape(str(error))}")
        for line in error.advice if isinstance(error, Refused) else []:
            say.print(escape(f"  {line}"))
        sys.exit(error.code)


if __name__ == "__main__":
    run()
