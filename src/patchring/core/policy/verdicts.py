"""Many verdicts at once, the same as `decide` gives one by one.

For each field that the rules look at, the value of a patch says which rules it leaves standing: a mask with one bit for
each row, remembered by value. The masks of all fields together say which rows match, and what follows from a set of
matching rows in a segment is worked out once. So a million verdicts are a million look-ups; why one of them is so,
`decide` says for that one.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial

from patchring.core.devices import PatchFacts
from patchring.core.policy.asked import ONE_PERSON
from patchring.core.policy.decide import (
    BY_ITSELF,
    STRONGER,
    Decision,
    HoldInForce,
    decide,
    is_for,
    names_of,
    rank,
    row_names_of,
)
from patchring.core.policy.match import PATCH_FIELDS, matches
from patchring.core.policy.model import ApprovalRule, Asked, Automation, Outcome, Policy, UrgencyRule


@dataclass(frozen=True)
class Verdict:
    """What `decide` says, without the reasons."""

    outcome: Outcome
    rule: str
    authority: str
    asked: Asked = ONE_PERSON
    urgency: UrgencyRule | None = None

    @classmethod
    def of(cls, decision: Decision) -> "Verdict":
        return cls(decision.outcome, decision.rule, decision.authority, decision.asked, decision.urgency)


HELD = Verdict(Outcome.HOLD, "", "hold")
_NOBODY = Verdict(Outcome.REVIEW, "", "nobody")
Holds = Mapping[str, Sequence[HoldInForce]]


class Verdicts:
    """The verdicts of one policy. What it remembers grows with the different values that patches have, so it is made
    for a batch and thrown away with it."""

    def __init__(self, policy: Policy) -> None:
        self.policy = policy
        self.segments = tuple(rule.name for rule in policy.segments)
        self._rows: tuple[ApprovalRule | UrgencyRule, ...] = (*policy.approvals, *policy.urgency)
        self._names = {name: names_of(policy, name) for name in self.segments}
        self._row_names = {name: row_names_of(policy, name) for name in self.segments}
        fields = sorted({condition.field for row in self._rows for condition in row.when})
        self._fields = [(PATCH_FIELDS[field], _Masks(self._rows, field)) for field in fields]
        self._all = (1 << len(self._rows)) - 1
        self._by_mask: dict[int, tuple[Verdict, ...]] = {}

    def rows(self, patches: Sequence[PatchFacts], holds: Holds | None = None) -> Iterator[tuple[Verdict, ...]]:
        """For each patch, in order, the verdicts of the segments in the order of `segments`. `holds` by patch key."""
        held = holds or {}
        for patch in patches:
            verdicts = self._of_mask(self._mask(patch))
            placed = held.get(patch.patch_key)
            yield self._with_holds(verdicts, placed) if placed else verdicts

    def of(self, patch: PatchFacts, segment: str, holds: Sequence[HoldInForce] = ()) -> Verdict:
        """One verdict. The segment has to be one of the policy's."""
        [row] = self.rows([patch], {patch.patch_key: holds})
        return row[self.segments.index(segment)]

    def why(self, patch: PatchFacts, segment: str, holds: Sequence[HoldInForce] = ()) -> Decision:
        """The whole trace of one verdict."""
        return decide(self.policy, patch, segment, holds)

    def _mask(self, patch: PatchFacts) -> int:
        mask = self._all
        for values_of, masks in self._fields:
            mask &= masks[tuple(values_of(patch))]
            if not mask:
                break
        return mask

    def _of_mask(self, mask: int) -> tuple[Verdict, ...]:
        known = self._by_mask.get(mask)
        if known is None:
            matching = [row for number, row in enumerate(self._rows) if mask >> number & 1]
            known = self._by_mask[mask] = tuple(self._verdict(matching, name) for name in self.segments)
        return known

    def _verdict(self, matching: Sequence[ApprovalRule | UrgencyRule], segment: str) -> Verdict:
        names = self._row_names[segment]
        rules = [row for row in matching if isinstance(row, ApprovalRule) and is_for(row, names)]
        level = self.policy.automation_of(segment)
        if not rules:
            return _limited(_NOBODY, level)
        winner = min(rules, key=rank)
        hurried = (row for row in matching if isinstance(row, UrgencyRule) and is_for(row, names))
        urgency = next(hurried, None) if winner.outcome is Outcome.EXPEDITE else None
        found = Verdict(winner.outcome, winner.name, winner.authority.value, winner.asked, urgency)
        return _limited(found, level)

    def _with_holds(self, verdicts: tuple[Verdict, ...], holds: Sequence[HoldInForce]) -> tuple[Verdict, ...]:
        everywhere = any(hold.segment is None for hold in holds)
        held = {hold.segment for hold in holds}
        return tuple(
            HELD if everywhere or not held.isdisjoint(self._names[name]) else verdict
            for name, verdict in zip(self.segments, verdicts, strict=True)
        )


def _limited(found: Verdict, level: Automation) -> Verdict:
    """What the level of automation leaves of it."""
    if level is Automation.OBSERVE and found.outcome not in STRONGER:
        return Verdict(Outcome.HOLD, found.rule, found.authority, found.asked)
    if level in (Automation.RECOMMEND, Automation.APPROVE_FIRST) and found.outcome in BY_ITSELF:
        return Verdict(Outcome.REVIEW, found.rule, found.authority, found.asked, found.urgency)
    return found


class _Masks(dict[tuple[str, ...], int]):
    """Which rows stand, by the values of one field; worked out when a value is first seen.

    Each different pattern is asked once for a value, and each different set of patterns that match is turned into rows
    once: values differ far more often than what matches them.
    """

    def __init__(self, rows: Sequence[ApprovalRule | UrgencyRule], field: str) -> None:
        super().__init__()
        self._conditions = [[set(each.values) for each in row.when if each.field == field] for row in rows]
        patterns = {pattern for conditions in self._conditions for each in conditions for pattern in each}
        self._wild = [(pattern, _test(pattern)) for pattern in sorted(patterns) if not is_plain(pattern)]
        self._plain = frozenset(patterns) - {pattern for pattern, _ in self._wild}
        self._by_matching: dict[frozenset[str], int] = {}

    def __missing__(self, values: tuple[str, ...]) -> int:
        found = [value for value in values if value in self._plain]
        found += [pattern for pattern, test in self._wild if any(test(value) for value in values)]
        matching = frozenset(found)
        mask = self._by_matching.get(matching)
        if mask is None:
            mask = self._by_matching[matching] = self._rows(matching)
        self[values] = mask
        return mask

    def _rows(self, matching: frozenset[str]) -> int:
        """The rows all of whose conditions have one of the patterns that match."""
        standing = (not any(each.isdisjoint(matching) for each in conditions) for conditions in self._conditions)
        return sum(1 << number for number, stands in enumerate(standing) if stands)


def is_plain(pattern: str) -> bool:
    """Whether it matches nothing but itself."""
    return "*" not in pattern and "?" not in pattern


def _test(pattern: str) -> Callable[[str], bool]:
    """The same as `matches`, faster for the two forms that nearly all patterns have."""
    rest = pattern.strip("*")
    if is_plain(rest) and pattern == f"{rest}*":
        return lambda value: value.startswith(rest)
    if is_plain(rest) and pattern == f"*{rest}":
        return lambda value: value.endswith(rest)
    return partial(matches, pattern)
