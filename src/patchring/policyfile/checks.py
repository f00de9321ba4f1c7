"""What every part of a text allows but the whole does not. The rules are those on top of `core.policy.model`, and:

- A rule that lets patches go by itself names provider and origin: that is what devices can check again, and what is
  signed; without them it would decide and authorise nothing.
- A window is long enough for the installation that is expected, else nothing ever starts in it.
- A condition asks for a value that its field can have: `security: true` would never hold, because truth is written yes.
"""

from collections.abc import Collection, Iterator, Mapping, Sequence
from datetime import timedelta

from patchring.core.policy.match import WORDS, can_match
from patchring.core.schedule.recurrence import problem_of
from patchring.policyfile.shape import PolicyShape, WindowShape
from patchring.policyfile.zones import zone_exists

SOAK_MIN = timedelta(minutes=10)
LASTS_MAX = timedelta(days=7)

Found = Iterator[tuple[str, str]]


def contradictions(shape: PolicyShape) -> Found:
    """(path, sentence) of each thing that does not fit."""
    yield from _rings(shape)
    yield from _windows(shape)
    yield from _blackouts(shape)
    yield from _segments(shape)
    yield from _approvals(shape)
    yield from _overrides(shape)
    yield from _twice("rings", [ring.name for ring in shape.rings])
    yield from _twice("segments", [segment.name for segment in shape.segments])
    yield from _twice("approvals", [rule.name for rule in shape.approvals])


def _rings(shape: PolicyShape) -> Found:
    if len(shape.rings) < 2 and "single_ring" not in shape.overrides:
        yield "rings", "expected at least two rings, got one; add a ring, or an override `single_ring` by two people"
    if "no_soak" in shape.overrides:
        return
    for number, ring in enumerate(shape.rings):
        if ring.soak.time < SOAK_MIN:
            text = f"expected 10m or more, got {_said(ring.soak.time)}; soak longer, or add an override `no_soak`"
            yield f"rings[{number}].soak.time", f"{text} by two people with a reason"


def _windows(shape: PolicyShape) -> Found:
    for name, window in shape.windows.items():
        path = f"windows.{name}"
        if window.zone and not zone_exists(window.zone):
            yield f"{path}.zone", f"expected an IANA zone such as Europe/Berlin, got {window.zone!r}"
        if window.any_time:
            yield from _any_time(path, window)
        else:
            yield from _recurring(path, window, shape.expected_duration)


def _any_time(path: str, window: WindowShape) -> Found:
    for key in ("rule", "start", "lasts", "begins", "days_after"):
        if getattr(window, key):
            yield f"{path}.{key}", "`any_time: true` takes no other key but `zone`; remove one of them"


def _recurring(path: str, window: WindowShape, expected: timedelta) -> Found:
    if not window.rule:
        yield path, "expected `rule` with `start` and `lasts`, or `any_time: true`"
        return
    problem = problem_of(window.rule, window.begins)
    if problem:
        yield f"{path}.rule", problem
    if window.start is None:
        yield path, "expected `start`, the local time at which the window opens, such as 22:00"
    if not window.lasts:
        yield path, "expected `lasts`, how long the window stays open, such as 4h"
    elif window.lasts > LASTS_MAX:
        yield f"{path}.lasts", f"expected 7d at most, got {_said(window.lasts)}"
    elif window.lasts < expected:
        text = f"{_said(window.lasts)} is shorter than expected_duration ({_said(expected)}): nothing would ever start"
        yield f"{path}.lasts", f"{text}; let it last longer"


def _blackouts(shape: PolicyShape) -> Found:
    for number, blackout in enumerate(shape.blackouts):
        if blackout.to_on < blackout.from_on:
            yield f"blackouts[{number}].to", f"expected {blackout.from_on} or later, got {blackout.to_on}"


def _segments(shape: PolicyShape) -> Found:
    for number, segment in enumerate(shape.segments):
        path = f"segments[{number}]"
        if segment.ring >= len(shape.rings):
            yield f"{path}.ring", f"there is no ring {segment.ring}; expected 0 to {len(shape.rings) - 1}"
        if segment.window and segment.window not in shape.windows:
            yield f"{path}.window", f"there is no window {segment.window!r}; {_known(shape.windows)}"
        if not segment.window and segment.ring >= 2:
            text = "a segment in ring 2 or above needs a window (`any_time: true` is one); name one with `window`"
            yield path, text
        if segment.remedy not in shape.remedies:
            yield f"{path}.remedy", f"there is no remedy {segment.remedy!r}; {_known(shape.remedies)}"
        yield from _conditions(path, segment.when)


def _approvals(shape: PolicyShape) -> Found:
    segments = [segment.name for segment in shape.segments]
    for number, rule in enumerate(shape.approvals):
        path = f"approvals[{number}]"
        for name in rule.segments:
            if name not in segments:
                yield f"{path}.segments", f"there is no segment {name!r}; {_known(segments)}"
        missing = [key for key in ("provider", "origin") if not _names_something(rule.when.get(key, []))]
        if rule.decide in ("auto", "expedite") and missing:
            text = f"a rule that decides {rule.decide} says where patches come from, because devices check that again"
            yield f"{path}.when", f"{text}; add {' and '.join(missing)}"
        yield from _conditions(path, rule.when)


def _names_something(values: Sequence[str]) -> bool:
    """Wildcards alone would take whatever comes, from wherever."""
    return bool(values) and all(value.strip("*?") for value in values)


def _conditions(path: str, when: Mapping[str, Sequence[str]]) -> Found:
    for field, values in when.items():
        for value in values:
            if not can_match(field, value):
                yield f"{path}.when.{field}", f"expected {' or '.join(WORDS[field])}, got {value!r}"


def _overrides(shape: PolicyShape) -> Found:
    for name, override in shape.overrides.items():
        if len({" ".join(person.split()).casefold() for person in override.by}) < 2:
            yield f"overrides.{name}.by", f"expected two different people, got {' and '.join(override.by)}"


def _twice(path: str, names: list[str]) -> Found:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"{path}[{number}].name", f"{name!r} is the name of another one; expected a name of its own"


def _known(names: Collection[str]) -> str:
    return f"expected {' or '.join(repr(name) for name in names)}" if names else "there are none yet"


def _said(duration: timedelta) -> str:
    """As it is written in a policy: 90s, 4h."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"
