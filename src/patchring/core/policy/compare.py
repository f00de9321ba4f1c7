"""What would change if one policy took the place of another, over a fleet as it is (pure).

Four answers: which values of the text differ; which devices go elsewhere (segment, ring, window, restart, way back,
level of automation); which patches are decided otherwise where; and what would begin by itself within the next hours
that now does not. Devices that the rules cannot tell apart share the work, so a fleet costs by its kinds.
"""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, time, timedelta, tzinfo
from uuid import UUID

from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.policy.calendar import Window
from patchring.core.policy.decide import BY_ITSELF, HoldInForce, row_names_of, segment_of
from patchring.core.policy.effective import EffectiveValue
from patchring.core.policy.every_value import every_value
from patchring.core.policy.exceptions import exception_for
from patchring.core.policy.known_issues import KnownIssue, safeguards
from patchring.core.policy.model import Outcome, Policy
from patchring.core.policy.verdicts import Verdict, Verdicts
from patchring.core.schedule.preview import Planned, preview
from patchring.core.schedule.windows import concerns

SOON = timedelta(hours=24)
NOWHERE = "nowhere"
# A row that a site or group made of another is called after both.
_OF_A_LAYER = re.compile(r" @ (?:site|group) [^.,]*")
_LOOKED_AT = 50  # windows, of which some are skipped
_NOBODY = UUID(int=0)
_ANY_TIME = Window("any time", "", time(0), timedelta(0))


@dataclass(frozen=True)
class FleetDevice:
    """An active device with the time zone of its site."""

    facts: DeviceFacts
    zone: tzinfo


@dataclass(frozen=True)
class Fleet:
    """`missing`: ids of the devices that miss a patch, by its key. `holds`: placed holds, by key. `issues`: known
    issues that stand for the tenant. `zones`: those that windows of either policy have of their own, by name."""

    devices: Sequence[FleetDevice]
    patches: Sequence[PatchFacts]
    missing: Mapping[str, frozenset[UUID]]
    holds: Mapping[str, Sequence[HoldInForce]]
    zones: Mapping[str, tzinfo] = field(default_factory=dict)
    issues: Sequence[KnownIssue] = ()


@dataclass(frozen=True)
class ValueChange:
    """A value of the text; empty: it is not there. `layer` is the one that sets it afterwards, or set it before."""

    path: str
    before: str
    after: str
    layer: str


@dataclass(frozen=True)
class DeviceChange:
    """Devices for which one thing is otherwise. `field`: segment, ring, window, restart, way back or automation."""

    field: str
    before: str
    after: str
    device_names: tuple[str, ...]


@dataclass(frozen=True)
class DecisionChange:
    """Devices that miss a patch and for which it is decided otherwise, or by another rule (empty: none)."""

    patch_key: str
    before: Outcome | None
    after: Outcome | None
    rule_before: str
    rule_after: str
    device_names: tuple[str, ...]


@dataclass(frozen=True)
class Soon:
    """What would begin by itself within `SOON`, and does not now. Permits, soak and limits still decide how fast."""

    patch_key: str
    segment: str
    device_names: tuple[str, ...]


@dataclass(frozen=True)
class Comparison:
    values: tuple[ValueChange, ...]
    devices: tuple[DeviceChange, ...]
    decisions: tuple[DecisionChange, ...]
    soon: tuple[Soon, ...]

    @property
    def anything(self) -> bool:
        return bool(self.values or self.devices or self.decisions or self.soon)


def compare(before: Policy, after: Policy, fleet: Fleet, now: datetime) -> Comparison:
    """The same for the same fleet in any order. `now` (aware) is from when on "soon" is counted."""
    sides = _Side(before, fleet), _Side(after, fleet)
    return Comparison(
        changed_values(before, after),
        _devices(fleet, *sides),
        _decisions(fleet, *sides, now),
        _soon(fleet, *sides, now),
    )


