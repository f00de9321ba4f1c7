"""What the MSP proposes to many tenants: only a hold can be taken without a person of the tenant."""

from patchring.policyfile.checks.found import Found
from patchring.policyfile.shapes.whole import PolicyShape

_WHY_NOT = {
    "expedite": "what goes out faster is said by a rule of this policy that expedites, which is signed",
    "approve": "an approval counts when a key of this tenant signed it, and no key of the MSP is one",
}


def of_proposals(shape: PolicyShape) -> Found:
    """(location, sentence) of each that the text takes and nobody could carry out."""
    for kind, why in _WHY_NOT.items():
        if getattr(shape.proposals, kind) == "take":
            text = f"cannot be `take`: {why}; expected `review`, so that a person answers, or `refuse`"
            yield ("proposals", kind), text
