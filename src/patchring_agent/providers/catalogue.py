"""Every provider there is: the name that the wire uses, and how it is made. A new provider is one line here."""

from __future__ import annotations

import shutil
from collections.abc import Callable

from patchring_agent.providers.contract import Provider


def _apt() -> Provider:
    from patchring_agent.providers.apt.provider import Apt

    return Apt()


CATALOGUE: dict[str, Callable[[], Provider]] = {"apt": _apt}
PROGRAMS = {"apt": "apt-get"}


def present() -> dict[str, Provider]:
    """The providers whose package manager is on this device."""
    return {name: make() for name, make in CATALOGUE.items() if shutil.which(PROGRAMS[name]) is not None}
