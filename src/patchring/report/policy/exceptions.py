"""Section 5: what is put off, what is left out, until when, and who answers for it."""

from patchring.core.policy.model import ExceptionKind, PolicyException
from patchring.report.conditions import devices_in_words, patches_in_words
from patchring.report.model import Line, Section, Table
from patchring.report.model import Row as TableRow
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition
from patchring.report.words import capital, day, name, sentence, times

KINDS = {ExceptionKind.DEFERRAL: "Put off", ExceptionKind.EXCEPTION: "Left out"}


def exceptions_section(edition: Edition) -> Section:
    intro = (
        "An exception is an update that some devices do not get, until a date; a deferral is one that they get later. "
        "Each has somebody who answers for it, and ends by itself. It counts no more as soon as the weakness that the "
        "update closes is being attacked."
    )
    found = edition.policy.exceptions
    said = Line("There are no exceptions.") if not found else _table(edition, found)
    return Section(5, "Exceptions and deferrals", intro, (said, *constraints_of(edition, 5)))


def _table(edition: Edition, found: tuple[PolicyException, ...]) -> Table:
    columns = ("Exception", "Until", "Why, and what protects the devices meanwhile", "Who answers for it")
    return Table(columns, (30, 15, 35, 20), tuple(_row(edition, each) for each in found))


def _row(edition: Edition, each: PolicyException) -> TableRow:
    what = f"{capital(name(each.name))}. {KINDS[each.kind]}: {patches_in_words(each.patches)}, on {_where(each)}."
    until = f"End of {day(each.until_on)}."
    if each.due_on is not None:
        until += f" It was due on {day(each.due_on)}."
    if each.renewals:
        until += f" Renewed {times(each.renewals)}."
    why = f"{sentence(each.reason)} Meanwhile: {each.control.strip().rstrip('.')}."
    who = f"Owner: {edition.person(each.owner)}. Accepted by {edition.person(each.accepted_by)}."
    return TableRow((what, until, why, who), edition.row_changed("exceptions", each.name, each.layer))


def _where(each: PolicyException) -> str:
    return devices_in_words(each.devices)
