"""Section 8: what the client is told, how often, and who gets it."""

from collections.abc import Iterator

from patchring.core.policy.carried import by_people
from patchring.core.policy.people import Cadence
from patchring.report.model import Line, Section
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition
from patchring.report.words import listed

EVERY = {Cadence.WEEKLY: "every week", Cadence.MONTHLY: "every month", Cadence.QUARTERLY: "every three months"}


def reporting_section(edition: Edition) -> Section:
    intro = "The report says what was installed, what failed and was brought back, what waits and why, and who decided."
    blocks = (*_cadence(edition), *_record(), *constraints_of(edition, 8))
    return Section(8, "Reports", intro, blocks)


def _cadence(edition: Edition) -> Iterator[Line]:
    reporting = edition.policy.people.reporting
    if reporting is None:
        yield Line("No regular report is agreed. Ask us, and we show you the records.")
        return
    text = f"You get it {EVERY[reporting.every]}. It goes to {listed(map(edition.person, reporting.to))}."
    yield Line(text, "How often:", edition.changed("reporting"), by_people("reporting"))


def _record() -> Iterator[Line]:
    yield Line(
        "Every installation, approval, stop and refusal is recorded with its time, its reason, who did it, and the "
        "fingerprint of the policy that was in force. Records are chained, so that a later change would be seen.",
        "What is recorded:",
    )
