"""Text in, core's policy out: read, check the shape, check what a shape cannot say, build."""

import hashlib
from collections.abc import Iterator
from datetime import datetime
from difflib import get_close_matches

from dateutil.rrule import rrulestr
from pydantic import ValidationError

from patchring.core.policy import model
from patchring.policyfile.errors import PolicyInvalid, Problem
from patchring.policyfile.reading import Lines, normalised, read_yaml
from patchring.policyfile.shape import PolicyShape, RingShape, Shape
from patchring.policyfile.zones import zone_exists

FREQUENCIES = ("DAILY", "WEEKLY", "MONTHLY")
COUNT_MAX = 1000


def fingerprint(text: str) -> str:
    """SHA-256 over the UTF-8 bytes of the normalised text, in hexadecimal."""
    return hashlib.sha256(normalised(text).encode()).hexdigest()


def load(text: str, source: str = "policy") -> model.Policy:
    """The policy of a text. Raises PolicyInvalid with every problem that was found."""
    value, lines = read_yaml(normalised(text), source)
    try:
        shape = PolicyShape.model_validate(value)
    except ValidationError as error:
        raise PolicyInvalid(source, [_problem(each, lines) for each in error.errors()]) from error
    problems = [Problem(lines.of(path), path, text) for path, text in _contradictions(shape)]
    if problems:
        raise PolicyInvalid(source, problems)
    return _build(shape, lines, fingerprint(text))


def _problem(error: object, lines: Lines) -> Problem:
    """pydantic's error in our words, with the line it is about and a near name for a misspelt key."""
    assert isinstance(error, dict)
    path = ""
    for part in error["loc"]:
        if part == "[key]":
            continue
        path += f"[{part}]" if isinstance(part, int) else f".{part}" if path else str(part)
    text = str(error["msg"]).removeprefix("Value error, ")
    if error["type"] == "extra_forbidden":
        text = f"unknown key {error['loc'][-1]!r}{_near(str(error['loc'][-1]))}"
    elif error["type"] == "missing":
        text = "is missing"
    elif "input" in error and isinstance(error["input"], str) and repr(error["input"]) not in text:
        text = f"{text}; got {error['input']!r}"
    return Problem(lines.of(path), path, text)


