"""Structured matchers: fields from a registry, values with `*` (any characters) and `?` (one); no free code.

A condition holds when the field has one of the values. Fields that hold sets (roles, groups) hold when any member
matches. Truth is written `yes` and `no`.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Protocol

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts
from patchring.core.policy.condition import Condition


def _yes(value: bool) -> tuple[str]:
    return ("yes" if value else "no",)


DEVICE_FIELDS: Mapping[str, Callable[[DeviceFacts], Iterable[str]]] = {
    "class": lambda d: (d.device_class.value,),
    "role": lambda d: d.roles,
    "criticality": lambda d: (d.criticality.value,),
    "exposed": lambda d: _yes(d.exposed),
    "group": lambda d: d.groups,
    "internal": lambda d: _yes(d.internal),
    "sacrificial": lambda d: _yes(d.sacrificial),
    "redundancy_group": lambda d: (d.redundancy_group or "",),
    "name": lambda d: (d.name,),
    "os": lambda d: (d.os_name,),
    "os_version": lambda d: (d.os_version,),
    "site": lambda d: (d.site,),
}

PATCH_FIELDS: Mapping[str, Callable[[PatchFacts], Iterable[str]]] = {
    "provider": lambda p: (p.provider,),
    "package": lambda p: (p.name,),
    "version": lambda p: (p.version,),
    "source": lambda p: (p.source,),
    "title": lambda p: (p.title,),
    "origin": lambda p: (p.origin,),
    "label": lambda p: (p.label,),
    "suite": lambda p: (p.suite,),
    "security": lambda p: _yes(p.security),
    "type": lambda p: (p.type,),
    "classification": lambda p: (p.classification,),
    "reboot": lambda p: (p.reboot,),
    "kb": lambda p: (p.kb,),
    "exploited": lambda p: _yes(p.exploited),
    "noisy": lambda p: _yes(p.noisy),
}

_TRUTHS = ("yes", "no")
# Fields that only ever have certain words (those of `wire.messages` for a patch); any other could never match.
WORDS: Mapping[str, Sequence[str]] = {
    "class": tuple(DeviceClass),
    "criticality": tuple(Criticality),
    "exposed": _TRUTHS,
    "internal": _TRUTHS,
    "sacrificial": _TRUTHS,
    "security": _TRUTHS,
    "exploited": _TRUTHS,
    "noisy": _TRUTHS,
    "type": ("os", "application", "browser", "driver", "firmware"),
    "classification": (
        "security", "critical", "rollup", "feature", "preview", "optional", "definition", "unknown",
    ),
    "reboot": ("never", "maybe", "always", "unknown"),
}  # fmt: skip


def matches(pattern: str, value: str) -> bool:
    """Whether the whole value has the form of the pattern. Nothing but `*` and `?` is wild: `[` is a character.

    Never goes back further than the last `*`, so no pattern takes longer than the product of both lengths.
    """
    at, place, star, mark = 0, 0, -1, 0
    while at < len(value):
        if place < len(pattern) and pattern[place] == "*":
            star, mark, place = place, at, place + 1
        elif place < len(pattern) and pattern[place] in ("?", value[at]):
            at, place = at + 1, place + 1
        elif star >= 0:
            mark += 1
            at, place = mark, star + 1
        else:
            return False
    return not pattern[place:].strip("*")


def can_match(field: str, pattern: str) -> bool:
    """Whether the field can ever have a value that the pattern takes; True where any word is possible."""
    return field not in WORDS or any(matches(pattern, word) for word in WORDS[field])


def device_misses(conditions: Iterable[Condition], device: DeviceFacts) -> list[Condition]:
    """The conditions that do not hold for the device; none: the rule matches."""
    return [c for c in conditions if not _holds(c, DEVICE_FIELDS[c.field](device))]


def patch_misses(conditions: Iterable[Condition], patch: PatchFacts) -> list[Condition]:
    return [c for c in conditions if not _holds(c, PATCH_FIELDS[c.field](patch))]


def _holds(condition: Condition, values: Iterable[str]) -> bool:
    return any(matches(pattern, value) for value in values for pattern in condition.values)


class Row(Protocol):
    """A named row of a table of the policy."""

    @property
    def name(self) -> str: ...
    @property
    def line(self) -> int: ...
    @property
    def layer(self) -> str: ...


ALONE = ("", "policy")  # layers of a text that has no others: naming them would tell nobody anything


def called(kind: str, row: Row) -> str:
    """`rule drivers (baseline, line 12)`; without the layer where the text has only one."""
    layer = "" if row.layer in ALONE else f"{row.layer}, "
    return f"{kind} {row.name} ({layer}line {row.line})"


def described(condition: Condition) -> str:
    """`class is server or kiosk`."""
    return f"{condition.field} is {' or '.join(condition.values)}"
