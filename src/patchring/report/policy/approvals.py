"""Section 2: what is decided for which updates, how far it goes without a person, and what is urgent."""

from collections.abc import Iterator

from patchring.core.policy.carried import by_people
from patchring.core.policy.decide import rank
from patchring.core.policy.handling import Relation, RelationKind
from patchring.core.policy.model import ApprovalRule, Asked, Authority, Automation, Outcome, UrgencyRule
from patchring.core.risk.tables import DueTable
from patchring.report.conditions import patches_in_words
from patchring.report.model import Block, Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition, group_names
from patchring.report.words import capital, counted, listed, name, number, sentence, span

LEVELS = {
    Automation.OBSERVE: "Patchring only looks and reports. Nothing is installed.",
    Automation.RECOMMEND: "Patchring says what it would do. A person starts every installation.",
    Automation.APPROVE_FIRST: "Patchring prepares everything and waits until a person has approved it.",
    Automation.AUTOMATIC: "What the rules below let go is installed without asking again; the rest waits for a person.",
}
OUTCOMES = {
    Outcome.AUTO: "Goes by itself",
    Outcome.EXPEDITE: "Urgent: goes by itself, faster (see below)",
    Outcome.REVIEW: "A person decides first",
    Outcome.HOLD: "Held back until somebody releases it",
    Outcome.BLOCK: "Never installed",
}
DUE = {
    DueTable.BOD_26_04: "A known weakness is due after 3, 14 or 60 days, or with the next upgrade: the sooner, the "
    "more of this is true: it is used in attacks, the device can be reached from the internet, an attack needs no "
    "person, it gives full control (CISA's directive BOD 26-04).",
    DueTable.CYBER_ESSENTIALS: "A known weakness that is critical or high, scores 7.0 or above, or is not described by "
    "its maker, is due after 14 days (Cyber Essentials); any other with the next upgrade.",
    DueTable.FLAT: "Every known weakness is due after 14 days.",
}
_WORD_OF = {
    Authority.CLIENT: "at your wish",
    Authority.VENDOR: "on the maker's word",
    Authority.SCANNER: "because a security scan found it",
}


def approvals_section(edition: Edition) -> Section:
    intro = (
        "An update (also called a patch) is a change that the maker of a program publishes. This table says which "
        "updates go by themselves and which wait for a person. Where several rows fit, the uppermost counts."
    )
    blocks = (
        Line(LEVELS[edition.policy.automation], "How far it goes by itself:", edition.changed("automation")),
        *_levels(edition),
        *_rules(edition),
        Line("An update that no row describes waits for a person.", "Everything else:"),
        Heading("What is urgent"),
        *_urgency(edition),
        Line(DUE[edition.policy.due_dates], "Until when:", edition.changed("due_dates")),
        *_relations(edition),
        *constraints_of(edition, 2),
    )
    return Section(2, "Which updates are approved, and by whom", intro, blocks)


def _levels(edition: Edition) -> Iterator[Line]:
    for rule in edition.policy.segments:
        if rule.automation is not None and rule.automation is not edition.policy.automation:
            changed = edition.changed(f"segments.{rule.name}.automation")
            yield Line(LEVELS[rule.automation], f"For {name(rule.name)}:", changed)


def _rules(edition: Edition) -> Iterator[Block]:
    rules = sorted(edition.policy.approvals, key=rank)
    if not rules:
        yield Line("No rule approves anything: every update waits for a person.")
        return
    rows = tuple(_rule_row(edition, rule) for rule in rules)
    yield Table(("Updates", "Groups", "What happens"), (42, 24, 34), rows)


def _rule_row(edition: Edition, rule: ApprovalRule) -> Row:
    said = [sentence(OUTCOMES[rule.outcome])]
    if rule.outcome is Outcome.REVIEW:
        said += asked_in_words(edition, rule.asked)
    if rule.authority in _WORD_OF:
        said.append(sentence(_WORD_OF[rule.authority]))
    if rule.reason:
        said.append(sentence(rule.reason))
    people = by_people("approvals.due") if rule.outcome is Outcome.REVIEW and rule.asked.due_within else ""
    cells = (capital(patches_in_words(rule.when)), group_names(edition.policy, rule.segments), " ".join(said))
    return Row(cells, edition.row_changed("approvals", rule.name, rule.layer), people)


def asked_in_words(edition: Edition, asked: Asked) -> list[str]:
    """What a review asks for, in sentences; none for one person of ours."""
    said = []
    if asked.people_min > 1:
        said.append(f"{capital(number(asked.people_min))} different persons have to agree.")
    if asked.consent:
        said.append("You have to agree too.")
    if asked.due_within is not None or asked.owner:
        within = f" within {span(asked.due_within)}" if asked.due_within is not None else ""
        said.append(f"{capital(edition.owner(asked.owner))} sees to it{within}.")
    return said


def _urgency(edition: Edition) -> Iterator[Block]:
    rows = edition.policy.urgency
    if not rows:
        yield Line("Nothing goes faster than the rings of section 3 allow: there is no rule for urgent updates.")
        return
    columns = ("Urgent updates", "Groups", "How they go faster")
    yield Table(columns, (34, 22, 44), tuple(_urgency_row(edition, row) for row in rows))
    yield Line("Urgent updates, too, are tried on our own devices first, and every installation is checked afterwards.")


def _urgency_row(edition: Edition, row: UrgencyRule) -> Row:
    said = []
    if row.soak_max is not None:
        said.append(f"Each ring is watched for {span(row.soak_max)} at most.")
    if row.verified_max is not None:
        verb = "is" if row.verified_max == 1 else "are"
        said.append(f"{capital(counted(row.verified_max, 'device'))} found well {verb} enough.")
    if row.window:
        said.append(f"May also begin in the window “{name(row.window)}”.")
    if row.in_blackout:
        said.append("May begin on days on which nothing else begins.")
    if row.told:
        said.append(f"Told at once: {listed(edition.owner(duty) for duty in row.told)}.")
    cells = (capital(patches_in_words(row.when)), group_names(edition.policy, row.segments),
             " ".join(said) or "They go in the same way; they are only told of first.")  # fmt: skip
    people = by_people("urgency.told") if row.told else ""
    return Row(cells, edition.row_changed("urgency", row.name, row.layer), people)


def _relations(edition: Edition) -> Iterator[Block]:
    if edition.policy.relations:
        yield Heading("What belongs together")
        for each in edition.policy.relations:
            yield Line(_relation(each), f"{capital(name(each.name))}:", edition.changed(f"relations.{each.name}"))


def _relation(each: Relation) -> str:
    what, other = patches_in_words(each.when), patches_in_words(each.other)
    older = f" older than {each.older_than}" if each.older_than else ""
    match each.kind:
        case RelationKind.NEEDS:
            return sentence(f"before {what}, {other} come first")
        case RelationKind.CONFLICTS:
            return sentence(f"{what} are not installed where there are {other}{older}")
        case RelationKind.SHARES:
            return sentence(f"{what} share {each.component} with others: when one does harm, all of them are looked at")
