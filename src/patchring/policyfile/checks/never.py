"""Rules that can never decide anything."""

from collections.abc import Iterator, Sequence

from patchring.core.policy.decide import rank
from patchring.core.policy.model import ApprovalRule, Outcome, Policy, SegmentRule, UrgencyRule
from patchring.policyfile.checks.covering import includes, overlap
from patchring.policyfile.checks.found import Found


def never(policy: Policy) -> Found:
    """(location, sentence) of each."""
    yield from _segments(policy.segments)
    yield from _approvals(policy)
    yield from _urgency(policy)


def _segments(rows: Sequence[SegmentRule]) -> Found:
    """The first row whose conditions hold decides."""
    fields = [frozenset(condition.field for condition in row.when) for row in rows]
    for number, row in enumerate(rows):
        for before in range(number):
            earlier = rows[before]
            if fields[before] <= fields[number] and earlier.base != row.base and includes(earlier.when, row.when):
                text = f"no device ever comes to it: {earlier.base!r} stands before it and takes all of its devices"
                yield ("segments", number), f"{text}; put it first, or take it away"
                break


def _approvals(policy: Policy) -> Found:
    """Only rows of one layer are compared: that a nearer layer overrules a wider one is what it is for."""
    for number, row in enumerate(policy.approvals):
        for other in _before(number, policy.approvals):
            if other.layer == row.layer and _for_all_of(other, row) and includes(other.when, row.when):
                text = f"it never decides: {_plain(other.name)!r} goes before it wherever it holds"
                yield ("approvals", number), f"{text}; put it first, name segments, or take it away"
                break


def _before(number: int, rows: Sequence[ApprovalRule]) -> Iterator[ApprovalRule]:
    """The rows that win over a row when both hold."""
    place = (rank(rows[number]), number)
    return (row for at, row in enumerate(rows) if (rank(row), at) < place)


def _for_all_of(wide: ApprovalRule | UrgencyRule, narrow: ApprovalRule | UrgencyRule) -> bool:
    return not wide.segments or (bool(narrow.segments) and set(narrow.segments) <= set(wide.segments))


def _urgency(policy: Policy) -> Found:
    expedited = [rule for rule in policy.approvals if rule.outcome is Outcome.EXPEDITE]
    for number, row in enumerate(policy.urgency):
        if not any(overlap(row.when, rule.when) and _meet(row, rule) for rule in expedited):
            text = "no approval expedites what it is for; add one that decides expedite, or take this row away"
            yield ("urgency", number), text
        for earlier in policy.urgency[:number]:
            if _for_all_of(earlier, row) and includes(earlier.when, row.when):
                text = f"it never counts: {_plain(earlier.name)!r} stands before it and takes all of it"
                yield ("urgency", number), f"{text}; put it first, or take it away"
                break


def _meet(row: UrgencyRule, rule: ApprovalRule) -> bool:
    return not row.segments or not rule.segments or not set(row.segments).isdisjoint(rule.segments)


def _plain(name: str) -> str:
    """As it is written in its layer."""
    return name.split(" @ ")[0]
