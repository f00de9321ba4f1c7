"""What can go wrong while a lab is made or used. Every message says what to do next.

LabError
 +-- HostNotReady      the machine cannot carry a lab
 +-- BadName           a prefix or a device's name that the host could not use
 +-- LabBusy           another command is changing the same lab
 +-- CommandFailed     a program ended with an error, on the host or on a device
 +-- NoSuchDevice      the lab has no device of that name
 +-- DeviceOff         the device has no running PID 1
 +-- BootFailed        the device did not reach the end of its boot
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import ClassVar


class LabError(Exception):
    """Root of the lab's operating errors; `kind` is stable."""

    kind: ClassVar[str] = "lab"


class HostNotReady(LabError):
    kind = "host_not_ready"


class BadName(LabError):
    kind = "bad_name"


class LabBusy(LabError):
    kind = "lab_busy"


class CommandFailed(LabError):
    """`code` is the exit code (negative: the signal; 124: its time was up), `output` what it printed."""

    kind = "command_failed"

    def __init__(self, command: Sequence[str], code: int, output: str, where: str = "this machine") -> None:
        self.command, self.code, self.output, self.where = tuple(command), code, output, where
        tail = " / ".join(output.strip().splitlines()[-4:]) or "it printed nothing"
        super().__init__(f"`{' '.join(command)}` on {where} ended with {code}, expected 0: {tail}")


class NoSuchDevice(LabError):
    kind = "no_such_device"


class DeviceOff(LabError):
    kind = "device_off"


class BootFailed(LabError):
    kind = "boot_failed"
