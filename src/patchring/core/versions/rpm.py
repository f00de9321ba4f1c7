"""RPM's order (rpm-version(7)): epoch, version, release; segments of digits and of letters; `~` is before the end, `^`
after it."""

import re
from itertools import zip_longest

_SEGMENTS = re.compile(r"[0-9]+|[a-zA-Z]+|~|\^")


def compare_rpm(one: str, other: str) -> int:
    """As `rpm.vercmp` does for EPOCH:VERSION-RELEASE. A missing epoch is 0; a missing release is older than any."""
    (epoch, version, release), (epoch2, version2, release2) = _split(one), _split(other)
    by_version = (epoch > epoch2) - (epoch < epoch2) or _compare(version, version2)
    if by_version or not release or not release2:
        return by_version or bool(release) - bool(release2)
    return _compare(release, release2)


def _split(text: str) -> tuple[int, str, str]:
    head, colon, rest = text.strip().partition(":")
    numbered = bool(colon) and head.isascii() and head.isdigit()
    version, _, release = (rest if numbered else text.strip()).partition("-")
    return int(head) if numbered else 0, version, release


def _compare(one: str, other: str) -> int:
    for ours, theirs in zip_longest(_SEGMENTS.findall(one), _SEGMENTS.findall(other), fillvalue=""):
        if ours == theirs:
            continue
        rank, rank2 = _rank(ours), _rank(theirs)
        if rank != rank2:
            return 1 if rank > rank2 else -1
        if ours.isdigit():
            left, right = int(ours), int(theirs)
            if left != right:
                return 1 if left > right else -1
        else:
            return 1 if ours > theirs else -1
    return 0


def _rank(segment: str) -> int:
    """`~` before the end, the end before `^`, that before letters, letters before numbers."""
    if not segment:
        return 1
    return {"~": 0, "^": 2}.get(segment, 4 if segment.isdigit() else 3)
