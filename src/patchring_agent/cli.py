"""The command `patchring-agent`. Exit codes: 0 done, 1 refused or failed, 2 wrong usage, 75 try again later."""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from patchring_agent import VERSION, config
from patchring_agent.config import Settings
from patchring_agent.errors import AgentError, ConfigurationProblem, ServerAway
from patchring_agent.store import StateFolder

DONE, FAILED, USAGE, AGAIN = 0, 1, 2, 75

EXAMPLES = """examples:
  patchring-agent enrol --server https://patchring.example.org:8443 --token-file /root/token
  patchring-agent run                  check in, for ever (what the service does)
  patchring-agent run --once           check in, do what there is to do, stop
  patchring-agent run --observe        look and report; never ask for a permit, never act
  patchring-agent scan                 print what this device would report; needs no server
  patchring-agent status
  patchring-agent journal              reports that the server has not accepted
  patchring-agent journal --drop ID    give one of them up (asks first)
"""


def main(arguments: Sequence[str]) -> int:
    options = _parser().parse_args(arguments)
    try:
        settings = _settings(options)
        return int(options.command(settings, options))
    except ServerAway as error:
        print(f"patchring-agent: {error}; try again later", file=sys.stderr)
        return AGAIN
    except AgentError as error:
        print(f"patchring-agent: {error}", file=sys.stderr)
        return FAILED
    except KeyboardInterrupt:
        return FAILED
    except BrokenPipeError:
        return DONE


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="patchring-agent",
        description="Patchring's agent: reports what this device lacks, and acts on signed permits alone.",
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--config", type=Path, default=config.FILE, help=f"settings (default: {config.FILE})")
    parser.add_argument("--state", type=Path, help="state folder (default: /var/lib/patchring-agent)")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _enrol_parser(commands)
    _run_parser(commands)
    for name, function, text in (
        ("scan", _scan, "print what this device would report, as JSON"),
        ("status", _status, "what this agent knows and is doing"),
        ("version", _version, "the agent's version"),
    ):
        commands.add_parser(name, help=text, description=text).set_defaults(command=function)
    journal = commands.add_parser("journal", help="reports that the server has not accepted")
    journal.add_argument("--drop", metavar="ID", help="give this report up; it will never be sent")
    journal.add_argument("--yes", action="store_true", help="do not ask before dropping")
    journal.set_defaults(command=_journal)
    return parser


def _enrol_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    enrol = commands.add_parser("enrol", help="join a tenant with a token")
    enrol.add_argument("--server", required=True, metavar="URL", help="https://HOST[:PORT]")
    token = enrol.add_mutually_exclusive_group(required=True)
    token.add_argument("--token", help="the token; visible to other users of this machine while the command runs")
    token.add_argument("--token-file", type=Path, help="a file with the token; - reads standard input")
    enrol.add_argument("--allow-http", action="store_true", help="speak plain http beyond loopback (test networks)")
    enrol.add_argument("--replace", action="store_true", help="leave the tenant this device is enrolled in")
    enrol.add_argument("--no-start", action="store_true", help="do not start the service")
    enrol.set_defaults(command=_enrol)


def _run_parser(commands: argparse._SubParsersAction[argparse.ArgumentParser]) -> None:
    run = commands.add_parser("run", help="check in and do what is permitted")
    run.add_argument("--once", action="store_true", help="stop when there is nothing left to do but wait")
    run.add_argument("--observe", action="store_true", help="never ask for a permit, never act")
    run.add_argument("--allow-http", action="store_true", help="speak plain http beyond loopback (test networks)")
    run.set_defaults(command=_run)


def _settings(options: argparse.Namespace) -> Settings:
    settings = config.read(options.config)
    if options.state is not None:
        settings = replace(settings, state_folder=options.state)
    return replace(
        settings,
        observe=settings.observe or getattr(options, "observe", False),
        allow_http=settings.allow_http or getattr(options, "allow_http", False),
    )


def _enrol(settings: Settings, options: argparse.Namespace) -> int:
    from patchring_agent.enrolling import enrol

    folder = StateFolder(settings.state_folder)
    found = enrol(folder, options.server, _token(options), settings.allow_http, options.replace)
    print(f"enrolled: device {found.device_id} of tenant {found.tenant_id} at {found.server}")
    if not options.no_start:
        _start_service()
    return DONE


def _start_service() -> None:
    """The packaged service waits for the enrolment; where it is not installed there is nothing to start."""
    from patchring_agent.commands import run, systemd_is_there

    if systemd_is_there() and Path("/usr/lib/systemd/system/patchring-agent.service").exists():
        run(["systemctl", "restart", "--no-block", "patchring-agent.service"])
        print("the service patchring-agent is starting")


def _token(options: argparse.Namespace) -> str:
    if options.token is not None:
        return str(options.token)
    try:
        return sys.stdin.read() if str(options.token_file) == "-" else options.token_file.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationProblem(f"the token cannot be read: {error}") from error


def _run(settings: Settings, options: argparse.Namespace) -> int:
    from patchring_agent.client import Client
    from patchring_agent.driver import Driver
    from patchring_agent.errors import StateDamaged
    from patchring_agent.log import say
    from patchring_agent.loop.state import State
    from patchring_agent.providers import catalogue
    from patchring_agent.server import Server

    folder = StateFolder(settings.state_folder)
    enrolment = folder.enrolled()
    folder.lock()
    kept = folder.kept()
    if kept is None:
        raise StateDamaged(f"{folder.path}/state.json is gone; enrol this device anew")
    client = Client(enrolment.server, enrolment.server_fingerprint, settings.allow_http)
    driver = Driver(folder, Server(client, folder, enrolment, folder.key()), catalogue.present())
    say(f"version {VERSION}, device {enrolment.device_id}, server {enrolment.server}")
    state = driver.run(State(kept, settings.observe, settings.refresh_interval_s), options.once)
    return AGAIN if state.failure_count else DONE


def _scan(settings: Settings, options: argparse.Namespace) -> int:
    from patchring.wire.codec import encode
    from patchring_agent.look import look

    print(json.dumps(encode(look()), indent=1, ensure_ascii=False))
    return DONE


def _status(settings: Settings, options: argparse.Namespace) -> int:
    from patchring_agent.status import lines

    print("\n".join(lines(StateFolder(settings.state_folder))))
    return DONE


def _version(settings: Settings, options: argparse.Namespace) -> int:
    print(f"patchring-agent {VERSION}")
    return DONE


def _journal(settings: Settings, options: argparse.Namespace) -> int:
    from patchring_agent import status

    folder = StateFolder(settings.state_folder)
    if options.drop is None:
        print("\n".join(status.journal_lines(folder)))
        return DONE
    if not options.yes and not _confirmed(f"Drop report {options.drop}? The server will never see it. [y/N] "):
        print("kept")
        return FAILED
    status.drop(folder, options.drop)
    print(f"dropped {options.drop}")
    return DONE


def _confirmed(question: str) -> bool:
    """Only a plain y is a yes; nobody there to answer is a no."""
    try:
        return input(question).strip().lower() == "y"
    except EOFError:
        return False
