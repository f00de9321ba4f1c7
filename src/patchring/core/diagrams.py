"""Draws docs/states.md from the tables: `python -m patchring.core.diagrams > docs/states.md`. A test compares them."""

from collections.abc import Iterator, Sequence
from enum import StrEnum

from patchring.core.rollout import states

Edge = tuple[StrEnum, StrEnum, StrEnum]


def page() -> str:
    """The whole page as Markdown with one Mermaid diagram for each machine."""
    assert states.__doc__ is not None
    return "\n".join(["# State machines", "", _INTRODUCTION, "", states.__doc__.strip(), *_sections()]) + "\n"


_INTRODUCTION = (
    "Drawn from the tables in `src/patchring/core/rollout/states.py`; do not edit. That file begins with these rules."
)


def _sections() -> Iterator[str]:
    for name, edges in states.MACHINES.items():
        yield from ("", f"## {name}", "", "```mermaid", *diagram(edges), "```")


def diagram(edges: Sequence[Edge]) -> list[str]:
    """The lines of a Mermaid state diagram. The first state of the first edge is where a machine begins; a state that
    nothing leaves is an end. Events between the same two states share an arrow."""
    arrows: dict[tuple[str, str], list[str]] = {}
    for before, event, after in edges:
        arrows.setdefault((before, after), []).append(event)
    left = {before for before, _, _ in edges}
    ends = dict.fromkeys(after for _, _, after in edges if after not in left)
    return [
        "stateDiagram-v2",
        f"    [*] --> {edges[0][0]}",
        *(f"    {before} --> {after}: {', '.join(events)}" for (before, after), events in arrows.items()),
        *(f"    {end} --> [*]" for end in ends),
    ]


if __name__ == "__main__":
    print(page(), end="")
