"""A condition of a rule, and where a value of a policy was written."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Condition:
    """One field of the registry (see match.py) and the values of which it has to have one; `*` and `?` are wild."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Source:
    """The layer and the line of its text that set a value: `baseline`, `tenant`, `site NAME`, `group NAME`."""

    layer: str
    line: int
