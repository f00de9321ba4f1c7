"""What is wrong with a policy text: every problem at once, each with its line, what was expected, what came."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum


class Severity(StrEnum):
    """An error refuses the text; a warning is told, and the text can be used."""

    ERROR = "error"
    WARNING = "warning"


@dataclass(frozen=True)
class Problem:
    """`line` is 1 for the first of the file; 0 where no line can be named. `path` is like `rings[0].soak.time`.
    `source` is the file; empty: the one that was asked about."""

    line: int
    path: str
    text: str
    severity: Severity = Severity.ERROR
    source: str = ""

    def told(self, source: str = "policy") -> str:
        """As compilers write it, so that editors jump there."""
        warned = "warning: " if self.severity is Severity.WARNING else ""
        where = f"{self.path}: " if self.path else ""
        at = f"{self.source or source}:{self.line}" if self.line else self.source or source
        return f"{at}: {warned}{where}{self.text}"


class PolicyInvalid(Exception):
    """The text is no valid policy."""

    kind = "policy_invalid"

    def __init__(self, source: str, problems: Sequence[Problem]) -> None:
        self.source = source
        self.problems = in_order(problems)
        super().__init__("\n".join(problem.told(source) for problem in self.problems))


def in_order(problems: Sequence[Problem]) -> tuple[Problem, ...]:
    """By file, line and path, each once."""
    return tuple(sorted(dict.fromkeys(problems), key=lambda each: (each.source, each.line, each.path)))


def got(value: object) -> str:
    """What came, as a message quotes it: 60 characters at most."""
    said = "nothing" if value is None else repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."