def changed_values(before: Policy, after: Policy) -> tuple[ValueChange, ...]:
    """By path, in the order of the later text, then what is only in the earlier. A row that a site or group made of
    another is told by what it has otherwise than that one; what nobody wrote is told only where it was written."""
    old, new = _by_path(before), _by_path(after)
    found = [
        ValueChange(path, old[path].value if path in old else "", value.value, value.layer)
        for path, value in new.items()
        if (value.value != old[path].value if path in old else _is_new(path, value, new))
    ]
    gone = [value for path, value in old.items() if path not in new and _is_new(path, value, old)]
    return (*found, *(ValueChange(each.path, each.value, "", each.layer) for each in gone))


def _is_new(path: str, value: EffectiveValue, among: Mapping[str, EffectiveValue]) -> bool:
    base = among.get(_OF_A_LAYER.sub("", path))
    same_as_base = base is not None and base.path != path and base.value == value.value
    return bool(value.layer) and not same_as_base


def _by_path(policy: Policy) -> dict[str, EffectiveValue]:
    return {each.path: _plain(each) for each in every_value(policy)}


def _plain(value: EffectiveValue) -> EffectiveValue:
    """Segments as they are called in the text, each once; their order says nothing."""
    if not value.path.endswith(".segments"):
        return value
    names = {_OF_A_LAYER.sub("", name) for name in value.value.split(", ")}
    return replace(value, value=", ".join(sorted(names)))


@dataclass(frozen=True)
class _Place:
    """Where a device stands under one policy, in words."""

    segment: str
    ring: str
    window: str
    restart: str
    way_back: str
    automation: str


_FIELDS = ("segment", "ring", "window", "restart", "way_back", "automation")


class _Side:
    """One policy over the fleet: the place of each kind of device, the verdicts of each patch."""

    def __init__(self, policy: Policy, fleet: Fleet) -> None:
        self.policy = policy
        self._fields = sorted({c.field for row in policy.segments for c in row.when})
        self._places: dict[DeviceFacts, _Place] = {}
        self._by_name = "name" in self._fields
        self._soon: dict[tuple[str, str, bool, str], bool] = {}
        self._zones = fleet.zones
        self._issues = fleet.issues
        self.verdicts = Verdicts(policy)
        rows = self.verdicts.rows(fleet.patches, fleet.holds)
        self._verdict_of = {
            (patch.patch_key, name): verdict
            for patch, row in zip(fleet.patches, rows, strict=True)
            for name, verdict in zip(self.verdicts.segments, row, strict=True)
        }

    def place(self, device: DeviceFacts) -> _Place:
        kind = replace(device, device_id=_NOBODY, site_id=_NOBODY, name=device.name if self._by_name else "")
        known = self._places.get(kind)
        if known is None:
            known = self._places[kind] = self._place(kind)
        return known

    def _place(self, device: DeviceFacts) -> _Place:
        found = segment_of(self.policy, device)
        if found.segment is None:
            return _Place(*[NOWHERE] * len(_FIELDS))
        rule = found.segment
        return _Place(
            rule.name,
            f"{found.ring} ({self.policy.ring(found.ring).name})",
            rule.window or "none",
            rule.reboot_plan or rule.reboot.value,
            rule.remedy,
            self.policy.automation_of(rule.name).value,
        )

    def verdict(self, device: DeviceFacts, patch: PatchFacts, now: datetime) -> Verdict | None:
        """None: nothing is decided, because no segment takes the device, or an exception or a known issue keeps the
        patch from it."""
        if exception_for(self.policy, patch, device, now) is not None:
            return None
        if self._issues and safeguards(self._issues, patch, device, now):
            return None
        return self._verdict_of.get((patch.patch_key, self.place(device).segment))

    def begins_soon(self, device: FleetDevice, patch: PatchFacts, now: datetime) -> bool:
        """By itself, in the segment's window or in one that its row of the urgency table opens besides."""
        verdict = self.verdict(device.facts, patch, now)
        if verdict is None or verdict.outcome not in BY_ITSELF:
            return False
        rule = self.policy.segment(self.place(device.facts).segment)
        assert rule is not None
        urgency = verdict.urgency
        windows = [rule.window, urgency.window] if urgency and urgency.window else [rule.window]
        in_blackout = urgency is not None and urgency.in_blackout
        return any(self._opens_soon(rule.name, each, in_blackout, device.zone, now) for each in windows)

    def _opens_soon(self, segment: str, window_name: str, in_blackout: bool, zone: tzinfo, now: datetime) -> bool:
        """Whether a window, without blackouts and hours, is open within `SOON`. A segment without one has any time."""
        key = segment, window_name, in_blackout, str(zone)
        if key not in self._soon:
            window = self.policy.windows.get(window_name, _ANY_TIME)
            local = self._zones[window.zone] if window.zone else zone
            names = row_names_of(self.policy, segment)
            blackouts = [each for each in self.policy.blackouts if concerns(each, names) and not in_blackout]
            rows = preview(window, blackouts, self.policy.hours, local, now, _LOOKED_AT)
            self._soon[key] = any(isinstance(row, Planned) and row.opens_at <= now + SOON for row in rows)
        return self._soon[key]


