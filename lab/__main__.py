"""`./dev lab`: the lab's commands."""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from lab.errors import LabError
from lab.lab import Lab
from lab.prove.run import PREFIX, prove
from lab.repository import LABELS

NAMES = ("north-1", "north-2", "north-3", "east-1", "east-2", "east-3", "south-1", "south-2")
"""The devices that `./dev lab` makes when it is told no names: three tenants, eight devices."""


def parser() -> argparse.ArgumentParser:
    root = argparse.ArgumentParser(prog="./dev lab", description="Real Debian devices on this machine. Needs root.")
    root.set_defaults(do=up, names=NAMES)
    root.add_argument("--prefix", help="of everything that is made; two labs need two (prlab; of a proof prproof)")
    root.add_argument("--prove", action="store_true", help="the whole proof, on a lab of its own that is removed after")
    root.add_argument("--keep", action="store_true", help="with --prove: leave lab and server for a look")
    commands = root.add_subparsers(title="commands", metavar="COMMAND")
    make = commands.add_parser("up", help="make what is missing and boot what is off (also without a command)")
    make.add_argument("names", nargs="*", default=NAMES, help=f"of the devices ({' '.join(NAMES)})")
    make.set_defaults(do=up)
    remove = commands.add_parser("down", help="remove everything but the cached base image")
    remove.add_argument("--cache", action="store_true", help="remove the cache too, which all labs share")
    remove.set_defaults(do=down)
    commands.add_parser("status", help="what there is").set_defaults(do=status)
    execute = commands.add_parser("exec", help="run a command on a device, as root")
    execute.add_argument("name")
    execute.add_argument("command", nargs="+", metavar="-- COMMAND", help="and its arguments")
    execute.set_defaults(do=run_inside)
    cut = commands.add_parser("power-cut", help="take a device's power away; ./dev lab gives it back")
    cut.add_argument("name")
    cut.set_defaults(do=power_cut)
    return root


def up(lab: Lab, arguments: argparse.Namespace) -> int:
    seconds = lab.up(arguments.names)
    _print_devices(lab, {name: "was on" if s is None else f"{s:.1f} s" for name, s in seconds.items()})
    return 0


def down(lab: Lab, arguments: argparse.Namespace) -> int:
    print(f"removed: {lab.down(cache=arguments.cache)} things")
    return 0


def status(lab: Lab, _: argparse.Namespace) -> int:
    if not lab.ledger.entries():
        print("there is no lab; ./dev lab makes one")
        return 0
    _print_devices(lab, {})
    for suite in LABELS:
        offered = " ".join(f"{name}={version}" for name, version in lab.repository.offered(suite).items())
        print(f"{lab.repository.url} {suite}: {offered or 'nothing'}")
    print(f"state file: {lab.ledger.path}")
    return 0


def run_inside(lab: Lab, arguments: argparse.Namespace) -> int:
    """Becomes the command, so that its terminal and its exit code are the caller's."""
    command = lab.device(arguments.name).command([f"TERM={os.environ.get('TERM', 'dumb')}", *arguments.command])
    os.execvp(command[0], command)  # noqa: S606 - there is no shell on the way, which is what we want


def power_cut(lab: Lab, arguments: argparse.Namespace) -> int:
    lab.device(arguments.name).power_cut()
    print(f"{arguments.name} is off; ./dev lab powers it on")
    return 0


def _print_devices(lab: Lab, boots: dict[str, str]) -> None:
    table = Table("device", "address", "state", *(["boot"] if boots else []), box=None)
    for device in lab.devices:
        table.add_row(
            device.name, device.address, device.system_state(), *([boots.get(device.name, "")] if boots else [])
        )
    Console(soft_wrap=True).print(table)


def main(words: Sequence[str]) -> int:
    arguments = parser().parse_args(words)
    try:
        if arguments.prove:
            return prove(arguments.prefix or PREFIX, arguments.keep)
        lab = Lab(arguments.prefix or "prlab", say=lambda line: print(f"lab: {line}", file=sys.stderr, flush=True))
        return int(arguments.do(lab, arguments))
    except LabError as problem:
        print(f"lab: {problem}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print("lab: interrupted", file=sys.stderr)
        return 130


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
