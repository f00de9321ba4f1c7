"""Crashed programs, from the journal of a real Debian 12 with systemd-coredump."""

from __future__ import annotations

from patchring.wire.messages import Signal
from patchring_agent.signals import app_crash
from patchring_agent.signals.found import counted
from tests.agent.signals.golden import captured, journal

COREDUMP = "debian12.journalctl-coredump.stdout"


def test_each_crash_counts_for_the_name_of_the_programs_file() -> None:
    assert "/home/alice/sleepy" in captured(COREDUMP)
    signals = counted(app_crash.NAME, app_crash.crashes(journal(COREDUMP)))
    assert signals == [Signal("app_crash", 2, "count", 1_795_490_052_113, "sleepy")]


def test_a_program_whose_file_is_gone_goes_by_what_the_kernel_calls_it() -> None:
    assert app_crash.program({"COREDUMP_COMM": "nginx"}) == "nginx"
    assert app_crash.program({}) == "unknown"
