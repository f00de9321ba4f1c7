"""What goes wrong on the operator's side of the command line; each is one line that says what to do.

CliError            1  it cannot be done as asked
├── KeysMissing     1  the keys of a tenant are not on this machine
├── NotConfigured   1  no server or token is known
├── ServerAway      3  the server does not answer
└── Refused         4  the server said no; its problem says why

Exit code 2 is for arguments that are not understood, 0 for what was done.
"""

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

    code = 4

    def __init__(self, problem: dict[str, Any]) -> None:
        self.problem = problem
        detail = problem.get("detail")
        text = detail if isinstance(detail, str) else str(problem)
        super().__init__(f"{text} [{self.kind}]")

    @property
    def kind(self) -> str:
        """Stable, for programs."""
        return str(self.problem.get("kind", self.problem.get("status", "?")))

    @property
    def advice(self) -> list[str]:
        """What the problem lists besides its one line: each problem of a text, each reason, each field."""
        lines = [f"line {each['line']}: {each['path']}: {each['text']}" for each in self._listed("problems")]
        lines += [str(each["text"]) for each in self._listed("reasons")]
        lines += [f"{each['place']}: {each['text']}" for each in self._listed("fields")]
        return lines if len(lines) > 1 else []

    def _listed(self, name: str) -> list[dict[str, Any]]:
        found = self.problem.get(name)
        return [each for each in found if isinstance(each, dict)] if isinstance(found, list) else []
