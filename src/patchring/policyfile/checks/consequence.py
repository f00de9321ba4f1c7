"""Rings are ordered by what a failure would cost (R2): what stands further in than its consequence allows."""

from patchring.core.policy.condition import Condition
from patchring.core.policy.model import Policy, SegmentRule
from patchring.policyfile.checks.found import Found

_CAREFUL = ("server", "sensitive")
_RINGS_MIN = 3  # with two rings, the second takes everything


def consequence(policy: Policy) -> Found:
    """(location, sentence) of each row: ring 1 is for what costs little; servers come last."""
    if len(policy.rings) < _RINGS_MIN:
        return
    last = policy.rings[-1]
    for number, row in enumerate(policy.segments):
        if row.ring == 1 and not _costs_little(row):
            text = (
                "ring 1 is for devices of low criticality and for pilots; add `criticality: low` or the pilots' `group`"
            )
            yield ("segments", number, "ring"), text
        elif 0 < row.ring < last.number and any(value in _CAREFUL for value in _values(row, "class")):
            text = f"servers and sensitive systems belong in ring {last.number} ({last.name}), the last"
            yield ("segments", number, "ring"), text


def _costs_little(row: SegmentRule) -> bool:
    """Low criticality, or devices that somebody chose by hand: the pilots who consented."""
    return _values(row, "criticality") == ("low",) or bool(_values(row, "group"))


def _values(row: SegmentRule, field: str) -> tuple[str, ...]:
    said: list[Condition] = [each for each in row.when if each.field == field]
    return said[0].values if said else ()
