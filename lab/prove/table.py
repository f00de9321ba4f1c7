"""What the proof prints: a line when a step begins and ends, and the table at the end."""

from __future__ import annotations

from dataclasses import dataclass

from rich.console import Console
from rich.table import Table


@dataclass(frozen=True)
class Done:
    """One step. `failed` has what went wrong; `result` what came of it. Seconds of wall time."""

    title: str
    seconds: float
    result: str = ""
    failed: str = ""


def show(console: Console, done: list[Done], left: int) -> None:
    """The table of steps, and the whole sentence of what failed under it."""
    table = Table("step", "", "seconds", "seen", box=None, pad_edge=False, header_style="bold")
    for number, step in enumerate(done, 1):
        mark = "[red]failed[/red]" if step.failed else "[green]passed[/green]"
        seen = step.failed.splitlines()[0] if step.failed else step.result
        table.add_row(f"{number}. {step.title}", mark, f"{step.seconds:.1f}", seen)
    table.add_row("", "", f"{sum(step.seconds for step in done):.1f}", f"{left} steps were not reached" if left else "")
    console.print()
    console.print(table)
    for step in done:
        if step.failed:
            console.print(f"\nfailed: {step.title}\n{step.failed}", markup=False, highlight=False, soft_wrap=True)
