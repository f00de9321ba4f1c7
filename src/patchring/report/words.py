"""The words of documents: numbers, durations, dates, lists, names that a client reads."""

from collections.abc import Iterable, Sequence
from datetime import date, time, timedelta

NUMBERS = ("no", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve")
ORDINALS = {
    1: "first",
    2: "second",
    3: "third",
    4: "fourth",
    5: "fifth",
    -1: "last",
    -2: "second last",
    -3: "third last",
}
WEEKDAYS = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS = (
    "January", "February", "March", "April", "May", "June", "July", "August", "September", "October", "November",
    "December",
)  # fmt: skip
_UNITS = (("day", 86_400), ("hour", 3600), ("minute", 60), ("second", 1))


def listed(parts: Iterable[str], last: str = "and") -> str:
    """`a, b and c`."""
    found = list(parts)
    if len(found) < 2:
        return "".join(found)
    return f"{', '.join(found[:-1])} {last} {found[-1]}"


def number(count: int) -> str:
    """In letters as far as twelve."""
    return NUMBERS[count] if 0 <= count < len(NUMBERS) else f"{count:,}"


def counted(count: int, one: str, many: str = "") -> str:
    """`one device`, `25 devices`."""
    return f"{number(count)} {one if count == 1 else many or one + 's'}"


def times(count: int) -> str:
    """`once`, `twice`, `three times`."""
    return {1: "once", 2: "twice"}.get(count, f"{number(count)} times")


def span(duration: timedelta) -> str:
    """`1 hour 30 minutes`; whole days from 48 hours on."""
    seconds = int(duration.total_seconds())
    if seconds == 86_400:
        return "24 hours"
    parts = []
    for unit, size in _UNITS:
        count, seconds = divmod(seconds, size)
        if count:
            parts.append(f"{count} {unit if count == 1 else unit + 's'}")
    return " ".join(parts) or "no time"


def day(on: date) -> str:
    """`4 October 2026`, the same wherever the program runs."""
    return f"{on.day} {MONTHS[on.month - 1]} {on.year}"


def short_day(on: date) -> str:
    """`Sun 4 Oct 2026`."""
    return f"{WEEKDAYS[on.weekday()][:3]} {on.day} {MONTHS[on.month - 1][:3]} {on.year}"


def clock(at: time) -> str:
    return f"{at:%H:%M}"


def capital(text: str) -> str:
    """With a capital at its beginning; the rest as it is."""
    return text[:1].upper() + text[1:]


def sentence(text: str) -> str:
    """With a capital and a full stop."""
    return capital(text.strip()) + ("" if text.rstrip().endswith((".", "!", "?")) else ".")


def name(text: str) -> str:
    """A name that a site or group row was given when the text was compiled, as said: `tills (site Leipzig)`."""
    base, found, layer = text.partition(" @ ")
    return f"{base} ({layer})" if found else text


def names(texts: Sequence[str]) -> str:
    return listed(name(text) for text in texts)


def spoken(key: str) -> str:
    """A word of the policy's language without its underscores."""
    return key.replace("_", " ")
