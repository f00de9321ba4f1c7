"""Keeps one device powered: starts its systemd-nspawn again whenever the device asked for a reboot.

Runs as a process, one per device: `python -m lab.supervise LOOP MACHINE -- NSPAWN...`. It lives in the cgroup
LOOP and starts nspawn in the cgroup MACHINE: with one cgroup for both, nspawn could not divide it further.
SIGTERM shuts the device down in order; a device that is killed or powers off ends the loop.
"""

from __future__ import annotations

import signal
import subprocess
import sys
from types import FrameType

from lab import service
from lab.cgroup import Cgroup

ASKED_FOR_REBOOT = 133
"""systemd-nspawn's exit code when the device called for a reboot and nspawn is told not to do it itself."""


def main() -> int:
    loop, machine, _, *command = sys.argv[1:]
    service.enter(loop)
    service.ready()
    Cgroup(machine).make()
    code = ASKED_FOR_REBOOT
    stopping = False

    def stop(_signal: int, _frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        if child is not None:
            child.terminate()

    child: subprocess.Popen[bytes] | None = None
    signal.signal(signal.SIGTERM, stop)
    while code == ASKED_FOR_REBOOT and not stopping:
        child = subprocess.Popen(command, preexec_fn=Cgroup(machine).enter)
        code = child.wait()
        print(f"systemd-nspawn ended with {code}", flush=True)
    return code


if __name__ == "__main__":
    sys.exit(main())
