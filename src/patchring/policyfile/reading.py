"""YAML, read safely: every scalar as text, so that nothing is guessed (`no` is not false, 1.10 is not 1.1), each with
its line; no aliases, no tags, no duplicate keys, nothing invisible, bounded in size, depth and documents.

The values are made from the stream of events in one pass, so that nothing is built of what is refused.
"""

import re
import unicodedata
from collections.abc import Iterator
from typing import Any

import yaml
from yaml.events import (
    AliasEvent,
    CollectionEndEvent,
    CollectionStartEvent,
    DocumentStartEvent,
    Event,
    MappingStartEvent,
    ScalarEvent,
    SequenceStartEvent,
)

from patchring.policyfile.errors import PolicyInvalid, Problem
from patchring.policyfile.pages import Keys, Mark, Page, Rows
from patchring.policyfile.syntax import syntax

TEXT_BYTES_MAX = 262_144
DEPTH_MAX = 12
DOCUMENTS_MAX = 100
# The parser of libyaml where PyYAML was built with it, else the one in Python: ten times as slow, same answers.
FAST_LOADER = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
_NULLS = ("", "~", "null")
# Control characters but tab and line feed, and halves of surrogate pairs: escapes (`"\0"`) can write them, no database
# and no page can hold them.
_INVISIBLE = re.compile("[\x00-\x08\x0b-\x1f\x7f-\x9f\ud800-\udfff]")
# What the two parsers do not agree on, or libyaml cannot take; the one in Python decides.
_DELICATE = re.compile("[^\t\n\x20-\x7e\xa0-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]|\t|^%", re.MULTILINE)


def normalised(text: str) -> str:
    """The form that is fingerprinted and signed: NFC, lines ended by a line feed, no byte-order mark."""
    return unicodedata.normalize("NFC", text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n"))


def read_stream(text: str, source: str, loader: Any = FAST_LOADER) -> list[Keys]:
    """The documents as dicts, lists and texts that know their lines; at least one. Raises PolicyInvalid."""
    size = len(text.encode("utf-8", "surrogatepass"))
    if size > TEXT_BYTES_MAX:
        raise PolicyInvalid(source, [Problem(1, "", f"expected at most {TEXT_BYTES_MAX} bytes, got {size}")])
    if loader is not yaml.SafeLoader and _DELICATE.search(text):
        loader = yaml.SafeLoader
    reader = _Reader(source, text, loader)
    try:
        documents = list(reader.documents())
    except yaml.YAMLError as error:
        if loader is not yaml.SafeLoader:
            return read_stream(text, source, yaml.SafeLoader)  # for its words on what is wrong
        raise PolicyInvalid(source, [syntax(error, text)]) from error
    if reader.problems:
        raise PolicyInvalid(source, reader.problems)
    if not documents:
        raise PolicyInvalid(source, [_NO_MAPPING])
    return documents


_NO_MAPPING = Problem(1, "", "expected a mapping such as `title: ...` at the top")


class _Reader:
    """Goes through the events once. Problems that leave the rest readable are collected, others raise."""

    def __init__(self, source: str, text: str, loader: Any) -> None:
        self.source = source
        self.problems: list[Problem] = []
        self._events: Iterator[Event] = yaml.parse(text, Loader=loader)
        self._page = Page(source)
        self._lines = text.split("\n")

    def documents(self) -> Iterator[Keys]:
        count = 0
        for event in self._events:
            if isinstance(event, DocumentStartEvent):
                count += 1
                if count > DOCUMENTS_MAX:
                    self._refuse(event, f"expected at most {DOCUMENTS_MAX} documents")
                # The first document begins with the text, the others after their `---`.
                self._page = Page(self.source, _line(event) if count > 1 else 0)
                root = self._value(next(self._events), "", 0)
                if not isinstance(root, Keys):
                    line = _line(event) if count > 1 else 1
                    raise PolicyInvalid(self.source, [Problem(line, "", _NO_MAPPING.text)])
                yield root

    def _value(self, event: Event, path: str, depth: int) -> Any:
        self._allow(event, depth)
        if isinstance(event, ScalarEvent):
            self._see(event, path)
            self._note_comment(event)
            return None if not event.style and event.value in _NULLS else event.value
        if isinstance(event, SequenceStartEvent):
            rows = Rows()
            while not isinstance(item := next(self._events), CollectionEndEvent):
                where = f"{path}[{len(rows)}]"
                rows.put(self._value(item, where, depth + 1), self._mark(item, where))
            return rows
        assert isinstance(event, MappingStartEvent), f"an event of another kind: {event}"
        return self._mapping(event, path, depth + 1)

    def _mapping(self, start: Event, path: str, depth: int) -> Keys:
        keys = Keys(self._mark(start, path))
        while not isinstance(event := next(self._events), CollectionEndEvent):
            self._allow(event, depth)
            if not isinstance(event, ScalarEvent):
                text = "expected a word before the colon, got a list or a mapping"
                self.problems.append(Problem(_line(event), path, text))
                self._value(event, path, depth)
                self._value(next(self._events), path, depth)
                continue
            self._see(event, path)
            where = f"{path}.{event.value}" if path else event.value
            if event.value in keys:
                text = f"{event.value!r} is written twice; expected it once"
                self.problems.append(Problem(_line(event), where, text))
            keys.put(event.value, self._value(next(self._events), where, depth), self._mark(event, where))
        return keys

    def _allow(self, event: Event, depth: int) -> None:
        if isinstance(event, AliasEvent):
            self._refuse(event, f"aliases such as *{event.anchor} are not read here; write it out")
        if tag := getattr(event, "tag", None):
            self._refuse(event, f"tags such as {tag} are not read here; remove it")
        if isinstance(event, CollectionStartEvent) and depth >= DEPTH_MAX:
            self._refuse(event, f"nested deeper than {DEPTH_MAX} levels; expected a flatter text")

    def _refuse(self, event: Event, text: str) -> None:
        raise PolicyInvalid(self.source, [Problem(_line(event), "", text)])

    def _mark(self, event: Event, path: str) -> Mark:
        return Mark(self._page, _line(event) - self._page.offset, path)

    def _see(self, event: ScalarEvent, path: str) -> None:
        found = _INVISIBLE.search(event.value)
        if found is not None:
            text = f"there is a character U+{ord(found[0]):04X} in it, which nobody can see; remove it"
            self.problems.append(Problem(_line(event), path, text))

    def _note_comment(self, event: ScalarEvent) -> None:
        """A ticket's number in a text without quotes is a comment to YAML."""
        assert event.end_mark is not None, "the parser marks every event"
        rest = "".join(self._lines[event.end_mark.line : event.end_mark.line + 1])[event.end_mark.column :]
        if not event.style and rest.lstrip().startswith("#"):
            self._page.commented.add(_line(event) - self._page.offset)


def _line(event: Event) -> int:
    """The line in the whole text, from 1."""
    assert event.start_mark is not None, "the parser marks every event"
    return event.start_mark.line + 1
