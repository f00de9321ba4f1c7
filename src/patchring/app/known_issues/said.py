"""What somebody says of a known issue, checked before it is kept."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.errors import Invalid
from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS, WORDS, can_match

# Conditions of which one has to be there, so that nobody holds every patch by a slip: that is what a stop is for.
NAMING = ("package", "source", "title", "kb")
Conditions = Mapping[str, Sequence[str]]


@dataclass(frozen=True)
class Said:
    """As `core.policy.known_issues.KnownIssue`; `patches` and `devices` are field -> values in the policy's words."""

    name: str
    patches: Conditions
    devices: Conditions
    reason: str
    source: str
    release_when: str
    fixed_in: str = ""
    until_on: date | None = None

    def as_row(self) -> dict[str, Any]:
        row = {**self.__dict__}
        return {**row, "patches": Jsonb(_plain(self.patches)), "devices": Jsonb(_plain(self.devices))}

    def same_as(self, row: Mapping[str, Any]) -> bool:
        """Whether a kept issue says this already."""
        mine = {**self.__dict__, "patches": _plain(self.patches), "devices": _plain(self.devices)}
        return all(row[name] == value for name, value in mine.items())


def check(said: Said) -> None:
    """Raises Invalid (known_issue_invalid)."""
    _check(said.name, "patches", said.patches, PATCH_FIELDS)
    _check(said.name, "devices", said.devices, DEVICE_FIELDS)
    if not any(all(_names(value) for value in said.patches.get(field, ("",))) for field in NAMING):
        expected = f"expected a condition on {', '.join(NAMING[:-1])} or {NAMING[-1]} that names something"
        text = f"{expected}; got {', '.join(sorted(said.patches)) or 'none'}. What concerns every patch is a stop"
        raise _invalid(said.name, "patches", text)


def _check(name: str, where: str, conditions: Conditions, fields: Mapping[str, Any]) -> None:
    for field, values in conditions.items():
        if field not in fields:
            raise _invalid(name, where, f"expected one of {', '.join(fields)}; got {field!r}")
        if not values:
            raise _invalid(name, where, f"expected values of {field}, got none")
        for value in values:
            if not can_match(field, value):
                raise _invalid(name, where, f"expected {' or '.join(WORDS[field])} as {field}; got {value!r}")


def _names(value: str) -> bool:
    return any(character.isalnum() for character in value)


def _invalid(name: str, where: str, text: str) -> Invalid:
    return Invalid(f"known issue {name}, {where}: {text}", kind="known_issue_invalid")


def _plain(conditions: Conditions) -> dict[str, list[str]]:
    return {field: list(values) for field, values in conditions.items()}
