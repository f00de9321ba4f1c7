"""`./dev lab --prove`: every step in order, a table, and nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from rich.console import Console

from lab.errors import LabError
from lab.lab import Lab
from lab.prove import good, ground
from lab.prove.scene import Scene
from lab.prove.table import Done, show

PREFIX = "prproof"
"""The proof's own lab, so that nobody's devices are touched."""


WIDTH = 140
"""Of the table where nobody looks at it in a terminal."""


@dataclass(frozen=True)
class Step:
    """`do` returns what was seen, in a few words; it raises LabError when it was not as promised."""

    title: str
    do: Callable[[Scene], str]


STEPS = (
    Step("Devices up", ground.devices_up),
    Step("Server and tenants", ground.server_up),
    Step("Agents enrolled", ground.enrolled),
    Step("Good update in every ring", good.good_update),
)


def prove(prefix: str = PREFIX, keep: bool = False, console: Console | None = None) -> int:
    """The exit code: 0 when every step did what it should. `keep`: lab and server stay for a look.

    Raises LabError when there can be no lab on this machine.
    """
    shown = console or Console(soft_wrap=True, highlight=False)
    if not shown.is_terminal:
        shown.width = WIDTH
    lab = Lab(prefix, say=lambda line: shown.print(f"[dim]  {line}[/dim]"))
    lab.down()  # what a proof that was killed left behind
    done: list[Done] = []
    try:
        scene = Scene(lab)
        for step in STEPS:
            shown.print(f"[bold]{step.title}[/bold]")
            done.append(carry_out(step, scene))
            if done[-1].failed:
                break
    finally:
        if not keep:
            lab.down()
    show(shown, done, len(STEPS) - len(done))
    return 1 if any(step.failed for step in done) or len(done) < len(STEPS) else 0


def carry_out(step: Step, scene: Scene) -> Done:
    began = time.monotonic()
    try:
        result = step.do(scene)
    except LabError as failure:
        return Done(step.title, time.monotonic() - began, failed=str(failure) or type(failure).__name__)
    return Done(step.title, time.monotonic() - began, result)
