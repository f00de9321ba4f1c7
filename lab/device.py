"""One real device: a Debian of its own that boots, reboots, loses power, and can be put back to a snapshot."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Sequence
from pathlib import Path

from lab import pool, programs, service
from lab.cgroup import Cgroup
from lab.errors import BootFailed, CommandFailed, DeviceOff
from lab.place import Place

ENVIRONMENT = [
    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
    "HOME=/root",
    "LANG=C.UTF-8",
    "DEBIAN_FRONTEND=noninteractive",
]
BOOTED = {"running", "degraded", "maintenance"}
"""systemd's words for a boot that has come to its end; `degraded`: some unit failed."""


class Device:
    """A device of a lab; `Lab` makes them. `address` is its IPv4 address on the bridge."""

    def __init__(self, place: Place, name: str, address: str) -> None:
        self.place, self.name, self.address = place, name, address
        self.root = place.pool / "devices" / name
        self.console_log = place.logs / f"{name}.console"
        self._cgroup = Cgroup(f"{place.prefix}/{name}")
        self._loop = self._cgroup.child("loop")
        self._machine = self._cgroup.child("machine")

    # --- power -------------------------------------------------------------------------------------------------

    def is_on(self) -> bool:
        """True from the moment power is given to the moment its last process is gone."""
        return self._cgroup.populated()

    def boot(self, timeout: float = 90) -> float:
        """Gives it power, if it has none, and waits for the end of the boot; the seconds that took.

        Raises BootFailed with the end of the console when it does not come up.
        """
        began = time.monotonic()
        if not self.is_on():
            arguments = [self._loop.name, self._machine.name, "--", *self._nspawn()]
            service.start("lab.supervise", arguments, self.console_log)
        self._wait_booted(began + timeout)
        return time.monotonic() - began

    def stop(self) -> None:
        """Shuts it down in order; cuts the power after half a minute."""
        for supervisor in self._loop.processes():
            os.kill(supervisor, signal.SIGTERM)
        if not self._cgroup.wait_empty(30):
            self.power_cut()

    def power_cut(self) -> None:
        """Kills its PID 1 with SIGKILL: the kernel ends everything else on it at once. It stays off."""
        deadline = time.monotonic() + 30
        while self.is_on():
            init = self._init()
            if init:
                os.kill(init, signal.SIGKILL)
            if not self._cgroup.wait_empty(1) and time.monotonic() > deadline:
                self._cgroup.kill()

    def reboot(self, timeout: float = 90) -> None:
        """Asks the device's systemd for a reboot and waits until it is up again, with a new boot id."""
        before = self.boot_id()
        self.run(["systemctl", "reboot"], check=False)  # the answer may be lost in the going down
        self.wait_reboot(before, timeout)

    def wait_reboot(self, before: str, timeout: float = 90) -> None:
        """Waits until it has booted with another boot id than `before`, whoever asked for the reboot."""
        deadline = time.monotonic() + timeout
        while self._boot_id() in (None, before):
            self._still_waiting(deadline)
        self._wait_booted(deadline)

    # --- what runs on it ---------------------------------------------------------------------------------------

    def command(self, command: Sequence[str]) -> list[str]:
        """The host's argument array that runs `command` inside, as root, with a clean environment.

        Raises DeviceOff.
        """
        init = self._init()
        if init is None:
            raise DeviceOff(f"{self.name} is off: ./dev lab powers it on")
        into = ["nsenter", "-t", str(init), "-m", "-u", "-i", "-n", "-p", "-C", "--"]
        return [*into, "env", "-i", *ENVIRONMENT, *command]

    def run(
        self, command: Sequence[str], *, check: bool = True, timeout: float = 120, input: bytes = b""
    ) -> subprocess.CompletedProcess[str]:
        """Runs a program inside and waits for it. Raises CommandFailed, DeviceOff.

        The device itself ends the program after `timeout` seconds (code 124): ending it from here would only
        end the way in.
        """
        inside = ["timeout", "--kill-after=5", f"{timeout:g}", *command]
        done = programs.run(
            self.command(inside), check=False, timeout=timeout + 20, input=input, where=f"device {self.name}"
        )
        if check and done.returncode:
            raise CommandFailed(command, done.returncode, done.stdout + done.stderr, f"device {self.name}")
        return subprocess.CompletedProcess(list(command), done.returncode, done.stdout, done.stderr)

    def start(self, command: Sequence[str]) -> subprocess.Popen[bytes]:
        """Starts a program inside and does not wait for it; what it prints is dropped."""
        nowhere = subprocess.DEVNULL
        return subprocess.Popen(self.command(command), stdin=nowhere, stdout=nowhere, stderr=nowhere)

    def push(self, path: str, content: bytes, mode: int = 0o644) -> None:
        """Writes a file inside, with its folders."""
        self.run(["install", "-D", "-m", f"{mode:o}", "/dev/stdin", path], input=content)

    def read(self, path: str) -> str:
        """The text of a file inside. Raises CommandFailed when there is none."""
        return self.run(["cat", path]).stdout

    def boot_id(self) -> str:
        """Changes with every boot. Raises DeviceOff."""
        found = self._boot_id()
        if found is None:
            raise DeviceOff(f"{self.name} is off: ./dev lab powers it on")
        return found

    def system_state(self) -> str:
        """systemd's word: running, degraded, starting, ...; `off` when it has no power."""
        try:
            return self.run(["systemctl", "is-system-running"], check=False).stdout.strip() or "starting"
        except DeviceOff:
            return "starting" if self.is_on() else "off"

    def console(self) -> str:
        """The last lines that it and its nspawn printed."""
        text = self.console_log.read_text(errors="replace") if self.console_log.exists() else ""
        return "\n".join(text.splitlines()[-12:])

    # --- its disk ----------------------------------------------------------------------------------------------

    def snapshot(self, label: str = "before") -> None:
        """Keeps its disk as it is in this moment, running or not; an older snapshot of that label is replaced."""
        self._snapshot(label).parent.mkdir(parents=True, exist_ok=True)
        pool.delete(self._snapshot(label))
        pool.snapshot(self.root, self._snapshot(label), read_only=True)

    def revert(self, label: str = "before") -> None:
        """Puts its disk back to the snapshot, which is kept. Its power is cut if it is on; it stays off."""
        assert self._snapshot(label).exists(), f"{self.name} has no snapshot {label}"
        self.remove_disk()
        pool.snapshot(self._snapshot(label), self.root)

    def remove_disk(self) -> None:
        """Cuts its power and deletes its disk."""
        self.power_cut()
        pool.delete(self.root)

    def _snapshot(self, label: str) -> Path:
        return self.place.pool / "snapshots" / self.name / label

    # --- how it is started and found ---------------------------------------------------------------------------

    def _nspawn(self) -> list[str]:
        """With no machine manager and no default route: a device depends on nothing of the host's."""
        return [
            *("env", "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1", "systemd-nspawn", "--quiet", "--boot"),
            *(f"--directory={self.root}", f"--machine={self.name}"),
            *("--keep-unit", "--register=no", "--console=read-only", "--kill-signal=SIGRTMIN+3"),
            *("--resolv-conf=off", "--timezone=off", "--link-journal=no"),
            f"--network-namespace-path=/run/netns/{self.place.namespace(self.name)}",
        ]

    def _init(self) -> int | None:
        """The device's PID 1 as the host numbers it; None when there is none (off, or between two boots)."""
        return next((pid for pid in self._machine.processes() if _is_init(pid)), None)

    def _boot_id(self) -> str | None:
        try:
            return self.run(["cat", "/proc/sys/kernel/random/boot_id"], check=False).stdout.strip() or None
        except DeviceOff:
            return None

    def _wait_booted(self, deadline: float) -> None:
        while self.system_state() not in BOOTED:
            self._still_waiting(deadline)

    def _still_waiting(self, deadline: float) -> None:
        if not self.is_on():
            raise BootFailed(f"{self.name} went off while it booted; its console:\n{self.console()}")
        if time.monotonic() > deadline:
            raise BootFailed(f"{self.name} is {self.system_state()} and did not finish; its console:\n{self.console()}")
        time.sleep(0.1)


def _is_init(pid: int) -> bool:
    """True for the first process of a pid namespace inside the host's."""
    try:
        status = Path(f"/proc/{pid}/status").read_text()
    except OSError:
        return False
    numbers = next((line.split()[1:] for line in status.splitlines() if line.startswith("NSpid:")), [])
    own = Path("/proc/self/status").read_text()
    depth = next(len(line.split()) - 1 for line in own.splitlines() if line.startswith("NSpid:"))
    return len(numbers) == depth + 1 and numbers[-1] == "1"
