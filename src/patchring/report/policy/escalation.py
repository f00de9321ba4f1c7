"""Section 7: who is asked, in which order, within which time, and when nobody is woken."""

from collections.abc import Iterator

from patchring.core.policy.carried import by_people
from patchring.core.policy.people import EscalationStep
from patchring.report.model import Block, Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import DUTIES, Edition
from patchring.report.words import clock, span


def escalation_section(edition: Edition) -> Section:
    intro = (
        "When something needs a person, these are told, from the top. When somebody does not answer in "
        "time, the deputy is told, and then the next row. Every row is a person, never a team."
    )
    blocks = (*_path(edition), *_reach(edition), *_quiet(edition), *constraints_of(edition, 7))
    return Section(7, "Who is responsible", intro, blocks)


def _path(edition: Edition) -> Iterator[Block]:
    steps = edition.policy.people.escalation
    if not steps:
        yield Line("No persons are named yet. Call our service desk; nobody else is told.")
        return
    yield Table(("Duty", "Person", "Deputy", "Answers within"), (34, 24, 24, 18), tuple(_rows(edition, steps)))
    people = by_people("escalation")
    if people:
        yield Line("Telling the next person is done by hand for now.", by_people=people)


def _rows(edition: Edition, steps: tuple[EscalationStep, ...]) -> Iterator[Row]:
    for step in steps:
        cells = (
            DUTIES[step.duty],
            edition.person(step.person),
            edition.person(step.deputy),
            span(step.acknowledge_within),
        )
        yield Row(cells, edition.changed(f"escalation.{step.duty.value}"))


def _reach(edition: Edition) -> Iterator[Block]:
    people = edition.policy.people.people
    if people:
        yield Heading("How to reach them")
        rows = (
            Row((each.name, each.phone or "no number given", each.mail), edition.changed(f"people.{key}"))
            for key, each in people.items()
        )
        yield Table(("Person", "Telephone", "Mail"), (32, 28, 40), tuple(rows))


def _quiet(edition: Edition) -> Iterator[Block]:
    quiet = edition.policy.people.quiet_hours
    yield Heading("Quiet hours")
    if quiet is None:
        yield Line("There are none: people are told at any hour.")
        return
    text = f"From {clock(quiet.from_at)} to {clock(quiet.to_at)}, local time, only what is urgent wakes somebody."
    yield Line(text, "", edition.changed("quiet_hours"), by_people("quiet_hours"))
