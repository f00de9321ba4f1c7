"""docs/agent.md says what the code does."""

from __future__ import annotations

import re
from pathlib import Path

from patchring_agent import cli, config
from patchring_agent.loop import phases
from patchring_agent.providers.catalogue import CATALOGUE

TEXT = (Path(__file__).parents[2] / "docs" / "agent.md").read_text(encoding="utf-8")


def drawn() -> list[str]:
    """The picture of the phases, from the table."""
    order = list(phases.MOVES)
    lines = [f"    [*] --> {order[0]}"]
    for phase, following in phases.MOVES.items():
        for after in sorted(following, key=[*order, phases.DONE].index):
            lines.append(f"    {phase} --> {'[*]' if after == phases.DONE else after}")
    return lines


def test_the_picture_is_drawn_from_the_table() -> None:
    found = re.search(r"```mermaid\nstateDiagram-v2\n(.*?)\n```", TEXT, re.DOTALL)
    assert found is not None
    assert found[1].split("\n") == drawn()


def test_every_command_and_setting_is_documented() -> None:
    commands = re.findall(r"add_parser\(\s*\"(\w+)\"|^        \(\"(\w+)\", _", Path(cli.__file__).read_text(), re.M)
    for name in {one or other for one, other in commands}:
        assert f"| `{name}" in TEXT, f"the command {name} is not documented"
    for name in config.Settings.__dataclass_fields__:
        assert f"`{name}`" in TEXT, f"the setting {name} is not documented"


def test_every_provider_is_documented() -> None:
    for name in CATALOGUE:
        assert f"### {name}\n" in TEXT
