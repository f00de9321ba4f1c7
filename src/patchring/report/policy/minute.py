"""The page that says in a minute what all of it means, and the words that the document uses."""

from collections.abc import Iterator

from patchring.core.policy.model import Automation, Outcome
from patchring.core.policy.people import Duty
from patchring.report.conditions import patches_in_words
from patchring.report.model import Line, Section, entries
from patchring.report.policy.edition import Edition
from patchring.report.policy.remedies import HALTS
from patchring.report.words import capital, counted, listed, name, names, span

ROWS_MAX = 4
_LEVELS = {
    Automation.OBSERVE: "Nothing is installed: we only look, and report what is missing.",
    Automation.RECOMMEND: "Nothing is installed before one of us starts it.",
    Automation.APPROVE_FIRST: "Nothing is installed before one of us has approved it.",
    Automation.AUTOMATIC: "Updates that the rules allow are installed without asking you or us again.",
}
WORDS = (
    ("Update", "a change that the maker of a program publishes; also called a patch."),
    ("Group", "devices that are treated alike."),
    ("Window", "the time in which installations may begin."),
    ("Ring", "devices whose turn it is together; the next ring waits until this one is found well."),
    ("Found well", "the device itself reports that the update is in effect and that what is watched still works."),
    ("Fingerprint", "a number made from every letter of the policy; another text has another fingerprint."),
)


def minute(edition: Edition, sections: tuple[Section, ...]) -> tuple[Line, ...]:
    """What the policy means, in eight or so sentences."""
    return tuple(_lines(edition, sections))


def _lines(edition: Edition, sections: tuple[Section, ...]) -> Iterator[Line]:
    yield Line(_LEVELS[edition.policy.automation] + _waits(edition), "What we do.")
    yield Line(_when(edition), "When.")
    yield Line(_order(edition), "In which order.")
    yield Line(_wrong(edition), "When something goes wrong.")
    yield Line(_exceptions(edition), "What is left out.")
    yield Line(_asked(edition), "What you asked for.")
    yield Line(_who(edition), "Who answers you.")
    yield Line(_by_hand(sections), "What is done by hand.")


def _waits(edition: Edition) -> str:
    if edition.policy.automation is not Automation.AUTOMATIC:
        return ""
    waiting = [rule for rule in edition.policy.approvals if rule.outcome is Outcome.REVIEW and rule.segments]
    groups = list(dict.fromkeys(segment for rule in waiting for segment in rule.segments))
    groups += [rule.name for rule in edition.policy.segments if rule.automation is Automation.APPROVE_FIRST]
    groups = list(dict.fromkeys(groups))
    first = f" A person decides first for {_some(groups)}, and for every update that no rule names." if groups else ""
    never = [rule for rule in edition.policy.approvals if rule.outcome in (Outcome.HOLD, Outcome.BLOCK)]
    held = f" Held back: {_some([patches_in_words(rule.when) for rule in never])}." if never else ""
    return (first or " What no rule names waits for a person.") + held


def _some(texts: list[str]) -> str:
    shown = [name(text) for text in dict.fromkeys(texts)]
    if len(shown) > ROWS_MAX:
        return f"{', '.join(shown[:ROWS_MAX])} and {counted(len(shown) - ROWS_MAX, 'more', 'more')}"
    return listed(shown)


def _quoted(texts: list[str]) -> str:
    return _some([f"“{text}”" for text in texts])


def _when(edition: Edition) -> str:
    policy = edition.policy
    anytime = [rule.name for rule in policy.segments if not rule.window or policy.windows[rule.window].any_time]
    bound = [rule.name for rule in policy.segments if rule.name not in anytime]
    said = []
    if bound:
        said.append(f"{capital(_some(bound))} only in maintenance windows.")
    if anytime:
        said.append(f"{capital(_some(anytime))} at any time.")
    if policy.blackouts:
        said.append(f"Nothing begins on the days named {_quoted([each.name for each in policy.blackouts])}.")
    return " ".join([*said, "Section 1 has the next dates."])


def _order(edition: Edition) -> str:
    rings = edition.policy.rings
    if len(rings) == 1:
        return f"All devices belong to one ring; it is watched for {span(rings[0].soak.time)}."
    steps = " → ".join(ring.name for ring in rings)
    return (
        f"In {counted(len(rings), 'ring')}, from what can be spared to what cannot: {steps}. Each is watched for "
        f"{span(min(r.soak.time for r in rings))} to {span(max(r.soak.time for r in rings))} before the next begins."
        if len({ring.soak.time for ring in rings}) > 1
        else f"In {counted(len(rings), 'ring')}, from what can be spared to what cannot: {steps}. Each is watched for "
        f"{span(rings[0].soak.time)} before the next begins."
    )


def _wrong(edition: Edition) -> str:
    on_failure = edition.policy.on_failure
    many = f"When more than {counted(on_failure.failed_max, 'device')} fail in a ring" if on_failure.failed_max else (
        "When a device fails"
    )  # fmt: skip
    return f"{many}, {HALTS[on_failure.halt]}, and devices are brought back as section 6 says."


def _exceptions(edition: Edition) -> str:
    found = edition.policy.exceptions
    if not found:
        return "There are no exceptions."
    if len(found) == 1:
        return "One exception, with an end and somebody who answers for it (section 5)."
    return f"{capital(counted(len(found), 'exception'))}, each with an end and somebody who answers for it (section 5)."


def _asked(edition: Edition) -> str:
    found = edition.policy.people.constraints
    if not found:
        return "Nothing beyond these rules was agreed."
    return f"{capital(names([each.name for each in found]))}: each stands in your words in the section it belongs to."


def _who(edition: Edition) -> str:
    first = edition.holder(Duty.FIRST_LINE)
    adviser = edition.holder(Duty.VCIO)
    said = [f"{first} is the first whom you call." if first else "Nobody is named yet; call our service desk."]
    if adviser:
        said.append(f"{adviser} answers for this document.")
    return " ".join([*said, "Section 7 has everybody, with deputies and numbers."] if first else said)


def _by_hand(sections: tuple[Section, ...]) -> str:
    count = sum(bool(each.by_people) for section in sections for each in entries(section.blocks))
    if not count:
        return "Nothing: Patchring, the program that we use, carries out all of it by itself."
    things = "one entry" if count == 1 else f"{counted(count, 'entry', 'entries')}"
    return f"{capital(things)} of this document, each marked. Patchring, the program that we use, carries out the rest."
