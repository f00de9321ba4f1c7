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
    acts = shape.automation in _ACTS or any(segment.automation in _ACTS for segment in shape.segments)
    for location, text in _missing(shape, root):
        yield location, f"{text}, before automation may go further than recommend", acts


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
