"""What goes wrong on the operator's side of the command line; each is one line that says what to do."""

from pathlib import Path
from typing import Any


class CliError(Exception):
    """`code` is the exit code of the command."""

    code = 1


class KeysMissing(CliError):
    """The keys of a tenant are not on this machine."""

    def __init__(self, slug: str, place: Path) -> None:
        super().__init__(
            f"the keys of {slug} are not in {place}; bring them from the machine that made the tenant, "
            "or name their folder in PATCHRING_KEYS"
        )


class NotConfigured(CliError):
    """No server or token is known."""


class ServerAway(CliError):
    """The server does not answer."""

    code = 3


class Refused(CliError):
    """The server said no; `problem` is its answer (RFC 9457)."""

    code = 2

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        detail = problem.get("detail")
        text = detail if isinstance(detail, str) else str(problem)
        super().__init__(f"{text} [{problem.get('kind', problem.get('status', '?'))}]")
