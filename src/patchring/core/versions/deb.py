"""Debian's order (deb-version(7), policy manual 5.6.12): epoch, upstream version, revision; `~` is before the end."""

import re
from itertools import zip_longest

_PARTS = re.compile(r"([^0-9]*)([0-9]*)")


def compare_deb(one: str, other: str) -> int:
    """As `dpkg --compare-versions` does. An epoch that is no number counts as part of the version."""
    (epoch, upstream, revision), (epoch2, upstream2, revision2) = _split(one), _split(other)
    return (epoch > epoch2) - (epoch < epoch2) or _compare(upstream, upstream2) or _compare(revision, revision2)


def _split(version: str) -> tuple[int, str, str]:
    head, colon, rest = version.strip().partition(":")
    epoch = int(head) if colon and head.isascii() and head.isdigit() else 0
    whole = rest if colon and head.isascii() and head.isdigit() else version.strip()
    upstream, dash, revision = whole.rpartition("-")
    return (epoch, upstream, revision) if dash else (epoch, whole, "")


def _compare(one: str, other: str) -> int:
    """Texts and numbers in turns, as far as both go."""
    for (text, number), (text2, number2) in zip_longest(_PARTS.findall(one), _PARTS.findall(other), fillvalue=("", "")):
        if text != text2:
            ours, theirs = _ranks(text), _ranks(text2)
            if ours != theirs:
                return 1 if ours > theirs else -1
        left, right = int(number or 0), int(number2 or 0)
        if left != right:
            return 1 if left > right else -1
    return 0


def _ranks(text: str) -> list[int]:
    """`~` before the end of the text, letters before everything else."""
    ranks = [-1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256 for char in text]
    return [*ranks, 0]
