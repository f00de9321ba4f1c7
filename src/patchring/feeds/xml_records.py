"""XML of a stranger, one child of the root at a time, and nothing of XML that could harm.

A document with a DOCTYPE is refused before anything of it is used: all attacks with entities (those that grow, those
that read files or fetch) need one. What is left is bounded: depth, elements, attributes, the length of a text. Only
the children of the root that are asked for are built, and each is dropped when the next one comes.
"""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NoReturn
from xml.parsers import expat

from patchring.feeds.errors import TooLarge, Truncated, WrongShape

DEEPEST = 32
MOST_ELEMENTS = 2_000_000
MOST_IN_A_RECORD = 400_000
LONGEST_TEXT = 4 * 1024 * 1024
MOST_ATTRIBUTES = 64
LONGEST_ATTRIBUTE = 8192
_CHUNK = 512 * 1024
_LONGEST_TOKEN = 2 * 1024 * 1024
_NAMESPACE_MARK = " "
_ENDS_EARLY = frozenset(
    {
        expat.errors.codes[expat.errors.XML_ERROR_NO_ELEMENTS],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_TOKEN],
        expat.errors.codes[expat.errors.XML_ERROR_PARTIAL_CHAR],
        expat.errors.codes[expat.errors.XML_ERROR_UNCLOSED_CDATA_SECTION],
    }
)


@dataclass(slots=True)
class Node:
    """An element. `tag` and the names of attributes are without their namespace; `text` is what stands before the
    first child, without spaces around."""

    tag: str
    attributes: dict[str, str]
    text: str = ""
    children: list["Node"] = field(default_factory=list)

    def all(self, tag: str) -> Iterator["Node"]:
        return (child for child in self.children if child.tag == tag)

    def first(self, tag: str) -> "Node | None":
        return next(self.all(tag), None)

    def said(self, *path: str) -> str:
        """The text of the first element on the path; empty: there is none."""
        node: Node | None = self
        for tag in path:
            node = node.first(tag) if node else None
        return node.text if node else ""

    def under(self, *path: str) -> list["Node"]:
        """All elements on the path."""
        found = [self]
        for tag in path:
            found = [child for node in found for child in node.all(tag)]
        return found


def records(feed: str, text: str, root: str, wanted: frozenset[str], level: int = 2) -> Iterator[Node]:
    """The wanted children of the root, in the order of the document. `root` is the name it has to have; `level` 2 are
    its children, 3 theirs.

    Raises WrongShape (a DOCTYPE, not well-formed, another root), TooLarge, Truncated; also after records were given,
    so that nothing is to be used before the end.
    """
    reader = _Reader(feed, root, wanted, level)
    raw = text.encode()
    for start in range(0, max(len(raw), 1), _CHUNK):
        reader.feed(raw[start : start + _CHUNK], final=start + _CHUNK >= len(raw))
        yield from reader.taken()


class _Reader:
    def __init__(self, feed: str, root: str, wanted: frozenset[str], level: int) -> None:
        self._feed, self._root, self._wanted, self._level = feed, root, wanted, level
        self._open: list[Node] = []
        self._depth = self._elements = self._in_record = self._fed = 0
        self._texts: list[str] = []
        self._length = 0
        self._ready: list[Node] = []
        self._parser = self._made()

    def _made(self) -> expat.XMLParserType:
        parser = expat.ParserCreate("utf-8", _NAMESPACE_MARK)
        parser.buffer_text = True
        parser.StartDoctypeDeclHandler = self._doctype
        parser.EntityDeclHandler = self._doctype
        parser.StartElementHandler = self._start
        parser.EndElementHandler = self._end
        parser.CharacterDataHandler = self._characters
        return parser

    def feed(self, chunk: bytes, *, final: bool) -> None:
        try:
            self._parser.Parse(chunk, final)
        except expat.ExpatError as error:
            self._refuse(error)
        self._fed += len(chunk)
        if not final and self._fed - self._parser.CurrentByteIndex > _LONGEST_TOKEN:
            raise TooLarge(self._feed, f"expected no tag of more than {_LONGEST_TOKEN} bytes, one does not end")

    def taken(self) -> list[Node]:
        taken, self._ready = self._ready, []
        return taken

    def _refuse(self, error: expat.ExpatError) -> NoReturn:
        where = f"line {error.lineno}"
        if error.code in _ENDS_EARLY:
            raise Truncated(self._feed, f"expected a whole XML document, it ends at {where}") from error
        raise WrongShape(self._feed, f"expected XML: {expat.ErrorString(error.code)} at {where}") from error

    def _doctype(self, *_: object) -> NoReturn:
        raise WrongShape(self._feed, "expected XML without a DOCTYPE, it has one; entities could be an attack")

    def _start(self, name: str, attributes: dict[str, str]) -> None:
        self._depth += 1
        self._elements += 1
        self._check(attributes)
        tag = _local(name)
        if self._depth == 1 and tag != self._root:
            raise WrongShape(self._feed, f"expected a document of {self._root}, got {tag[:60]!r}")
        if self._open or (self._depth == self._level and tag in self._wanted):
            self._flush()
            node = Node(tag, {_local(key): said for key, said in attributes.items()})
            if self._open:
                self._open[-1].children.append(node)
            self._open.append(node)

    def _check(self, attributes: dict[str, str]) -> None:
        self._in_record = self._in_record + 1 if self._open else 0
        if self._depth > DEEPEST:
            raise TooLarge(self._feed, f"expected at most {DEEPEST} levels of XML, there are more")
        if self._elements > MOST_ELEMENTS or self._in_record > MOST_IN_A_RECORD:
            raise TooLarge(self._feed, "expected fewer elements than came")
        if len(attributes) > MOST_ATTRIBUTES or any(len(said) > LONGEST_ATTRIBUTE for said in attributes.values()):
            raise TooLarge(self._feed, "expected fewer and shorter attributes than came")

    def _end(self, _: str) -> None:
        self._depth -= 1
        if self._open:
            self._flush()
            node = self._open.pop()
            if not self._open:
                self._ready.append(node)

    def _characters(self, said: str) -> None:
        if self._open:
            self._texts.append(said)
            self._length += len(said)
            if self._length > LONGEST_TEXT:
                raise TooLarge(self._feed, f"expected no text of more than {LONGEST_TEXT} characters, one came")

    def _flush(self) -> None:
        """What was said since the last tag belongs to the innermost element, if it is the first that it says."""
        if self._open and self._texts and not self._open[-1].text and not self._open[-1].children:
            self._open[-1].text = "".join(self._texts).strip()
        self._texts.clear()
        self._length = 0


def _local(name: str) -> str:
    return name.rpartition(_NAMESPACE_MARK)[2]
