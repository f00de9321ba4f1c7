"""What the agent asks of a package manager. One provider is one folder or file here, and one line in the catalogue.

A provider never decides whether something may happen: it says what is there, what would happen, does exactly the
plan it is given, and says what came of it. Names and versions are checked against the platform's grammar before
they reach an argument array. Parsers are pure functions of text, apart from what runs programs.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Optional, Protocol

from patchring.wire.messages import InstalledPackage, Package, Plan, ProviderState, Update
from patchring_agent.loop.events import Outcome

SCAN = "scan"
SECURITY_METADATA = "security_metadata"
INSTALL_ONE = "install_one"
DRY_RUN = "dry_run"
DOWNGRADE = "downgrade"
UNINSTALL = "uninstall"
REBOOT_QUERY = "reboot_query"
RESTART_QUERY = "restart_query"
ENFORCE_REBOOT = "enforce_reboot"


@dataclass(frozen=True)
class Inventory:
    """Everything installed, and every update that the package manager itself offers."""

    installed: list[InstalledPackage]
    updates: list[Update]


@dataclass(frozen=True)
class Planned:
    """`plan` is None with a `problem` in one line; `satisfied` when every target is already there."""

    plan: Optional[Plan]
    problem: str = ""
    satisfied: bool = False


@dataclass(frozen=True)
class Transaction:
    """A program to run in a unit of its own. `afterwards` puts right what the program changes beside the plan."""

    argv: list[str]
    environment: dict[str, str] = field(default_factory=dict)
    afterwards: list[list[str]] = field(default_factory=list)


class Provider(Protocol):
    """Methods raise CommandProblem or ProviderProblem when the package manager cannot be asked at all."""

    name: str

    def state(self) -> ProviderState:
        """What it can do, and whether it is in order."""

    def state_digest(self) -> str:
        """Changes whenever a scan could find something new; costs a few system calls, runs no program."""

    def refresh(self) -> str:
        """Fetch the indexes; an empty text, or the problem in one line."""

    def inventory(self) -> Inventory:
        """The scan."""

    def download(self, action: str, packages: Sequence[Package]) -> str:
        """Everything the action needs and the way back into the agent's cache; empty, or the problem."""

    def plan(self, action: str, packages: Sequence[Package]) -> Planned:
        """What would happen, to the letter: the dependency-closed set, removals included."""

    def transaction(self, action: str, plan: Plan, seconds_left: int) -> Transaction:
        """The program that does exactly this plan; it gives up waiting for a lock after `seconds_left`."""

    def outcome(self, plan: Plan, exit_code: Optional[int], output: str) -> Outcome:
        """What is there now, whatever the exit code says."""

    def repair(self, action: str, plan: Plan) -> str:
        """Finish or repair what an interrupted transaction of this plan left; says in one line what was done."""

    def reboot_reasons(self) -> list[str]:
        """Why the device has to be rebooted; empty when it has not."""

    def restarts_needed(self) -> list[str]:
        """Services that still run what was replaced; empty when nobody can tell."""
