"""Figures of pressure and memory: captured ones, and the way a figure becomes a signal."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchring.wire.messages import Signal
from patchring_agent.signals import performance
from patchring_agent.signals.found import Found
from patchring_agent.signals.journald import Span
from tests.agent.signals.golden import captured

CALM = "some avg10=99.00 avg60=80.00 avg300=4.21 total=2\nfull avg10=0.00 avg60=0.00 avg300=99.00 total=0\n"


@pytest.fixture
def proc(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A /proc of a device that is calm."""
    (tmp_path / "pressure").mkdir()
    for name in ("cpu", "memory", "io"):
        (tmp_path / "pressure" / name).write_text(CALM)
    (tmp_path / "meminfo").write_text("MemTotal: 1000 kB\nMemFree: 1 kB\nMemAvailable: 50 kB\n")
    monkeypatch.setattr(performance, "PROC", tmp_path)
    return tmp_path


def test_the_figures_of_a_real_device_are_read() -> None:
    assert performance.pressure(captured("debian12.proc_pressure-cpu.stdout")) == 241
    assert performance.memory_available(captured("debian12.proc_meminfo.stdout")) == 919


def test_a_device_below_all_thresholds_says_nothing(proc: Path) -> None:
    assert performance.read(Span(0, 100, 0)) == Found([], whole=True)


def test_each_figure_beyond_its_threshold_is_told(proc: Path) -> None:
    (proc / "pressure/cpu").write_text("some avg10=0.00 avg60=0.00 avg300=70.00 total=2\n")
    (proc / "meminfo").write_text("MemTotal: 1000 kB\nMemAvailable: 49 kB\n")
    signals = [
        Signal("performance", 700, "permille", 99, "cpu_pressure"),
        Signal("performance", 49, "permille", 99, "memory_available"),
    ]
    assert performance.read(Span(0, 100, 0)) == Found(signals, whole=True)


@pytest.mark.parametrize("text", ["", "some avg10=1.00", "some avg300=soon", "full avg300=1.00"])
def test_a_kernel_that_does_not_tell_pressure_leaves_it_unread(proc: Path, text: str) -> None:
    (proc / "pressure/io").write_text(text)
    assert performance.read(Span(0, 100, 0)) == Found([], whole=False)
