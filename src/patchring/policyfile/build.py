"""From a shape without contradictions to core's policy."""

from datetime import time, timedelta

from patchring.core.policy import calendar, condition, handling, model
from patchring.policyfile.reading import Lines
from patchring.policyfile.shape import (
    ApprovalShape,
    OverrideShape,
    PolicyShape,
    RemedyShape,
    RingShape,
    SegmentShape,
    WindowShape,
)


def build(shape: PolicyShape, lines: Lines, fingerprint: str) -> model.Policy:
    """Core's policy. Rows keep the line that they stand on, so that every reason can name it."""
    return model.Policy(
        title=shape.title,
        automation=model.Automation(shape.automation),
        rings=tuple(_ring(number, ring) for number, ring in enumerate(shape.rings)),
        segments=tuple(_segment(each, lines.of(f"segments[{n}]")) for n, each in enumerate(shape.segments)),
        windows={name: _window(name, window) for name, window in shape.windows.items()},
        blackouts=tuple(calendar.Blackout(each.name, each.from_on, each.to_on) for each in shape.blackouts),
        approvals=tuple(_approval(each, lines.of(f"approvals[{n}]")) for n, each in enumerate(shape.approvals)),
        limits=model.Limits(**shape.limits.model_dump()),
        on_failure=model.OnFailure(shape.on_failure.failed_max, model.HaltScope(shape.on_failure.halt)),
        remedies={name: _remedy(name, remedy) for name, remedy in shape.remedies.items()},
        overrides={name: _override(override) for name, override in shape.overrides.items()},
        expected_duration=shape.expected_duration,
        fingerprint=fingerprint,
    )


def _ring(number: int, shape: RingShape) -> model.Ring:
    soak = model.Soak(shape.soak.time, shape.soak.verified, shape.soak.device_hours)
    return model.Ring(number, shape.name, soak, shape.growth, shape.at_once)


def _window(name: str, shape: WindowShape) -> calendar.Window:
    return calendar.Window(
        name=name,
        rule=shape.rule.upper(),
        start=shape.start or time(0),
        duration=shape.lasts or timedelta(0),
        zone=shape.zone,
        begins_on=shape.begins,
        days_after=shape.days_after,
    )


def _segment(shape: SegmentShape, line: int) -> model.SegmentRule:
    return model.SegmentRule(
        name=shape.name,
        when=_conditions(shape.when),
        ring=shape.ring,
        window=shape.window,
        reboot=handling.RebootRule(shape.reboot),
        remedy=shape.remedy,
        probes=tuple(shape.probes),
        line=line,
        automation=model.Automation(shape.automation) if shape.automation else None,
    )


def _approval(shape: ApprovalShape, line: int) -> model.ApprovalRule:
    outcome = model.Outcome(shape.decide)
    return model.ApprovalRule(shape.name, _conditions(shape.when), outcome, tuple(shape.segments), line)


def _remedy(name: str, shape: RemedyShape) -> handling.Remedy:
    steps = tuple(handling.RemedyStep(step) for step in shape.steps)
    return handling.Remedy(name, steps, handling.RemedyScope(shape.scope), shape.way_back == "required")


def _override(shape: OverrideShape) -> model.Override:
    return model.Override((shape.by[0], shape.by[1]), shape.reason)


def _conditions(when: dict[str, list[str]]) -> tuple[condition.Condition, ...]:
    return tuple(condition.Condition(field, tuple(values)) for field, values in when.items())
