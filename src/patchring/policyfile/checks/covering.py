"""Whether conditions include others: what one row takes, an earlier one took already."""

from collections.abc import Sequence

from patchring.core.policy.condition import Condition
from patchring.core.policy.match import WORDS, matches

When = Sequence[Condition]


def includes(wide: When, narrow: When) -> bool:
    """Whether whatever fulfils `narrow` fulfils `wide`. Says no where it cannot tell."""
    return all(_always(each) or any(_implies(other, each) for other in narrow) for each in wide)


def overlap(one: When, other: When) -> bool:
    """Whether something may fulfil both. Says yes where it cannot tell."""
    return not any(a.field == b.field and a.field in WORDS and _apart(a, b) for a in one for b in other)


def _implies(narrow: Condition, wide: Condition) -> bool:
    return narrow.field == wide.field and all(
        any(_covers(pattern, value) for pattern in wide.values) for value in narrow.values
    )


def _covers(pattern: str, value: str) -> bool:
    """Every text of the form `value` has the form `pattern`. A `?` must not stand for a `*` of the value."""
    if pattern == value:
        return True
    wild = "*" in value or "?" in value
    return not (wild and "?" in pattern) and matches(pattern, value)


def _always(condition: Condition) -> bool:
    """A field that has one of certain words, and the condition takes each of them."""
    words = WORDS.get(condition.field)
    return words is not None and all(any(matches(p, word) for p in condition.values) for word in words)


def _apart(one: Condition, other: Condition) -> bool:
    return not any(
        all(any(matches(p, word) for p in each.values) for each in (one, other)) for word in WORDS[one.field]
    )
