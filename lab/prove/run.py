"""`./dev lab --prove`: every step in order, a table, and nothing left behind."""

from __future__ import annotations

import time
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass

from rich.console import Console

from lab import host
from lab.errors import LabBusy, LabError
from lab.lab import Lab
from lab.place import locked
from lab.prove import bad, ending, good, ground, together
from lab.prove.interrupted import Interrupted
from lab.prove.reboot import Reboots
from lab.prove.scene import Scene
from lab.prove.security import SecurityUpdate
from lab.prove.table import Done, show
from patchring.cli.errors import CliError

PREFIX = "prproof"
"""The proof's own lab, so that nobody's devices are touched."""


WIDTH = 140
"""Of the table where nobody looks at it in a terminal."""


@dataclass(frozen=True)
class Step:
    """`do` returns what was seen, in a few words; it raises LabError when it was not as promised."""

    title: str
    do: Callable[[Scene], str]


def steps(keep: bool) -> list[Step]:
    """In their order. Some share what was read before. While the agent still waits for the failing service, and while
    outer rings go on, the devices of ring 0 are tried in other ways."""
    reboots, security, interrupted = Reboots(), SecurityUpdate(), Interrupted()
    listed = [
        Step("Devices up", ground.devices_up),
        Step("Server and tenants", ground.server_up),
        Step("Agents enrolled", ground.enrolled),
        Step("Good update in every ring", good.good_update),
        Step("Failing update in ring 2", bad.reaches_ring_2),
        Step("Conflict refused", together.conflict_refused),
        Step("Dependency approved together", together.approved_together),
        Step("Failing update halted", bad.halted_and_back),
        Step("Nothing after the halt", bad.after_halt),
        Step("Taken back, held, explained", bad.taken_back),
        Step("Security update approved", security.approve),
        Step("Reboot in ring 0", reboots.begin),
        Step("Power cut in the middle of dpkg", interrupted.power_cut),
        Step("Agent killed in the middle of dpkg", interrupted.agent_killed),
        Step("Reboot in every ring", reboots.everywhere),
        Step("Security update in every ring", security.verified),
        Step("Records verify", ending.records_hold),
        Step("No errors", ending.no_errors),
    ]
    return listed if keep else [*listed, Step("Nothing left behind", ending.nothing_left)]


def prove(prefix: str = PREFIX, keep: bool = False, console: Console | None = None) -> int:
    """The exit code: 0 when every step did what it should. `keep`: lab and server stay for a look.

    Raises HostNotReady when there can be no lab on this machine, and LabBusy when another proof has this one: a proof
    that was not made is a failure.
    """
    host.prepare()
    try:
        with locked(f"{prefix}-proof", wait=False):
            return _prove(Lab(prefix), keep, console)
    except BlockingIOError as held:
        raise LabBusy(f"another proof is being made with the lab {prefix}: wait for its end") from held


def _prove(lab: Lab, keep: bool, console: Console | None) -> int:
    shown = console or Console(soft_wrap=True, highlight=False)
    if not shown.is_terminal:
        shown.width = WIDTH
    lab.say = lambda line: shown.print(f"[dim]  {line}[/dim]")
    lab.down()  # what a proof that was killed left behind
    done: list[Done] = []
    planned = steps(keep)
    try:
        with closing(Scene(lab)) as scene:
            for step in planned:
                shown.print(f"[bold]{step.title}[/bold]")
                done.append(carry_out(step, scene))
                if done[-1].failed:
                    break
    finally:
        if not keep:
            lab.down()
    show(shown, done, len(planned) - len(done))
    return 1 if any(step.failed for step in done) or len(done) < len(planned) else 0


def carry_out(step: Step, scene: Scene) -> Done:
    began = time.monotonic()
    try:
        result = step.do(scene)
    except (LabError, CliError) as failure:
        return Done(step.title, time.monotonic() - began, failed=str(failure) or type(failure).__name__)
    return Done(step.title, time.monotonic() - began, result)
