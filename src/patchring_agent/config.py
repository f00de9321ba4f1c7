"""Settings: the flags win over the file, the file over the defaults. The file has `key = value` lines.

# /etc/patchring-agent/agent.conf
observe = yes
refresh_interval_s = 21600
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from patchring_agent.errors import ConfigurationProblem

FILE = Path("/etc/patchring-agent/agent.conf")
YES, NO = ("yes", "true", "on", "1"), ("no", "false", "off", "0")


@dataclass(frozen=True)
class Settings:
    """`observe`: look and report, never ask for a permit, never act. `refresh_interval_s` is how old the package
    manager's indexes may grow before the agent fetches them; 0 leaves that to others."""

    state_folder: Path = Path("/var/lib/patchring-agent")
    observe: bool = False
    allow_http: bool = False
    refresh_interval_s: int = 6 * 3600


def read(path: Path) -> Settings:
    """The defaults where there is no file; raises ConfigurationProblem for a line that is not understood."""
    settings = Settings()
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
    except FileNotFoundError:
        return settings
    except OSError as error:
        raise ConfigurationProblem(f"{path} cannot be read: {error}") from error
    for number, line in enumerate(lines, 1):
        text = line.strip()
        if text and not text.startswith("#"):
            settings = _with(settings, text, f"{path}:{number}")
    return settings


def _with(settings: Settings, text: str, place: str) -> Settings:
    key, equals, value = (part.strip() for part in text.partition("="))
    readers: dict[str, Callable[[str], Any]] = {
        "state_folder": Path,
        "observe": _flag,
        "allow_http": _flag,
        "refresh_interval_s": _seconds,
    }
    if not equals or key not in readers:
        raise ConfigurationProblem(f"{place}: expected one of {', '.join(readers)} = VALUE, got {text!r}")
    try:
        changed: dict[str, Any] = {key: readers[key](value)}
    except ValueError as error:
        raise ConfigurationProblem(f"{place}: {key}: {error}") from error
    return replace(settings, **changed)


def _flag(value: str) -> bool:
    if value.lower() not in YES + NO:
        raise ValueError(f"expected yes or no, got {value!r}")
    return value.lower() in YES


def _seconds(value: str) -> int:
    if not value.isascii() or not value.isdigit():
        raise ValueError(f"expected a number of seconds, got {value!r}")
    return int(value)
