"""Builds: numbers between dots, such as 10.0.22631.4460 or 14.7.1. A missing number is zero; what is no number comes
after all numbers are equal, as text."""

Key = tuple[tuple[int, ...], str]


def dotted_key(version: str) -> Key:
    parts = version.strip().split(".")
    count = next((n for n, part in enumerate(parts) if not (part.isascii() and part.isdigit())), len(parts))
    numbers = [int(part) for part in parts[:count]]
    while numbers and numbers[-1] == 0:
        numbers.pop()
    return tuple(numbers), ".".join(parts[count:])
