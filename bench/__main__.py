"""`python -m bench [NAME ...]`: runs the benchmarks, prints each figure beside its limit, and exits with 1 on a miss.

A benchmark is a module of this folder with `run() -> list[Figure]`; its name is the file's.
"""

import importlib
import pkgutil
import sys
import time
from collections.abc import Callable, Sequence
from typing import cast

from rich.console import Console
from rich.table import Table

import bench
from bench.figures import Figure

Run = Callable[[], list[Figure]]


def module_names() -> list[str]:
    return [module.name for module in pkgutil.iter_modules(bench.__path__) if not module.name.startswith("_")]


def benchmarks(names: Sequence[str]) -> dict[str, Run]:
    """Those of the modules that have a `run`; the others help them."""
    found: dict[str, Run] = {}
    for name in names:
        run = getattr(importlib.import_module(f"bench.{name}"), "run", None)
        if run is not None:
            found[name] = cast(Run, run)
    return found


def table_of(name: str, figures: Sequence[Figure], seconds: float) -> Table:
    table = Table(title=f"{name} ({seconds:.0f} s)", title_justify="left")
    for column, justify in (("figure", "left"), ("value", "right"), ("unit", "left"), ("limit", "left"), ("", "left")):
        table.add_column(column, justify="right" if justify == "right" else "left")
    for figure in figures:
        verdict = {True: "[green]ok[/green]", False: "[red]MISS[/red]", None: ""}[figure.ok]
        table.add_row(
            figure.name,
            f"{figure.value:,.4g}" if figure.value < 1000 else f"{figure.value:,.0f}",
            figure.unit,
            figure.limit,
            verdict,
        )
    return table


def main(names: Sequence[str]) -> int:
    console = Console(width=None if sys.stdout.isatty() else 120)
    unknown = sorted(set(names) - set(module_names()))
    if unknown:
        console.print(f"No such benchmark: {', '.join(unknown)}. There are: {', '.join(benchmarks(module_names()))}.")
        return 2
    missed: list[str] = []
    for name, run in benchmarks(names or module_names()).items():
        began = time.monotonic()
        figures = run()
        console.print(table_of(name, figures, time.monotonic() - began))
        missed += [f"{name}: {figure.name}" for figure in figures if figure.ok is False]
    for miss in missed:
        console.print(f"[red]missed[/red] {miss}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
