"""Debian's grammars (Policy 5.6.7, 5.6.12): what does not match never reaches an argument array."""

from __future__ import annotations

import re
from collections.abc import Sequence

from patchring.wire.messages import Package

NAME = re.compile(r"[a-z0-9][a-z0-9+.-]{1,127}")
VERSION = re.compile(r"(?:[0-9]{1,9}:)?[0-9][A-Za-z0-9.+~:-]{0,127}")
ARCHITECTURE = re.compile(r"[a-z0-9][a-z0-9-]{0,31}")


def problem_with(packages: Sequence[Package]) -> str:
    """Empty when every package is well named; otherwise one line with what was expected."""
    if not packages:
        return "expected at least one package, got none"
    for package in packages:
        if package.provider != "apt":
            return f"expected packages of apt, got one of {package.provider!r}"
        if NAME.fullmatch(package.name) is None:
            return f"expected a Debian package name, got {package.name!r}"
        if VERSION.fullmatch(package.version) is None:
            return f"expected a Debian version for {package.name}, got {package.version!r}"
        if package.architecture and ARCHITECTURE.fullmatch(package.architecture) is None:
            return f"expected an architecture for {package.name}, got {package.architecture!r}"
    return ""
