"""Rows of the tables that decide: segments, approvals, urgency, exceptions."""

from collections.abc import Mapping

from patchring.core.policy import calendar, handling, model, testing
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.layers import level_of
from patchring.policyfile.shapes.placing import SegmentShape
from patchring.policyfile.shapes.rules import ApprovalShape, ExceptionShape, UrgencyShape
from patchring.policyfile.values.conditions import conditions, place_of


def segment(
    number: int, shape: SegmentShape, flat: Flat, plans: Mapping[str, handling.RebootPlan]
) -> model.SegmentRule:
    at, place = ("segments", number), place_of(flat, "segments", number)
    plan = plans.get(shape.reboot)
    return model.SegmentRule(
        name=shape.name,
        when=conditions(shape.when, flat.extras.get(at, ())),
        ring=shape.ring,
        window=shape.window,
        reboot=plan.rule if plan else handling.RebootRule(shape.reboot),
        remedy=shape.remedy,
        probes=tuple(shape.probes),
        line=place.line,
        automation=model.Automation(shape.automation) if shape.automation else None,
        layer=place.layer,
        base=flat.bases.get(at, shape.name),
        reboot_plan=plan.name if plan else "",
        staffing=calendar.Staffing(shape.staffing),
        around=tuple(_around(step) for step in shape.around),
        tests=tuple(testing.Case(name, criterion) for name, criterion in shape.tests.items()),
    )


def _around(step: Mapping[str, str]) -> handling.AroundStep:
    kind, subject = next(iter(step.items()))
    return handling.AroundStep(handling.StepKind(kind), subject)


def approval(number: int, shape: ApprovalShape, flat: Flat) -> model.ApprovalRule:
    place = place_of(flat, "approvals", number)
    return model.ApprovalRule(
        name=shape.name,
        when=conditions(shape.when),
        outcome=model.Outcome(shape.decide),
        segments=tuple(shape.segments),
        line=place.line,
        layer=place.layer,
        nearness=_nearness(flat, number, place.layer),
        authority=model.Authority(shape.authority),
        asked=model.Asked(shape.people, shape.consent, shape.owner or "", shape.due),
        reason=shape.reason,
    )


def _nearness(flat: Flat, number: int, layer: str) -> int:
    """The layer's level. Compiling writes the segments of a site's rows out, so there it also counts whether the text
    had them: a row with segments goes before a row for all of its layer."""
    level = level_of(layer)
    return level if flat.scoped is None else 2 * level + (number in flat.scoped)


def urgency(number: int, shape: UrgencyShape, flat: Flat) -> model.UrgencyRule:
    place = place_of(flat, "urgency", number)
    return model.UrgencyRule(
        name=shape.name,
        when=conditions(shape.when),
        segments=tuple(shape.segments),
        soak_max=shape.soak_max,
        verified_max=shape.verified_max,
        window=shape.window,
        in_blackout=shape.in_blackout,
        told=tuple(shape.tell),
        line=place.line,
        layer=place.layer,
    )


def exception(number: int, shape: ExceptionShape, flat: Flat) -> model.PolicyException:
    at, place = ("exceptions", number), place_of(flat, "exceptions", number)
    return model.PolicyException(
        name=shape.name,
        kind=model.ExceptionKind(shape.kind),
        patches=conditions(shape.patches),
        devices=conditions(shape.devices, flat.extras.get(at, ())),
        owner=shape.owner,
        accepted_by=shape.accepted_by,
        reason=shape.reason,
        control=shape.control,
        until_on=shape.until,
        due_on=shape.due,
        renewals=shape.renewals,
        line=place.line,
        layer=place.layer,
    )