def _devices(fleet: Fleet, before: _Side, after: _Side) -> tuple[DeviceChange, ...]:
    found: dict[tuple[str, str, str], list[str]] = {}
    for device in fleet.devices:
        old, new = before.place(device.facts), after.place(device.facts)
        for name in _FIELDS:
            said = getattr(old, name), getattr(new, name)
            if said[0] != said[1]:
                found.setdefault((name, *said), []).append(device.facts.name)
    order = sorted(found, key=lambda key: (_FIELDS.index(key[0]), key))
    return tuple(DeviceChange(key[0].replace("_", " "), *key[1:], tuple(sorted(found[key]))) for key in order)


def _pairs(fleet: Fleet) -> Iterable[tuple[FleetDevice, PatchFacts]]:
    by_id = {device.facts.device_id: device for device in fleet.devices}
    for patch in sorted(fleet.patches, key=lambda patch: patch.patch_key):
        for device_id in fleet.missing.get(patch.patch_key, frozenset()):
            if device_id in by_id:
                yield by_id[device_id], patch


def _decisions(fleet: Fleet, before: _Side, after: _Side, now: datetime) -> tuple[DecisionChange, ...]:
    found: dict[tuple[str, str, str, str, str], list[str]] = {}
    for device, patch in _pairs(fleet):
        old, new = before.verdict(device.facts, patch, now), after.verdict(device.facts, patch, now)
        outcomes = _outcome(old), _outcome(new)
        if outcomes[0] != outcomes[1]:
            rules = old.rule if old else "", new.rule if new else ""
            found.setdefault((patch.patch_key, *outcomes, *rules), []).append(device.facts.name)
    return tuple(
        DecisionChange(key[0], _read(key[1]), _read(key[2]), key[3], key[4], tuple(sorted(found[key])))
        for key in sorted(found)
    )


def _outcome(verdict: Verdict | None) -> str:
    return verdict.outcome.value if verdict else ""


def _read(outcome: str) -> Outcome | None:
    return Outcome(outcome) if outcome else None


def _soon(fleet: Fleet, before: _Side, after: _Side, now: datetime) -> tuple[Soon, ...]:
    found: dict[tuple[str, str], list[str]] = {}
    for device, patch in _pairs(fleet):
        if after.begins_soon(device, patch, now) and not before.begins_soon(device, patch, now):
            found.setdefault((patch.patch_key, after.place(device.facts).segment), []).append(device.facts.name)
    return tuple(Soon(*key, tuple(sorted(found[key]))) for key in sorted(found))
