"""Which layer and line set each value."""

from collections.abc import Iterator, Mapping
from typing import Any

from patchring.core.policy.condition import Source
from patchring.policyfile.pages import Keys, Mark, Rows


def sources_of(root: Keys) -> Mapping[str, Source]:
    """By the value's path: `windows.after close.start`, `segments.kiosks.ring`; lists without names and empty tables
    are one value."""
    return dict(_of_keys(root, ""))


def _of_keys(keys: Keys, before: str) -> Iterator[tuple[str, Source]]:
    for key, value in keys.items():
        yield from _of(value, f"{before}.{key}" if before else key, keys.marks[key])


def _of(value: Any, path: str, mark: Mark) -> Iterator[tuple[str, Source]]:
    if isinstance(value, Keys) and value:
        yield from _of_keys(value, path)
    elif isinstance(value, Rows) and value and all(isinstance(row, Keys) and "name" in row for row in value):
        for row in value:
            yield from _of_keys(row, f"{path}.{row['name']}")
    else:
        yield path, Source(mark.page.layer, mark.line)
