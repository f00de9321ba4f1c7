"""YAML, read safely: every scalar as text, so that nothing is guessed (`no` is not false, 1.10 is not 1.1), each with
its line; no aliases, no tags, no duplicate keys, nothing invisible, bounded in size and depth."""

import re
import unicodedata
from dataclasses import dataclass, field
from typing import Any

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from patchring.policyfile.errors import PolicyInvalid, Problem

TEXT_BYTES_MAX = 262_144
DEPTH_MAX = 12
_NULLS = ("", "~", "null")
# Control characters but tab and line feed, and halves of surrogate pairs: escapes (`"\0"`) can write them, no database
# and no page can hold them.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")


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
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def read_yaml(text: str, source: str) -> tuple[Any, Lines]:
    """The document as dicts, lists and texts, with its lines. Raises PolicyInvalid."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > TEXT_BYTES_MAX:
        raise PolicyInvalid(source, [Problem(1, "", f"expected at most {TEXT_BYTES_MAX} bytes, got {size}")])
    try:
        problem = _refused(text)
        if problem:
            raise PolicyInvalid(source, [problem])
        node = yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.YAMLError as error:
        raise PolicyInvalid(source, [_syntax(error)]) from error
    if not isinstance(node, MappingNode):
        raise PolicyInvalid(source, [Problem(1, "", "expected a mapping such as `title: ...` at the top")])
    lines, problems = Lines(), list[Problem]()
    value = _value(node, "", lines, problems)
    if problems:
        raise PolicyInvalid(source, problems)
    return value, lines


def _refused(text: str) -> Problem | None:
    """What is not read, found in the stream of events, before anything is built of it."""
    depth = 0
    for event in yaml.parse(text, Loader=yaml.SafeLoader):
        line = event.start_mark.line + 1 if event.start_mark else 1
        if isinstance(event, yaml.CollectionStartEvent):
            depth += 1
        elif isinstance(event, yaml.CollectionEndEvent):
            depth -= 1
        if depth > DEPTH_MAX:
            return Problem(line, "", f"nested deeper than {DEPTH_MAX} levels; expected a flatter text")
        if isinstance(event, yaml.AliasEvent):
            return Problem(line, "", f"aliases such as *{event.anchor} are not read here; write it out")
        tag = getattr(event, "tag", None)
        if tag:
            return Problem(line, "", f"tags such as {tag} are not read here; remove it")
    return None


def _value(node: Node, path: str, lines: Lines, problems: list[Problem]) -> Any:
    lines.by_path[path] = node.start_mark.line + 1
    if isinstance(node, ScalarNode):
        problems += _invisible(node, path)
        return None if node.style is None and node.value in _NULLS else node.value
    if isinstance(node, SequenceNode):
        return [_value(item, f"{path}[{number}]", lines, problems) for number, item in enumerate(node.value)]
    assert isinstance(node, MappingNode)
    return _mapping(node, path, lines, problems)


def _mapping(node: MappingNode, path: str, lines: Lines, problems: list[Problem]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key_node, item in node.value:
        line = key_node.start_mark.line + 1
        if not isinstance(key_node, ScalarNode):
            problems.append(Problem(line, path, "expected a word before the colon, got a list or a mapping"))
            continue
        problems += _invisible(key_node, path)
        key = key_node.value
        where = f"{path}.{key}" if path else key
        if key in found:
            problems.append(Problem(line, where, f"{key!r} is written twice; expected it once"))
        found[key] = _value(item, where, lines, problems)
        lines.by_path[where] = line
    return found


def _invisible(node: ScalarNode, path: str) -> list[Problem]:
    found = _INVISIBLE.search(node.value)
    if found is None:
        return []
    text = f"there is a character U+{ord(found[0]):04X} in it, which nobody can see; remove it"
    return [Problem(node.start_mark.line + 1, path, text)]


def _syntax(error: yaml.YAMLError) -> Problem:
    mark = getattr(error, "problem_mark", None)
    what = getattr(error, "problem", None) or str(error).splitlines()[0]
    return Problem(mark.line + 1 if mark else 1, "", f"this is not YAML: {what}")
