"""What is wrong with a policy text: every problem at once, each with its line, what was expected, what came."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Problem:
    """`line` is 1 for the first; 0 where no line can be named. `path` is like `rings[0].soak.time`."""

    line: int
    path: str
    text: str


class PolicyInvalid(Exception):
    """The text is no valid policy."""

    kind = "policy_invalid"

    def __init__(self, source: str, problems: list[Problem]) -> None:
        self.source = source
        self.problems = tuple(sorted(problems, key=lambda each: (each.line, each.path)))
        super().__init__("\n".join(_line(source, problem) for problem in self.problems))


def got(value: object) -> str:
    """What came, as a message quotes it: 60 characters at most."""
    said = "nothing" if value is None else repr(value)
    return said if len(said) <= 60 else f"{said[:57]}..."


def _line(source: str, problem: Problem) -> str:
    """As compilers write it, so that editors jump there."""
    where = f"{problem.path}: " if problem.path else ""
    return f"{source}:{problem.line}: {where}{problem.text}"
