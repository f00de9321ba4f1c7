"""Section 4: what is restarted, when, and what a person at the device can do about it."""

from collections.abc import Iterator

from patchring.core.policy.carried import all_by_people
from patchring.core.policy.handling import RebootPlan, RebootRule
from patchring.core.policy.model import SegmentRule
from patchring.report.model import Block, Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition
from patchring.report.words import capital, counted, listed, name, span, times

RULES = {
    RebootRule.NEVER: "Never by us; a person restarts it when it suits",
    RebootRule.IF_REQUIRED: "When an update needs it, in the window",
    RebootRule.ALWAYS: "After every update, in the window",
}


def reboots_section(edition: Edition) -> Section:
    intro = (
        "Many updates work only after the device was restarted. Until then it counts as waiting for its restart, and "
        "not as updated."
    )
    blocks = (_groups(edition), *_plans(edition), *constraints_of(edition, 4))
    return Section(4, "Restarts", intro, blocks)


def _groups(edition: Edition) -> Table:
    rows = tuple(_row(edition, rule) for rule in edition.policy.segments)
    if any(rule.reboot_plan for rule in edition.policy.segments):
        return Table(("Group", "Restarted", "By the plan"), (34, 42, 24), rows)
    return Table(("Group", "Restarted"), (44, 56), tuple(Row(row.cells[:2], row.changed) for row in rows))


def _row(edition: Edition, rule: SegmentRule) -> Row:
    plan = name(rule.reboot_plan) if rule.reboot_plan else "none"
    cells = (capital(name(rule.name)), RULES[rule.reboot], plan)
    return Row(cells, edition.changed(f"segments.{rule.name}.reboot"))


def _plans(edition: Edition) -> Iterator[Block]:
    used = {rule.reboot_plan for rule in edition.policy.segments}
    plans = [plan for key, plan in edition.policy.reboots.items() if key in used]
    if plans:
        yield Heading("The plans")
        yield from (_plan(edition, plan) for plan in plans)


def _plan(edition: Edition, plan: RebootPlan) -> Line:
    said, fields = [], []
    if plan.warnings:
        warned = listed((f"{span(each)} before" for each in sorted(plan.warnings, reverse=True)), "and again")
        said.append(f"Whoever is at the device is warned {warned}.")
        fields.append("warnings")
    if plan.deferrals:
        said.append(f"The restart can be put off {times(plan.deferrals)}.")
        fields.append("deferrals")
    if plan.deadline is not None:
        said.append(f"At the latest {span(plan.deadline)} after the first warning it comes anyhow.")
        fields.append("deadline")
    elif plan.deferrals:
        said.append("It is never forced.")
    if plan.order or plan.at_once_max is not None:
        said.append(_order(edition, plan))
        fields += ["order"] * bool(plan.order) + ["at_once_max"] * (plan.at_once_max is not None)
    if plan.rule is not RebootRule.NEVER:
        said.append(f"A device that is not well {span(plan.healthy_within)} after its restart is reported to us.")
        fields.append("healthy_within")
    people = all_by_people(*(f"reboots.{field}" for field in fields))
    text = " ".join(said) or f"{RULES[plan.rule]}."
    return Line(text, f"{capital(name(plan.name))}:", edition.changed(f"reboots.{plan.name}"), people)


def _order(edition: Edition, plan: RebootPlan) -> str:
    earlier = [other.name for other in edition.policy.reboots.values() if other.order < plan.order]
    after = (
        f"Restarted after {listed(f'the devices of the plan “{name(each)}”' for each in earlier)}"
        if earlier
        else "Restarted first"
    )
    return after + (f", at most {counted(plan.at_once_max, 'device')} at a time." if plan.at_once_max else ".")
