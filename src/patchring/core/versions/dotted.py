"""Builds: numbers between dots, such as 10.0.22631.4460 or 14.7.1. A missing number is zero; what is no number comes
after all numbers are equal, as text."""

from itertools import zip_longest


def compare_dotted(one: str, other: str) -> int:
    ours, theirs = _read(one), _read(other)
    for left, right in zip_longest(ours[0], theirs[0], fillvalue=0):
        if left != right:
            return 1 if left > right else -1
    return (ours[1] > theirs[1]) - (ours[1] < theirs[1])


def _read(version: str) -> tuple[list[int], str]:
    parts = version.strip().split(".")
    count = next((n for n, part in enumerate(parts) if not (part.isascii() and part.isdigit())), len(parts))
    return [int(part) for part in parts[:count]], ".".join(parts[count:])
