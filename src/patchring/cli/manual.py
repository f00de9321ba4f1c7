"""The commands in docs/cli.md, made from the program: `python -m patchring.cli.manual --write`. A test compares."""

import re
import sys
from collections.abc import Iterator
from enum import Enum
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import typer
from typer.core import TyperArgument, TyperCommand, TyperGroup, TyperOption

from patchring.cli.main import app

MANUAL = Path(__file__).parents[3] / "docs" / "cli.md"
_BLOCK = re.compile(r"(?<=<!-- commands -->\n).*(?=<!-- end -->)", re.DOTALL)


def renewed(text: str) -> str:
    """The page with every command as it is now."""
    root = typer.main.get_command(app)
    assert isinstance(root, TyperGroup), "the program is a group of commands"
    sections = "".join(_section(names, command) for names, command in commands(root))
    return _BLOCK.sub(lambda _: sections, text)


Named = tuple[tuple[str, ...], TyperCommand]


def commands(group: TyperGroup, names: tuple[str, ...] = ("patchring",)) -> Iterator[Named]:
    """Every command with its full name, groups after the commands beside them."""
    inner = sorted(group.commands.items(), key=lambda item: (isinstance(item[1], TyperGroup), item[0]))
    for name, command in inner:
        if isinstance(command, TyperGroup):
            yield from commands(command, (*names, name))
        else:
            assert isinstance(command, TyperCommand), f"{name} is a command of a kind that is not described"
            yield (*names, name), command


def _section(names: tuple[str, ...], command: TyperCommand) -> str:
    arguments = [parameter for parameter in command.params if isinstance(parameter, TyperArgument)]
    options = [parameter for parameter in command.params if isinstance(parameter, TyperOption)]
    shown = [_argument(argument) for argument in arguments]
    usage = " ".join([*names, *shown, *(["[OPTIONS]"] if options else [])])
    rows = [f"| `{_argument(each)}` | {_said(each)} |" for each in arguments]
    rows += [f"| `{_option(each)}` | {_said(each)} |" for each in options]
    table = "\n".join(["| | |", "|---|---|", *rows]) + "\n" if rows else ""
    return f"\n### {' '.join(names[1:])}\n\n```\n{usage}\n```\n\n{_help(command)}\n{table and chr(10) + table}"


def _argument(argument: TyperArgument) -> str:
    name = (argument.metavar or argument.name or "").upper()
    return name if argument.required else f"[{name}]"


def _option(option: TyperOption) -> str:
    flags = ", ".join([*option.opts, *option.secondary_opts])
    return flags if option.is_flag else f"{flags} {option.metavar or str(option.name).rstrip('_').upper()}"


def _said(parameter: TyperArgument | TyperOption) -> str:
    """Its words, the values that it takes where they are certain ones, and whether it has to be there."""
    needed = " Required." if parameter.required and isinstance(parameter, TyperOption) else ""
    choices = [*_choices(parameter.type_descriptor.annotation)]
    values = f" One of {', '.join(f'`{each}`' for each in choices)}." if choices else ""
    return f"{parameter.help or ''}{values}{needed}"


def _choices(kind: Any) -> Iterator[str]:
    """The words of an enumeration or a literal, also in a list or where it may be absent."""
    if isinstance(kind, type) and issubclass(kind, Enum):
        yield from (str(member.value) for member in kind)
    elif get_origin(kind) is Literal:
        yield from map(str, get_args(kind))
    else:
        yield from (word for inner in get_args(kind) for word in _choices(inner))


def _help(command: TyperCommand) -> str:
    """Its words, with the example as code."""
    text = "\n".join(line.strip() for line in (command.help or "").strip().splitlines())
    words, found, example = text.partition("Example:")
    return f"{words.strip()}\n\n    {example.strip()}" if found else words.strip()


if __name__ == "__main__":
    before = MANUAL.read_text(encoding="utf-8")
    if "--write" in sys.argv:
        MANUAL.write_text(renewed(before), encoding="utf-8")
    elif renewed(before) != before:
        sys.exit("docs/cli.md is not what the program does; renew it with --write")
