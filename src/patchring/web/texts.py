"""How instants, ages and reasons are written on pages. Pure; every instant is aware."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

_MINUTE, _HOUR, _DAY = 60, 3600, 86_400


def instant(at: datetime) -> str:
    """For machines: RFC 3339 in UTC with milliseconds."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{at.microsecond // 1000:03d}Z"


def clock(at: datetime) -> str:
    """The time of day in UTC: 05:16:40."""
    return at.astimezone(UTC).strftime("%H:%M:%S")


def long(at: datetime) -> str:
    """Day and time in UTC, for the small print."""
    return at.astimezone(UTC).strftime("%a %d %b %Y, %H:%M:%S UTC")


def age(since: timedelta) -> str:
    """How long ago: now, 12 s ago, 4 min ago, 3 h ago, 5 d ago. `page.js` spells the same way."""
    seconds = max(0, round(since.total_seconds()))
    if seconds < 5:
        return "now"
    if seconds < 2 * _MINUTE:
        return f"{seconds} s ago"
    if seconds < 2 * _HOUR:
        return f"{round(seconds / _MINUTE)} min ago"
    if seconds < 2 * _DAY:
        return f"{round(seconds / _HOUR)} h ago"
    return f"{round(seconds / _DAY)} d ago"


def left(until: timedelta) -> str:
    """How long it still takes: 0:42 left, 3:05:00 left, 2 d 4 h left, ending. `page.js` spells the same way."""
    seconds = round(until.total_seconds())
    if seconds <= 0:
        return "ending"
    if seconds >= _DAY:
        return f"{seconds // _DAY} d {seconds % _DAY // _HOUR} h left"
    minutes, rest = divmod(seconds, _MINUTE)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d} left" if hours else f"{minutes}:{rest:02d} left"


def span(length: timedelta) -> str:
    """A duration in its largest fitting unit: 40 s, 12 min, 5 h, 9 d."""
    seconds = max(0, round(length.total_seconds()))
    for unit, size in (("d", _DAY), ("h", _HOUR), ("min", _MINUTE)):
        if seconds >= 2 * size:
            return f"{round(seconds / size)} {unit}"
    return f"{seconds} s"


def why(reasons: Sequence[Mapping[str, Any]] | None) -> str:
    """The sentences of stored reasons, in their order; empty when there is none."""
    texts = [str(reason.get("text", "")).strip() for reason in reasons or ()]
    return " ".join(_sentence(text) for text in texts if text)


def counted(count: int, one: str, many: str | None = None) -> str:
    """1 device, 3 devices."""
    return f"{count} {one if count == 1 else many or one + 's'}"


def versions(before: str, after: str) -> str:
    """What changes on a device; an empty `before` is a first installation."""
    if before and after and before != after:
        return f"{before} → {after}"
    return after or before or "unknown"


def _sentence(text: str) -> str:
    text = text[0].upper() + text[1:]
    return text if text[-1] in ".!?:" else text + "."
