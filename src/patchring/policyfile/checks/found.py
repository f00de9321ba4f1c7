"""How a check says what it found, and words that several checks use."""

from collections.abc import Collection, Iterator, Sequence
from datetime import timedelta
from difflib import get_close_matches

from patchring.policyfile.pages import Location

# (location, sentence) of each thing that does not fit.
Found = Iterator[tuple[Location, str]]


def known(names: Collection[str], word: str = "") -> str:
    """What could have been meant, the near name first."""
    if not names:
        return "there are none yet"
    near = get_close_matches(word, list(names), 1)
    if near and len(names) > 1:
        return f"did you mean {near[0]!r}? there are {', '.join(map(repr, names))}"
    return f"expected {' or '.join(map(repr, names))}"


def said(duration: timedelta) -> str:
    """As it is written in a policy: 90s, 4h."""
    seconds = int(duration.total_seconds())
    for unit, size in (("d", 86_400), ("h", 3600), ("m", 60)):
        if seconds and seconds % size == 0:
            return f"{seconds // size}{unit}"
    return f"{seconds}s"


def twice(location: Location, names: Sequence[str]) -> Found:
    """Names that an earlier row has."""
    seen = set[str]()
    for number, name in enumerate(names):
        if name in seen:
            yield (*location, number, "name"), f"{name!r} is the name of another one; expected a name of its own"
        seen.add(name)
