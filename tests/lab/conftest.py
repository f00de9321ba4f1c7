"""A lab of two devices for the whole run, each put back to its first state before every test."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from lab import Device, Lab, host
from lab.catalogue import FIRST
from lab.place import locked

PREINSTALLED = {name: FIRST[name] for name in ("lab-kernel", "lab-library", "lab-notes")}


@pytest.fixture(scope="session")
def lab() -> Iterator[Lab]:
    """Skips where the machine cannot carry a lab; whatever goes wrong after that is a failure."""
    obstacle = host.obstacle()
    if obstacle:
        pytest.skip(obstacle)
    host.prepare()
    with locked("tests"):  # a second run on this machine waits here
        made = Lab("prlabtest")
        made.down()  # what a run that was killed left behind
        try:
            made.up(["north", "south"], PREINSTALLED)
            for device in made.devices:
                device.stop()
                device.snapshot("first")
            yield made
        finally:
            made.down()


@pytest.fixture
def north(lab: Lab) -> Device:
    return _first_state(lab, "north")


@pytest.fixture
def south(lab: Lab) -> Device:
    return _first_state(lab, "south")


def _first_state(lab: Lab, name: str) -> Device:
    device = lab.device(name)
    device.revert("first")
    device.boot()
    return device
