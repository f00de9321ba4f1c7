"""A bar for long work at a terminal; nothing where a program reads."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn

from patchring.cli.output import console


@contextmanager
def trials_bar() -> Iterator[Callable[[int, int], None]]:
    """Gives a function that takes how many are done, and of how many."""
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
    with Progress(*columns, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("trials")
        yield lambda done, total: progress.update(task, completed=done, total=total)
