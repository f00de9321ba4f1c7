"""Conditions, and where a row stands."""

from collections.abc import Mapping

from patchring.core.policy.condition import Condition, Source
from patchring.policyfile.compiling.flat import Extra, Flat


def conditions(when: Mapping[str, list[str]], extra: Extra = ()) -> tuple[Condition, ...]:
    """Those of the text, then those that a site or a group adds."""
    added = tuple(Condition(field, (value,)) for field, value in extra)
    return (*(Condition(field, tuple(values)) for field, values in when.items()), *added)


def place_of(flat: Flat, table: str, number: int) -> Source:
    """Layer and line of a row; the nearest layer that changed it."""
    mark = flat.root[table].marks[number]
    return Source(mark.page.layer, mark.line)
