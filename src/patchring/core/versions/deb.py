"""Debian's order (deb-version(7), policy manual 5.6.12): epoch, upstream version, revision; `~` is before the end."""

import re

_PARTS = re.compile(r"([^0-9]*)([0-9]*)")
Key = tuple[int, tuple[tuple[tuple[int, ...], int], ...], tuple[tuple[tuple[int, ...], int], ...]]
# What follows the end: no text and zero. Twice, because a version that begins with 0 is as good as the first.
_END = (((0,), 0), ((0,), 0))


def deb_key(version: str) -> Key:
    """Sorts as `dpkg --compare-versions` does. An epoch that is no number counts as part of the version."""
    head, colon, rest = version.strip().partition(":")
    numbered = bool(colon) and head.isascii() and head.isdigit()
    upstream, dash, revision = (rest if numbered else version.strip()).rpartition("-")
    if not dash:
        upstream, revision = revision, ""
    return int(head) if numbered else 0, _key(upstream), _key(revision)


def _key(text: str) -> tuple[tuple[tuple[int, ...], int], ...]:
    """Texts and numbers in turns."""
    parts = [(_ranks(words), int(number or 0)) for words, number in _PARTS.findall(text) if words or number]
    while parts and parts[-1] == _END[0]:
        parts.pop()
    return (*parts, *_END)


def _ranks(text: str) -> tuple[int, ...]:
    """`~` before the end of the text, letters before everything else."""
    return (*(-1 if char == "~" else ord(char) if char.isalpha() else ord(char) + 256 for char in text), 0)
