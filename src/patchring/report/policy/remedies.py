"""Section 6: what stops when something goes wrong, and how devices are brought back."""

from collections.abc import Iterator

from patchring.core.policy.carried import all_by_people
from patchring.core.policy.handling import Remedy, RemedyScope, RemedyStep
from patchring.core.policy.model import HaltScope
from patchring.report.model import Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition
from patchring.report.words import capital, counted, listed, name

STEPS = {
    RemedyStep.RETURN_TO_PRIOR: "go back to the version before, which is kept on the device",
    RemedyStep.UNINSTALL: "take the update off",
    RemedyStep.VENDOR_WORKAROUND: "apply the maker’s workaround",
    RemedyStep.REVERT_SNAPSHOT: "take the machine back to its snapshot (a copy made shortly before)",
    RemedyStep.RESTORE_BACKUP: "restore the backup",
}
SCOPES = {
    RemedyScope.FAILED: "The devices on which it failed",
    RemedyScope.INSTALLED: "All devices that have the update, also those that look well",
}
HALTS = {
    HaltScope.RING: "the ring stops",
    HaltScope.ROLLOUT: "the update stops everywhere in your company",
    HaltScope.TENANT: "everything stops in your company, other updates too",
    HaltScope.PATCH: "the update stops at once for all clients of ours, yours among them",
}


def remedies_section(edition: Edition) -> Section:
    intro = (
        "What happens when an update does harm: what stops by itself, and the steps by which a device is brought back. "
        "The steps are tried in order; each is checked before the next one."
    )
    blocks = (
        *_halt(edition),
        Heading("How a device is brought back"),
        Table(("Groups", "Steps", "Which devices"), (28, 42, 30), tuple(_rows(edition))),
        *constraints_of(edition, 6),
    )
    return Section(6, "When something goes wrong", intro, blocks)


def _halt(edition: Edition) -> Iterator[Line]:
    on_failure = edition.policy.on_failure
    many = f"more than {counted(on_failure.failed_max, 'device')} fail" if on_failure.failed_max else "a device fails"
    text = f"As soon as {many} in a ring, {HALTS[on_failure.halt]}. The first device of a ring stops it in any case."
    yield Line(text, "What stops:", edition.changed("on_failure"))
    yield Line("What was stopped begins again only when one of us has looked at it and says so, with the reason.")


def _rows(edition: Edition) -> Iterator[Row]:
    for key, remedy in edition.policy.remedies.items():
        groups = [rule.name for rule in edition.policy.segments if rule.remedy == key]
        if groups:
            yield _row(edition, remedy, groups)


def _row(edition: Edition, remedy: Remedy, groups: list[str]) -> Row:
    steps = capital(listed((STEPS[step] for step in remedy.steps), "and at last"))
    without = (
        "Where no way back is ready, the update is not installed."
        if remedy.way_back_required
        else "It may be installed although no way back is ready."
    )
    hands = [step for step in remedy.steps if step is not RemedyStep.RETURN_TO_PRIOR]
    by = f" By hand: {edition.person(remedy.carried_out_by)}." if remedy.carried_out_by and hands else ""
    cells = (capital(listed(name(each) for each in groups)), f"{steps}. {without}{by}", f"{SCOPES[remedy.scope]}.")
    people = all_by_people(*(f"remedies.{step.value}" for step in hands))
    return Row(cells, edition.changed(f"remedies.{remedy.name}"), people)
