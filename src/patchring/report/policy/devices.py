"""Section 1: which devices there are, who maintains them when, and when nothing happens."""

from collections.abc import Iterator
from datetime import UTC, datetime, time

from patchring.core.policy.calendar import Blackout, CatchUp, Hours, Staffing, Window
from patchring.core.policy.carried import by_people
from patchring.core.policy.handling import AroundStep, StepKind
from patchring.core.policy.testing import Case
from patchring.core.schedule.windows import occurrences
from patchring.report.conditions import devices_in_words
from patchring.report.model import Block, Heading, Line, Row, Section, Table
from patchring.report.policy.constraints import constraints_of
from patchring.report.policy.edition import Edition, group_names
from patchring.report.recurrence import window_in_words
from patchring.report.words import WEEKDAYS, capital, clock, day, listed, name, sentence, short_day, span

NEXT_DATES = 3
_STEPS = {
    StepKind.CHECK_BACKUP: "look that there is a fresh backup",
    StepKind.DRAIN: "move the work to another machine",
    StepKind.STOP_SERVICE: "stop the service",
    StepKind.START_SERVICE: "start the service",
    StepKind.MAINTENANCE_MODE: "switch on maintenance mode",
}


def devices_section(edition: Edition) -> Section:
    intro = (
        "Devices that are treated alike form a group. The table is read from the top: a device belongs to the first "
        "group that describes it. A maintenance window is the time in which installations may begin; rings are "
        "explained in section 3."
    )
    blocks = (
        _groups(edition),
        *_unplaced(edition),
        *_steps(edition),
        Heading("Maintenance windows and their next dates"),
        *_windows(edition),
        *_hours(edition),
        Heading("Days on which nothing begins"),
        *_blackouts(edition),
        *_runs_on(edition),
        *constraints_of(edition, 1),
    )
    return Section(1, "Devices, groups and maintenance windows", intro, blocks)


def _groups(edition: Edition) -> Table:
    policy = edition.policy
    rows = tuple(
        Row(
            (capital(name(rule.name)), capital(devices_in_words(rule.when)), capital(name(rule.window or "any time")),
             capital(policy.ring(rule.ring).name)),
            edition.row_changed("segments", rule.name, rule.layer),
        )
        for rule in policy.segments
    )  # fmt: skip
    return Table(("Group", "Which devices", "Window", "Ring"), (26, 36, 20, 18), rows)


def _unplaced(edition: Edition) -> Iterator[Line]:
    if all(rule.when for rule in edition.policy.segments):
        yield Line("A device that no group describes is left alone, and shown to us until somebody places it.")


def _steps(edition: Edition) -> Iterator[Line]:
    for rule in edition.policy.segments:
        said = [*_staffing(rule.staffing), *_around(rule.around), *_tests(rule.tests)]
        if said:
            people = by_people("segments.around") if rule.around else ""
            changed = edition.changed(
                f"segments.{rule.name}.staffing", f"segments.{rule.name}.around", f"segments.{rule.name}.tests"
            )
            yield Line(" ".join(said), f"{capital(name(rule.name))}:", changed, people)


def _staffing(staffing: Staffing) -> list[str]:
    match staffing:
        case Staffing.NONE:
            return []
        case Staffing.ON_CALL:
            return ["One of us is on call and has confirmed it before anything begins."]
        case Staffing.ON_SHIFT:
            return ["One of us is at work before, during and after the installation."]


def _around(steps: tuple[AroundStep, ...]) -> list[str]:
    if not steps:
        return []
    said = listed((f"{_STEPS[step.kind]}{f' ({step.subject})' if step.subject else ''}" for step in steps), "and then")
    return [f"Around an installation, in this order: {said}."]


def _tests(cases: tuple[Case, ...]) -> list[str]:
    if not cases:
        return []
    said = listed(f"“{each.name}” ({each.criterion.rstrip('.')})" for each in cases)
    return [f"Before an update comes here it is on record that it passed: {said}; two of us together may waive that."]


def _windows(edition: Edition) -> Iterator[Block]:
    used = used_windows(edition)
    if not used:
        yield Line("There are no maintenance windows: every group may begin at any time.")
        return
    rows = tuple(_window_row(edition, window) for window in used)
    yield Table(("Window", "When", "Next dates"), (24, 52, 24), rows)
    yield Line(
        "Times are those of the place where the device stands, unless another zone is named. What does not fit into "
        f"what is left of a window does not begin: we reckon {span(edition.policy.expected_duration)} an installation. "
        f"The dates are counted from {day(edition.dates_from)}."
    )


