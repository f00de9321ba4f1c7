"""Runs the tests of a mutant in a process of its own that already has pytest and what it needs in memory.

The parent never imports the project, so a fork of it takes the changed module as if it stood in the file. A mutant is
killed when a test fails, cannot be collected, or does not end in time.
"""

import importlib.abc
import importlib.machinery
import importlib.util
import os
import signal
import sys
import time
from collections.abc import Iterator, Sequence
from types import ModuleType

import pytest
from hypothesis import settings

from tools.mutate.mutants import Mutant

SECONDS_MAX = 30  # of one run of tests, which takes a few seconds; an endless loop takes all of it
_OPTIONS = (
    "-x", "-q", "--no-header", "--assert=plain", "--confcutdir=tests/core", "-o", "filterwarnings=ignore",
    "-p", "no:cacheprovider",
)  # fmt: skip


# A mutant and the runs of tests that it has to pass, each a list of files and folders.
Work = tuple[Mutant, Sequence[Sequence[str]]]


class _Changed(importlib.abc.MetaPathFinder, importlib.abc.Loader):
    """Finds one module, with other source."""

    def __init__(self, mutant: Mutant) -> None:
        self._mutant = mutant

    def find_spec(self, name: str, path: object, target: object = None) -> importlib.machinery.ModuleSpec | None:
        return importlib.util.spec_from_loader(name, self, origin=self._origin) if name == self._mutant.module else None

    @property
    def _origin(self) -> str:
        return f"src/{self._mutant.module.replace('.', '/')}.py"

    def exec_module(self, module: ModuleType) -> None:
        module.__file__ = self._origin
        exec(compile(self._mutant.source, self._origin, "exec"), module.__dict__)  # noqa: S102 - our own, changed


def prepare() -> None:
    """Into memory what every run needs, so that forks share it; nothing of the project."""
    os.environ["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the rules need none, and some take a second each
    settings.register_profile("mutants", derandomize=True, deadline=None, database=None, print_blob=False)
    settings.load_profile("mutants")
    for name in ("yaml", "pydantic", "dateutil.rrule", "zoneinfo", "hypothesis.strategies", "icalendar"):
        importlib.import_module(name)
    assert not any(name.split(".")[0] in ("patchring", "tests") for name in sys.modules)


def killed(mutants: Sequence[Work], at_once: int) -> Iterator[tuple[Mutant, bool]]:
    """Each with whether its tests caught it, as soon as that is known."""
    waiting, running = list(reversed(mutants)), dict[int, Mutant]()
    while waiting or running:
        while waiting and len(running) < at_once:
            mutant, runs = waiting.pop()
            running[_start(mutant, runs)] = mutant
        pid, status = os.wait()
        if pid in running:
            yield running.pop(pid), status != 0


def _start(mutant: Mutant, runs: Sequence[Sequence[str]]) -> int:
    pid = os.fork()
    if pid:
        return pid
    code = 1
    try:
        signal.signal(signal.SIGALRM, signal.SIG_DFL)
        nowhere = os.open(os.devnull, os.O_RDWR)
        for descriptor in (0, 1, 2):
            os.dup2(nowhere, descriptor)
        sys.meta_path.insert(0, _Changed(mutant))
        code = next((1 for tests in runs if _fails(tests)), 0)
    finally:
        os._exit(code)
    raise AssertionError("a fork came back")


def _fails(tests: Sequence[str]) -> bool:
    signal.alarm(SECONDS_MAX)
    return pytest.main([*_OPTIONS, *tests]) != 0


def seconds_of(began: float) -> str:
    return f"{time.monotonic() - began:.0f} s"
