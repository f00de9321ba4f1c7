"""What is missing before an automation may be activated (D1): the document that a client signs has eight sections, none
without a rule. That there are no exceptions is an entry: `exceptions: []`."""

from collections.abc import Iterator

from patchring.core.policy.people import Duty
from patchring.policyfile.pages import Keys, Location
from patchring.policyfile.shapes.whole import PolicyShape

_ACTS = frozenset({"approve_first", "automatic"})
# (location, sentence, whether an automation needs it now)
Missing = Iterator[tuple[Location, str, bool]]


def of_activation(shape: PolicyShape, root: Keys) -> Missing:
    """What the eight sections lack. Needed where any segment goes further than to recommend."""
    own = next((row for row in shape.segments if row.automation in _ACTS), None)
    acts = shape.automation in _ACTS
    why = "needed before automation may go further than recommend"
    if own is not None and not acts:
        why = f"needed because the segment {own.name!r} goes further than recommend: its automation is {own.automation}"
    elif acts:
        why = f"needed because automation is {shape.automation}, which goes further than recommend"
    for location, text in _missing(shape, root):
        yield location, f"{text}; {why}", acts or own is not None


def _missing(shape: PolicyShape, root: Keys) -> Iterator[tuple[Location, str]]:
    """Categories, rings and remedies with steps are there in every policy, because its shape asks for them."""
    if not shape.approvals:
        yield ("approvals",), "no rule says what is approved; add at least one"
    if not shape.reboots:
        yield ("reboots",), "no plan says what restarts look like; add at least one"
    if "exceptions" not in root:
        yield ("exceptions",), "nothing is said of exceptions; write `exceptions: []` for none"
    for duty in Duty:
        if duty not in shape.escalation:
            text = f"nobody has the duty {duty}; add {duty} with `person`, `deputy` and `within`"
            yield ("escalation",), text
    if shape.reporting is None:
        yield ("reporting",), "no report is promised; add `reporting` with `every` and `to`"
