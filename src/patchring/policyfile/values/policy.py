"""The whole."""

from patchring.core.policy import handling, model
from patchring.core.policy.reception import ProposalRules, Reception
from patchring.core.risk.tables import DueTable
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.shapes.placing import RingShape
from patchring.policyfile.shapes.rules import ProposalsShape
from patchring.policyfile.shapes.whole import PolicyShape
from patchring.policyfile.sources import sources_of
from patchring.policyfile.values.handling import campaign, downloads, override, reboot_plan, relation, remedy, runs_on
from patchring.policyfile.values.people import people_rules
from patchring.policyfile.values.rows import approval, exception, segment, urgency
from patchring.policyfile.values.timing import blackout, hours, window


def build(shape: PolicyShape, flat: Flat, fingerprint: str) -> model.Policy:
    """Core's policy. Rows keep layer and line that they stand on, so that every reason can name them."""
    plans = {name: reboot_plan(name, each) for name, each in shape.reboots.items()}
    limits = shape.limits.model_dump(exclude={"sites"})
    return model.Policy(
        title=shape.title,
        automation=model.Automation(shape.automation),
        rings=tuple(_ring(number, ring) for number, ring in enumerate(shape.rings)),
        segments=tuple(segment(n, each, flat, plans) for n, each in enumerate(shape.segments)),
        windows={name: window(name, each) for name, each in shape.windows.items()},
        blackouts=tuple(blackout(each) for each in shape.blackouts),
        approvals=tuple(approval(n, each, flat) for n, each in enumerate(shape.approvals)),
        limits=model.Limits(**limits, at_sites=dict(shape.limits.sites)),
        on_failure=model.OnFailure(shape.on_failure.failed_max, model.HaltScope(shape.on_failure.halt)),
        remedies={name: remedy(name, each) for name, each in shape.remedies.items()},
        overrides={name: override(each) for name, each in shape.overrides.items()},
        expected_duration=shape.expected_duration,
        fingerprint=fingerprint,
        urgency=tuple(urgency(n, each, flat) for n, each in enumerate(shape.urgency)),
        exceptions=tuple(exception(n, each, flat) for n, each in enumerate(shape.exceptions)),
        reboots=plans,
        hours=hours(shape.hours),
        people=people_rules(shape),
        relations=tuple(relation(n, each, flat) for n, each in enumerate(shape.relations)),
        runs_on=tuple(runs_on(each) for each in shape.runs_on),
        releases=handling.Releases(handling.Superseded(shape.releases.superseded), shape.releases.behind_max),
        catch_up_campaign=campaign(shape.catch_up_campaign),
        downloads=downloads(shape.downloads),
        proposals=_proposals(shape.proposals),
        due_dates=DueTable(shape.due_dates),
        layers=flat.layers,
        sources=sources_of(flat.root),
    )


def _ring(number: int, shape: RingShape) -> model.Ring:
    soak = model.Soak(shape.soak.time, shape.soak.verified, shape.soak.device_hours)
    return model.Ring(number, shape.name, soak, shape.growth, shape.at_once)


def _proposals(shape: ProposalsShape) -> ProposalRules:
    return ProposalRules(Reception(shape.hold), Reception(shape.expedite), Reception(shape.approve))
