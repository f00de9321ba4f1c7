"""Which keys the language has at a place of a text, from its own JSON Schema."""

from collections.abc import Iterator, Sequence
from functools import cache
from typing import Any

from patchring.policyfile.shapes.schema import json_schema

Node = dict[str, Any]


def keys_at(place: Sequence[str | int], *, in_order: bool = False) -> list[str]:
    """The keys of the mapping at a place such as `urgency`, 0, by their names or in the order of the language; empty:
    there is none, or it takes any names."""
    keys = dict.fromkeys(name for plain in _at(place) for name in plain.get("properties", {}))
    return list(keys) if in_order else sorted(keys)


def words_at(place: Sequence[str | int]) -> list[str]:
    """The words that the value at a place may be, in their order; empty: it may be any."""
    words = [word for plain in _at(place) for word in plain.get("enum", ())]
    return list(dict.fromkeys(word for word in words if isinstance(word, str)))


def _at(place: Sequence[str | int]) -> list[Node]:
    nodes = [_schema()]
    for part in place:
        nodes = [inner for node in nodes for inner in _inside(node, part)]
    return [plain for node in nodes for plain in _plain(node)]


def _inside(node: Node, part: str | int) -> Iterator[Node]:
    for plain in _plain(node):
        if isinstance(part, int):
            yield from (plain[key] for key in ("items",) if key in plain)
        elif part in plain.get("properties", {}):
            yield plain["properties"][part]
        else:
            yield from plain.get("patternProperties", {}).values()


def _plain(node: Node) -> Iterator[Node]:
    """The shapes that a node may have, without references and alternatives."""
    if "$ref" in node:
        yield from _plain(_schema()["$defs"][node["$ref"].rsplit("/", 1)[1]])
        return
    yield node
    for key in ("anyOf", "oneOf", "allOf"):
        for each in node.get(key, ()):
            yield from _plain(each)


@cache
def _schema() -> Node:
    return json_schema()
