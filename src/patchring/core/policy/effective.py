"""What holds for one device: every value that decides about it, and which layer and line of the text set it (T5).

The path of a value is that of the text after layers are merged; what a site or group changed stands under the name of
the row that was made for it. A value that nobody wrote has no layer and line 0: it is so unless
somebody says otherwise.
"""

from collections.abc import Hashable, Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, is_dataclass, replace
from datetime import time, timedelta
from functools import cache
from typing import Any, cast

from patchring.core.devices import DeviceFacts
from patchring.core.policy.asked import spelled
from patchring.core.policy.calendar import CatchUp, Hours
from patchring.core.policy.condition import Condition, Source
from patchring.core.policy.decide import row_names_of, segment_of
from patchring.core.policy.match import device_misses
from patchring.core.policy.model import Policy, PolicyException, SegmentRule
from patchring.core.policy.testing import Case

_NOWHERE = Source("", 0)
# Where a value was written and how it was made is told as its source, not as a value.
_ABOUT_THE_TEXT = frozenset({"line", "layer", "base", "nearness", "name", "number", "key", "duty"})
_DAYS = ("monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday")
# What the text calls a value, where it is another word; empty: the values in it stand beside it.
_IN_THE_TEXT: Mapping[tuple[str, str], str] = {
    ("ApprovalRule", "outcome"): "decide",
    ("ApprovalRule", "asked"): "",
    ("Asked", "people_min"): "people",
    ("Asked", "due_within"): "due",
    ("UrgencyRule", "told"): "tell",
    ("PolicyException", "until_on"): "until",
    ("PolicyException", "due_on"): "due",
    ("Soak", "verified_min"): "verified",
    ("Soak", "device_hours_min"): "device_hours",
    ("Ring", "at_once_max"): "at_once",
    ("RebootPlan", "at_once_max"): "at_once",
    ("Remedy", "way_back_required"): "way_back",
    ("Remedy", "carried_out_by"): "by",
    ("Window", "duration"): "lasts",
    ("Window", "begins_on"): "begins",
    ("Window", "short_month"): "short_months",
    ("Window", "catch_up"): "catch_up.when_seen",
    ("Window", "catch_up_within"): "catch_up.within",
    ("Blackout", "from_on"): "from",
    ("Blackout", "to_on"): "to",
    ("Limits", "at_sites"): "sites",
    ("EscalationStep", "acknowledge_within"): "within",
    ("QuietHours", "from_at"): "from",
    ("QuietHours", "to_at"): "to",
    ("Constraint", "since_on"): "since",
    ("CatchUpCampaign", "at_once_max"): "at_once",
    ("CatchUpCampaign", "patches_at_once_max"): "patches_at_once",
}


@dataclass(frozen=True)
class EffectiveValue:
    """One value in the spelling of the text; `path` such as `windows.after close.start`."""

    path: str
    value: str
    layer: str
    line: int


def effective(policy: Policy, device: DeviceFacts) -> tuple[EffectiveValue, ...]:
    """Everything that holds for the device, in the order of the text; where no segment takes it, what holds for all."""
    found = segment_of(policy, device)
    parts = [("title", policy.title), ("expected_duration", policy.expected_duration), ("due_dates", policy.due_dates)]
    rows: list[tuple[str, Any]] = [*parts, *_of_segment(policy, found.segment, found.ring)]
    rows += [("limits", policy.limits), ("on_failure", policy.on_failure)]
    rows += [(f"blackouts.{each.name}", each) for each in policy.blackouts]
    rows += [(f"exceptions.{each.name}", each) for each in _excepted(policy, device)]
    return tuple(with_source(policy, path, value) for row in rows for path, value in spread(*row))


def plainly(row: Any) -> Any:
    """A segment as the text has it: with one word for a plan and for nothing but a rule."""
    plan = row.reboot_plan if isinstance(row, SegmentRule) else ""
    return replace(row, reboot=plan, reboot_plan="") if plan else row


def _of_segment(policy: Policy, rule: SegmentRule | None, ring: int) -> Iterator[tuple[str, Any]]:
    if rule is None:
        yield "automation", policy.automation
        return
    yield f"segments.{rule.name}", plainly(rule)
    if rule.automation is None:
        yield "automation", policy.automation
    yield f"rings.{policy.ring(ring).name}", policy.ring(ring)
    if rule.window in policy.windows:
        yield f"windows.{rule.window}", policy.windows[rule.window]
    if rule.reboot_plan in policy.reboots:
        yield f"reboots.{rule.reboot_plan}", policy.reboots[rule.reboot_plan]
    yield f"remedies.{rule.remedy}", policy.remedies[rule.remedy]
    names = row_names_of(policy, rule.name)
    for table, rows in (("approvals", policy.approvals), ("urgency", policy.urgency)):
        for row in rows:
            if not row.segments or any(name in row.segments for name in names):
                yield f"{table}.{row.name}", row


def _excepted(policy: Policy, device: DeviceFacts) -> Iterable[PolicyException]:
    return (each for each in policy.exceptions if not device_misses(each.devices, device))


def spread(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """A row as one value for each of its fields, and those of the values in it; what is by name, each by its name."""
    if isinstance(value, Hours):
        yield from ((f"{path}.{_DAYS[day]}", _spans(spans)) for day, spans in sorted(value.spans.items()))
        return
    if isinstance(value, Mapping):
        yield from ((f"{path}.{name}", _text(each)) for name, each in value.items())
        return
    if not is_dataclass(value):
        yield path, _text(value)
        return
    row: Any = value
    for field, name in _names(cast(Hashable, type(row))):
        inner = _in_its_words(field, getattr(row, field))
        if inner not in (None, (), {}, ""):
            yield from _inner(f"{path}.{name}" if name else path, inner)


@cache
def _names(kind: Any) -> list[tuple[str, str]]:
    """The fields of a row that are values, each with the text's word for it."""
    told = [field.name for field in fields(kind) if field.name not in _ABOUT_THE_TEXT]
    return [(field, _IN_THE_TEXT.get((kind.__name__, field), field)) for field in told]


def _in_its_words(field: str, value: Any) -> Any:
    """Where the text has words for yes and no, or yes and no for words."""
    match field:
        case "way_back_required":
            return "required" if value else "optional"
        case "catch_up":
            return value is CatchUp.WHEN_SEEN
        case _:
            return value


def _inner(path: str, value: Any) -> Iterator[tuple[str, str]]:
    """Conditions stand under their fields, as they do in the text."""
    if isinstance(value, tuple) and isinstance(value[0], Condition):
        yield from ((f"{path}.{each.field}", " or ".join(each.values)) for each in value)
    elif isinstance(value, tuple) and isinstance(value[0], Case):
        yield from ((f"{path}.{each.name}", each.criterion) for each in value)
    else:
        yield from spread(path, value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, timedelta):
        return spelled(value)
    if isinstance(value, time):
        return f"{value:%H:%M}"
    if isinstance(value, list | tuple):
        return ", ".join(_text(each) if not is_dataclass(each) else _inline(each) for each in value)
    return str(value)


def _spans(spans: Iterable[tuple[time, time]]) -> str:
    return ", ".join(f"{_text(begin)}-{_text(end)}" for begin, end in spans)


def _inline(value: Any) -> str:
    return " ".join(part for field in fields(value) if (part := _text(getattr(value, field.name))))


def with_source(policy: Policy, path: str, value: str) -> EffectiveValue:
    source = policy.sources.get(path, _NOWHERE)
    return EffectiveValue(path, value, source.layer, source.line)
