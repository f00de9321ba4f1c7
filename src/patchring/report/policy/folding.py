"""A compiled policy as people would have written it: what a site or group layer did not change is told once.

Compiling gives each segment a row for the devices of a site or group as soon as one rule is for those alone. Most of
these rows differ from their base in nothing that a client has to read.
"""

from collections.abc import Sequence
from dataclasses import replace

from patchring.core.policy.model import Policy, SegmentRule

EVERYTHING = "all devices"
_TOLD = ("ring", "window", "reboot", "reboot_plan", "remedy", "probes", "automation", "staffing", "around")


def folded(policy: Policy) -> Policy:
    """The same rules with fewer rows: for printing alone, never to decide by."""
    hidden = {rule.name: _made_from(rule) for rule in policy.segments if _says_nothing_new(policy, rule)}
    if not hidden:
        return policy
    fold = _Folding(policy, hidden)
    return replace(
        policy,
        segments=tuple(rule for rule in policy.segments if rule.name not in hidden),
        approvals=tuple(replace(row, segments=fold.names(row.segments)) for row in policy.approvals),
        urgency=tuple(replace(row, segments=fold.names(row.segments)) for row in policy.urgency),
        blackouts=tuple(replace(row, segments=fold.names(row.segments)) for row in policy.blackouts),
    )


def _says_nothing_new(policy: Policy, rule: SegmentRule) -> bool:
    base = policy.segment(_made_from(rule))
    return base is not None and all(getattr(rule, field) == getattr(base, field) for field in _TOLD)


def _made_from(rule: SegmentRule) -> str:
    """The row of the wider layer; empty: it was made from none."""
    return rule.name.rpartition(" @ ")[0]


class _Folding:
    def __init__(self, policy: Policy, hidden: dict[str, str]) -> None:
        self._hidden = hidden
        self._of_layer: dict[str, list[str]] = {}
        for rule in policy.segments:
            if _made_from(rule):
                self._of_layer.setdefault(rule.name.rpartition(" @ ")[2], []).append(rule.name)

    def names(self, names: Sequence[str]) -> tuple[str, ...]:
        """All rows of a layer together are its devices; a row beside its base is in it."""
        left = list(names)
        for layer, rows in self._of_layer.items():
            bases = {row.rpartition(" @ ")[0] for row in rows}
            if set(rows) <= set(left) and not bases & set(left):
                left[left.index(rows[0])] = f"{EVERYTHING} @ {layer}"
                left = [each for each in left if each not in rows]
        return tuple(each for each in left if self._hidden.get(each, "") not in left)
