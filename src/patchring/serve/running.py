"""The settings with which a server was last started, for commands on its machine: their shell may have others."""

import json
from collections.abc import Mapping
from dataclasses import fields
from pathlib import Path

from patchring.serve.settings import Settings

_FILE = "settings.json"
_HIDDEN = {"database_url"}  # it may hold a password


def note_settings(settings: Settings) -> None:
    """Under HOME/run, which is there."""
    said = {each.name: str(getattr(settings, each.name)) for each in fields(Settings) if each.name not in _HIDDEN}
    (settings.home / "run" / _FILE).write_text(json.dumps(said), encoding="utf-8")


def started_with(home: Path) -> Mapping[str, str]:
    """Values by name, as text; empty: no server of this version was started there, or it cannot be read."""
    try:
        found = json.loads((home / "run" / _FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(name): str(value) for name, value in found.items()} if isinstance(found, dict) else {}