def used_windows(edition: Edition) -> list[Window]:
    """Those that a group or an urgency row uses, in the order of the text."""
    policy = edition.policy
    names = {rule.window for rule in policy.segments} | {row.window for row in policy.urgency}
    return [window for key, window in policy.windows.items() if key in names]


def _window_row(edition: Edition, window: Window) -> Row:
    said = [sentence(window_in_words(window))]
    if all(rule.window != window.name for rule in edition.policy.segments):
        said.append("Only for urgent updates.")
    if window.outside_hours:
        said.append("Nothing begins in your opening hours.")
    if window.catch_up is CatchUp.WHEN_SEEN:
        said.append(_catch_up(window))
    cells = (capital(name(window.name)), " ".join(said), _next(edition, window))
    return Row(cells, edition.changed(f"windows.{window.name}"))


def _catch_up(window: Window) -> str:
    within = f" at most {span(window.catch_up_within)} later" if window.catch_up_within else ""
    return f"A device that was switched off may begin when it is seen again{within}, outside your opening hours."


def _next(edition: Edition, window: Window) -> str:
    if window.any_time:
        return "always"
    after = datetime.combine(edition.dates_from, time(0), edition.zone).astimezone(UTC)
    found: list[str] = []
    for each in occurrences(window, edition.zone, after):
        on = each.opens_at.astimezone(edition.zone).date()
        if on >= edition.dates_from and not _blacked_out(edition, window, on):
            found.append(short_day(on))
        if len(found) == NEXT_DATES:
            break
    return "\n".join(found) or "none in the year to come"


def _blacked_out(edition: Edition, window: Window, on: object) -> bool:
    """Whether a blackout for everybody who uses the window takes the day away."""
    users = {rule.name for rule in edition.policy.segments if rule.window == window.name}
    return any(
        each.from_on <= on <= each.to_on and (not each.segments or users <= set(each.segments))  # type: ignore[operator]
        for each in edition.policy.blackouts
    )


def _hours(edition: Edition) -> Iterator[Block]:
    if edition.policy.hours is not None:
        yield Line(hours_in_words(edition.policy.hours), "Your opening hours:", edition.changed("hours"))


def hours_in_words(hours: Hours) -> str:
    """`Monday to Thursday 08:00 to 18:00; Friday 08:00 to 12:00; closed on Saturday and Sunday.`"""
    spans = [listed(f"{clock(a)} to {clock(b)}" for a, b in hours.spans.get(n, ())) for n in range(7)]
    runs: list[tuple[int, int]] = []
    for number, said in enumerate(spans):
        if said and runs and runs[-1][1] == number - 1 and spans[runs[-1][0]] == said:
            runs[-1] = (runs[-1][0], number)
        elif said:
            runs.append((number, number))
    parts = [f"{_days(first, last)} {spans[first]}" for first, last in runs]
    closed = listed(WEEKDAYS[number] for number, said in enumerate(spans) if not said)
    return sentence("; ".join([*parts, *([f"closed on {closed}"] if closed else [])]))


def _days(first: int, last: int) -> str:
    if first == last:
        return WEEKDAYS[first]
    return f"{WEEKDAYS[first]} {'and' if last == first + 1 else 'to'} {WEEKDAYS[last]}"


def _blackouts(edition: Edition) -> Iterator[Block]:
    blackouts = edition.policy.blackouts
    if not blackouts:
        yield Line("There are no such days.")
        return
    yield Table(
        ("Days", "From", "To", "At whose wish", "Groups"),
        (28, 19, 19, 14, 20),
        tuple(_blackout_row(edition, each) for each in blackouts),
    )


def _blackout_row(edition: Edition, each: Blackout) -> Row:
    whose = "yours" if each.authority == "client" else "ours"
    cells = (
        capital(name(each.name)),
        day(each.from_on),
        day(each.to_on),
        whose,
        group_names(edition.policy, each.segments),
    )
    return Row(cells, edition.changed(f"blackouts.{each.name}"))


def _runs_on(edition: Edition) -> Iterator[Line]:
    for each in edition.policy.runs_on:
        text = (
            f"{capital(devices_in_words(each.host))} carry {devices_in_words(each.guests)}: "
            "they are restarted only when these may be down."
        )
        yield Line(text, f"{capital(name(each.name))}:", edition.changed(f"runs_on.{each.name}"), by_people("runs_on"))
