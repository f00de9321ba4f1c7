"""Restarts, the way back, relations, downloads."""

from patchring.core.policy import handling, model
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.shapes.handling import CampaignShape, DownloadsShape, RebootShape, RemedyShape, RunsOnShape
from patchring.policyfile.shapes.placing import OverrideShape
from patchring.policyfile.shapes.rules import RelationShape
from patchring.policyfile.values.conditions import conditions, place_of


def reboot_plan(name: str, shape: RebootShape) -> handling.RebootPlan:
    """Warnings in the order in which they come."""
    return handling.RebootPlan(
        name=name,
        rule=handling.RebootRule(shape.rule),
        warnings=tuple(sorted(shape.warnings, reverse=True)),
        deferrals=shape.deferrals,
        deadline=shape.deadline,
        order=shape.order,
        at_once_max=shape.at_once,
        healthy_within=shape.healthy_within,
    )


def remedy(name: str, shape: RemedyShape) -> handling.Remedy:
    steps = tuple(handling.RemedyStep(step) for step in shape.steps)
    return handling.Remedy(name, steps, handling.RemedyScope(shape.scope), shape.way_back == "required", shape.by)


def override(shape: OverrideShape) -> model.Override:
    return model.Override((shape.by[0], shape.by[1]), shape.reason)


def relation(number: int, shape: RelationShape, flat: Flat) -> handling.Relation:
    place = place_of(flat, "relations", number)
    return handling.Relation(
        name=shape.name,
        kind=handling.RelationKind(shape.kind),
        when=conditions(shape.when),
        other=conditions(shape.other),
        older_than=shape.older_than,
        component=shape.component,
        line=place.line,
        layer=place.layer,
    )


def runs_on(shape: RunsOnShape) -> handling.RunsOn:
    return handling.RunsOn(shape.name, conditions(shape.host), conditions(shape.guests))


def campaign(shape: CampaignShape | None) -> handling.CatchUpCampaign | None:
    return handling.CatchUpCampaign(shape.at_once, shape.patches_at_once) if shape else None


def downloads(shape: DownloadsShape | None) -> handling.Downloads | None:
    return handling.Downloads(**shape.model_dump()) if shape else None
