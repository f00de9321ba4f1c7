"""YAML, read safely: every scalar as text, so that nothing is guessed (`no` is not false, 1.10 is not 1.1), each with
its line; no aliases, no tags, no duplicate keys, bounded in size and depth."""

import unicodedata
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from patchring.policyfile.errors import PolicyInvalid, Problem

TEXT_BYTES_MAX = 262_144
DEPTH_MAX = 12


@dataclass
class Lines:
    """Where each value stands: line by path, for messages."""

    by_path: dict[str, int] = field(default_factory=dict)

    def of(self, path: str) -> int:
        """The line of a path, or of the nearest thing around it."""
        while path and path not in self.by_path:
            path = path[: max(path.rfind("."), path.rfind("["), 0)]
        return self.by_path.get(path, 1)


def normalised(text: str) -> str:
    """The form that is fingerprinted and signed: NFC, lines ended by a line feed, no byte-order mark."""
    return unicodedata.normalize("NFC", text.removeprefix("﻿").replace("\r\n", "\n").replace("\r", "\n"))


def read_yaml(text: str, source: str) -> tuple[Any, Lines]:
    """The document as dicts, lists and texts, with its lines. Raises PolicyInvalid."""
    size = len(text.encode())
    if size > TEXT_BYTES_MAX:
        raise PolicyInvalid(source, [Problem(1, "", f"expected at most {TEXT_BYTES_MAX} bytes, got {size}")])
    try:
        for event in yaml.parse(text, Loader=yaml.SafeLoader):
            if isinstance(event, yaml.AliasEvent):
                line = event.start_mark.line + 1 if event.start_mark else 1
                raise PolicyInvalid(source, [Problem(line, "", "aliases (*name) are not read here: write it out")])
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PolicyInvalid(source, [_syntax(error)]) from error
    if not isinstance(node, MappingNode):
        raise PolicyInvalid(source, [Problem(1, "", "expected a mapping such as `title: ...` at the top")])
    lines, problems = Lines(), list[Problem]()
    value = _value(node, "", 0, lines, problems)
    if problems:
        raise PolicyInvalid(source, problems)
    return value, lines


def _value(node: Node, path: str, depth: int, lines: Lines, problems: list[Problem]) -> Any:
    line = node.start_mark.line + 1
    lines.by_path[path] = line
    if depth > DEPTH_MAX:
        problems.append(Problem(line, path, f"nested deeper than {DEPTH_MAX} levels"))
        return None
    if isinstance(node, ScalarNode):
        return None if node.tag.endswith(":null") and node.value in ("", "~", "null") else node.value
    if isinstance(node, SequenceNode):
        return [_value(item, f"{path}[{n}]", depth + 1, lines, problems) for n, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    found: dict[str, Any] = {}
    for key_node, item in node.value:
        key = str(key_node.value)
        where = f"{path}.{key}" if path else key
        if key in found:
            problems.append(Problem(key_node.start_mark.line + 1, where, "written twice"))
        found[key] = _value(item, where, depth + 1, lines, problems)
        lines.by_path[where] = key_node.start_mark.line + 1
    return found


def _syntax(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error)
    return Problem(mark.line + 1 if mark else 1, "", f"this is not YAML: {what}")
