"""All that makes a text no policy. The rules are those on top of `core.policy.model`, and those of each file here."""

from patchring.policyfile.checks.found import Found, twice
from patchring.policyfile.checks.persons import of_people
from patchring.policyfile.checks.proposals import of_proposals
from patchring.policyfile.checks.rings import of_overrides, of_rings
from patchring.policyfile.checks.rows import of_approvals, of_exceptions, of_relations, of_segments, of_urgency
from patchring.policyfile.checks.timing import of_blackouts, of_hours, of_reboots, of_windows
from patchring.policyfile.shapes.whole import PolicyShape

_TABLES = ("rings", "segments", "approvals", "urgency", "blackouts", "exceptions", "relations", "runs_on")


def contradictions(shape: PolicyShape) -> Found:
    """(location, sentence) of each thing that does not fit."""
    for table in _TABLES:
        yield from twice((table,), [row.name for row in getattr(shape, table)])
    yield from twice(("client", "constraints"), [each.name for each in shape.client.constraints])
    yield from of_rings(shape)
    yield from of_overrides(shape)
    yield from of_windows(shape)
    yield from of_hours(("hours",), shape.hours)
    yield from of_blackouts(shape)
    yield from of_reboots(shape)
    yield from of_segments(shape)
    yield from of_approvals(shape)
    yield from of_urgency(shape)
    yield from of_exceptions(shape)
    yield from of_relations(shape)
    yield from of_proposals(shape)
    yield from of_people(shape)
