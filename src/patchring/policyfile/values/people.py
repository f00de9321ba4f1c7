"""Persons, duties, reports, the client."""

from patchring.core.policy import people
from patchring.policyfile.shapes.people import ReportingShape, StandingShape
from patchring.policyfile.shapes.whole import PolicyShape


def people_rules(shape: PolicyShape) -> people.PeopleRules:
    quiet = shape.quiet_hours
    return people.PeopleRules(
        people={key: people.Person(key, each.name, each.mail, each.phone) for key, each in shape.people.items()},
        escalation=_escalation(shape),
        quiet_hours=people.QuietHours(quiet.from_at, quiet.to_at) if quiet else None,
        reporting=_reporting(shape.reporting),
        constraints=tuple(
            people.Constraint(each.name, each.says, each.asked_by, each.since, tuple(each.kept_by))
            for each in shape.client.constraints
        ),
        standing=_standing(shape.standing),
    )


def _escalation(shape: PolicyShape) -> tuple[people.EscalationStep, ...]:
    """In the order of the path, whatever the order of the text."""
    steps = ((duty, shape.escalation.get(duty.value)) for duty in people.Duty)
    return tuple(people.EscalationStep(duty, each.person, each.deputy, each.within) for duty, each in steps if each)


def _reporting(shape: ReportingShape | None) -> people.Reporting | None:
    return people.Reporting(people.Cadence(shape.every), tuple(shape.to)) if shape else None


def _standing(shape: StandingShape) -> people.Standing:
    return people.Standing(people.Stability(shape.stability), shape.pilot, shape.rated_by, shape.reason)
