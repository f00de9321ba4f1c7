"""What a compiled text says beside what it can be written as."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from patchring.policyfile.errors import Problem
from patchring.policyfile.pages import Keys

Extra = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Flat:
    """One flat text of all layers. `extras` are the conditions (field, value) that site and group add, by
    (table, row's number); `bases` names of rows before they were renamed, the same way. `scoped` are the numbers of
    the approvals that were written with segments; None: the text was not compiled, its rows say it themselves. `notes`
    are warnings of compiling."""

    root: Keys
    layers: tuple[str, ...]
    extras: Mapping[tuple[str, int], Extra] = field(default_factory=dict)
    bases: Mapping[tuple[str, int], str] = field(default_factory=dict)
    scoped: frozenset[int] | None = None
    notes: tuple[Problem, ...] = ()
