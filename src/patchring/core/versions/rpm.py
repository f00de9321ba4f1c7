"""RPM's order (rpm-version(7)): epoch, version, release; segments of digits and of letters; `~` is before the end, `^`
after it."""

import re

_SEGMENTS = re.compile(r"[0-9]+|[a-zA-Z]+|~|\^")
Segment = tuple[int, int, str]
Key = tuple[int, tuple[Segment, ...], tuple[Segment, ...]]
_END: Segment = (1, 0, "")


def rpm_key(text: str) -> Key:
    """Sorts as `rpm.vercmp` does for EPOCH:VERSION-RELEASE. A missing epoch is 0, a missing release before any."""
    head, colon, rest = text.strip().partition(":")
    numbered = bool(colon) and head.isascii() and head.isdigit()
    version, _, release = (rest if numbered else text.strip()).partition("-")
    return int(head) if numbered else 0, _key(version), _key(release) if release else ()


def _key(text: str) -> tuple[Segment, ...]:
    return (*(_segment(found) for found in _SEGMENTS.findall(text)), _END)


def _segment(text: str) -> Segment:
    """`~` before the end, the end before `^`, that before letters, letters before numbers."""
    if text.isdigit():
        return (4, int(text), "")
    return (0, 0, "") if text == "~" else (2, 0, "") if text == "^" else (3, 0, text)
