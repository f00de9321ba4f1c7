"""How commands answer: tables for people, JSON for programs (`--json`), and a question before what has consequences."""

import json
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.markup import escape
from rich.table import Table

from patchring.cli.client import Client, connect
from patchring.cli.errors import CliError

PIPE_WIDTH = 240
console = Console(highlight=False, width=None if sys.stdout.isatty() else PIPE_WIDTH)

Json = Annotated[bool, typer.Option("--json", help="Print JSON instead of text.")]
Yes = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
Why = Annotated[str, typer.Option("--reason", "-r", help="Why; kept in the record.")]
Limit = Annotated[int, typer.Option(min=1, max=500, help="At most so many.")]
Column = str | tuple[str, Callable[[Mapping[str, Any]], object]]


@contextmanager
def server() -> Iterator[Client]:
    """The server that commands talk to, closed afterwards."""
    client = connect()
    try:
        yield client
    finally:
        client.close()


def show_rows(rows: Iterable[Mapping[str, Any]], columns: Sequence[Column], as_json: bool, empty: str) -> None:
    """A table of these columns; a column is a key, or a title with a function of the row."""
    listed = list(rows)
    if as_json:
        show_json(listed)
        return
    if not listed:
        console.print(f"[dim]{escape(empty)}[/dim]")
        return
    table = Table(box=None, pad_edge=False, header_style="bold")
    for column in columns:
        table.add_column(column if isinstance(column, str) else column[0], overflow="fold")
    for row in listed:
        cells = [row.get(c) if isinstance(c, str) else c[1](row) for c in columns]
        table.add_row(*(escape(_text(cell)) for cell in cells))
    console.print(table)


def show_pairs(pairs: Mapping[str, object]) -> None:
    """One thing, a line for each of its facts."""
    width = max(map(len, pairs), default=0)
    for name, value in pairs.items():
        console.print(f"[bold]{escape(name.ljust(width))}[/bold]  {escape(_text(value))}", soft_wrap=True)


def show_json(value: Any) -> None:
    """Two spaces, every character as it is; not coloured, not wrapped, so that programs read it."""
    print(json.dumps(value, ensure_ascii=False, indent=2))


def told(value: Any, as_json: bool, text: str) -> None:
    """What a command did: the server's answer for programs, a sentence for people."""
    if as_json:
        show_json(value)
    else:
        say(text)


def say(text: str) -> None:
    console.print(escape(text), soft_wrap=True)


def minute(instant: str) -> str:
    """An instant as the API says it, to the minute."""
    return f"{instant[:16].replace('T', ' ')} UTC"


def confirm(question: str, yes: bool) -> None:
    """Ask before what has consequences; `--yes` answers. Ends the command when the answer is no."""
    if yes:
        return
    if not sys.stdin.isatty():
        raise CliError(f"{question} Nobody is there to answer: say --yes")
    if not typer.confirm(question):
        raise typer.Abort


def reasons_text(reasons: Sequence[Mapping[str, Any]] | None) -> str:
    return "; ".join(each["text"] for each in reasons or [])


def _text(value: object) -> str:
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, list):
        return ", ".join(map(str, value))
    text = str(value)
    if len(text) > 18 and text[4:5] == "-" and "T" in text[10:11]:
        try:
            return f"{datetime.fromisoformat(text):%Y-%m-%d %H:%M:%S}Z"
        except ValueError:
            return text
    return text