def _near(word: str) -> str:
    known = {field.alias or name for shape in Shape.__subclasses__() for name, field in shape.model_fields.items()}
    near = get_close_matches(word, sorted(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""


def _contradictions(shape: PolicyShape) -> Iterator[tuple[str, str]]:
    """What each part allows but the whole does not; the rules are those of `core.policy.model`."""
    yield from _rings(shape)
    yield from _windows(shape)
    yield from _segments(shape)
    segments = {segment.name for segment in shape.segments}
    for number, rule in enumerate(shape.approvals):
        for name in rule.segments:
            if name not in segments:
                yield f"approvals[{number}].segments", f"there is no segment {name!r}"
    for name, override in shape.overrides.items():
        if len({person.strip().casefold() for person in override.by}) < 2:
            yield f"overrides.{name}.by", "expected two different people"
    yield from _twice("segments", [segment.name for segment in shape.segments])
    yield from _twice("approvals", [rule.name for rule in shape.approvals])


def _rings(shape: PolicyShape) -> Iterator[tuple[str, str]]:
    if len(shape.rings) < 2 and "single_ring" not in shape.overrides:
        yield "rings", "expected at least two rings, or an override `single_ring` by two people with a reason"
    for number, ring in enumerate(shape.rings):
        if not ring.soak.time and "no_soak" not in shape.overrides:
            yield f"rings[{number}].soak.time", "is zero; expected more, or an override `no_soak` by two people"
        if 0 < ring.soak.time.total_seconds() < 600 and "no_soak" not in shape.overrides:
            yield f"rings[{number}].soak.time", "is below 10m; expected more, or an override `no_soak` by two people"


def _windows(shape: PolicyShape) -> Iterator[tuple[str, str]]:
    for name, window in shape.windows.items():
        path = f"windows.{name}"
        if window.zone and not zone_exists(window.zone):
            yield f"{path}.zone", f"{window.zone!r} is no IANA time zone"
        if window.any_time:
            if window.rule:
                yield f"{path}.rule", "any_time has no rule"
            continue
        if not window.lasts:
            yield f"{path}.lasts", "is missing: how long the window stays open"
        yield from _rule(path, window.rule)
    for number, blackout in enumerate(shape.blackouts):
        if blackout.to_on < blackout.from_on:
            yield f"blackouts[{number}].to", f"{blackout.to_on} is before {blackout.from_on}"


def _rule(path: str, rule: str) -> Iterator[tuple[str, str]]:
    parts = dict(part.partition("=")[::2] for part in rule.upper().split(";") if part)
    if parts.get("FREQ") not in FREQUENCIES:
        yield f"{path}.rule", f"expected FREQ={', '.join(FREQUENCIES)} or any_time: true, got {rule!r}"
        return
    unwanted = {"BYSECOND", "BYMINUTE", "BYHOUR"} & set(parts)
    if unwanted or int(parts.get("COUNT", "0") or 0) > COUNT_MAX:
        yield (
            f"{path}.rule",
            f"{', '.join(unwanted) or 'COUNT'}: `start` says the time of day; COUNT is {COUNT_MAX} at most",
        )
        return
    try:
        rrulestr(rule, dtstart=datetime(2026, 1, 1))  # noqa: DTZ001 - rules are on local time
    except ValueError as error:
        yield f"{path}.rule", f"is no RFC 5545 rule: {error}"


def _segments(shape: PolicyShape) -> Iterator[tuple[str, str]]:
    for number, segment in enumerate(shape.segments):
        path = f"segments[{number}]"
        if segment.ring >= len(shape.rings):
            yield f"{path}.ring", f"there is no ring {segment.ring}; the last is {len(shape.rings) - 1}"
        if segment.window and segment.window not in shape.windows:
            yield f"{path}.window", f"there is no window {segment.window!r}"
        if not segment.window and segment.ring >= 2:
            yield f"{path}.window", "a segment in ring 2 or above needs a window (any time is one)"
        if segment.remedy not in shape.remedies:
            yield f"{path}.remedy", f"there is no remedy {segment.remedy!r}"


def _twice(path: str, names: list[str]) -> Iterator[tuple[str, str]]:
    for number, name in enumerate(names):
        if name in names[:number]:
            yield f"{path}[{number}].name", f"{name!r} is the name of another one"


def _build(shape: PolicyShape, lines: Lines, print_: str) -> model.Policy:
    return model.Policy(
        title=shape.title,
        automation=model.Automation(shape.automation),
        rings=tuple(_ring(number, ring) for number, ring in enumerate(shape.rings)),
        segments=tuple(_segment(number, shape, lines) for number in range(len(shape.segments))),
        windows={
            name: model.Window(name, "" if window.any_time else window.rule, window.start, window.lasts, window.zone)
            for name, window in shape.windows.items()
        },
        blackouts=tuple(model.Blackout(each.name, each.from_on, each.to_on) for each in shape.blackouts),
        approvals=tuple(_approval(number, shape, lines) for number in range(len(shape.approvals))),
        limits=model.Limits(**shape.limits.model_dump()),
        on_failure=model.OnFailure(shape.on_failure.failed_max, model.HaltScope(shape.on_failure.halt)),
        remedies={name: _remedy(name, shape) for name in shape.remedies},
        overrides={
            name: model.Override((each.by[0], each.by[1]), each.reason) for name, each in shape.overrides.items()
        },
        expected_duration=shape.expected_duration,
        fingerprint=print_,
    )


def _ring(number: int, shape: RingShape) -> model.Ring:
    soak = model.Soak(shape.soak.time, shape.soak.verified, shape.soak.device_hours)
    return model.Ring(number, shape.name, soak, shape.growth, shape.at_once)


def _segment(number: int, policy: PolicyShape, lines: Lines) -> model.SegmentRule:
    shape = policy.segments[number]
    return model.SegmentRule(
        shape.name,
        _conditions(shape.when),
        shape.ring,
        shape.window,
        model.RebootRule(shape.reboot),
        shape.remedy,
        tuple(shape.probes),
        lines.of(f"segments[{number}]"),
    )


def _approval(number: int, policy: PolicyShape, lines: Lines) -> model.ApprovalRule:
    shape = policy.approvals[number]
    line = lines.of(f"approvals[{number}]")
    outcome = model.Outcome(shape.decide)
    return model.ApprovalRule(shape.name, _conditions(shape.when), outcome, tuple(shape.segments), line)


def _remedy(name: str, policy: PolicyShape) -> model.Remedy:
    shape = policy.remedies[name]
    steps = tuple(model.RemedyStep(step) for step in shape.steps)
    return model.Remedy(name, steps, model.RemedyScope(shape.scope), shape.way_back == "required")


def _conditions(when: dict[str, list[str]]) -> tuple[model.Condition, ...]:
    return tuple(model.Condition(field, tuple(values)) for field, values in when.items())
