"""A document as values: what HTML and PDF are both made from, so that they cannot say different things.

Every text is plain: nothing in it is markup of anything. An entry says two more things about itself where there is
something to say: `changed`, who set it where it is not the baseline's ("for Northwind"), and `by_people`, who does it
by hand because Patchring does not carry it out by itself yet.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date


@dataclass(frozen=True)
class Line:
    """One statement of one or a few sentences; `lead` are the few words that it begins with, set apart."""

    text: str
    lead: str = ""
    changed: str = ""
    by_people: str = ""


@dataclass(frozen=True)
class Heading:
    """A heading inside a section."""

    text: str


@dataclass(frozen=True)
class Row:
    """As many cells as the table has columns; the first one names the row."""

    cells: tuple[str, ...]
    changed: str = ""
    by_people: str = ""


@dataclass(frozen=True)
class Table:
    """`widths` are the shares of the columns. A table has at least one row: nothing is said by a sentence."""

    columns: tuple[str, ...]
    widths: tuple[int, ...]
    rows: tuple[Row, ...]

    def __post_init__(self) -> None:
        assert self.rows, "a table without rows says nothing; a sentence does"
        assert len(self.columns) == len(self.widths), "a width for each column"
        assert all(len(row.cells) == len(self.columns) for row in self.rows), "a cell for each column"


Block = Line | Heading | Table


@dataclass(frozen=True)
class Section:
    """A numbered section; it says something (`blocks` are never empty)."""

    number: int
    title: str
    intro: str
    blocks: tuple[Block, ...]

    def __post_init__(self) -> None:
        assert self.blocks, f"section {self.number} says nothing"


@dataclass(frozen=True)
class Signature:
    """A place to sign. `name` empty: it is written by hand."""

    party: str
    role: str
    name: str


@dataclass(frozen=True)
class Document:
    """`facts` stand on the title page. `fingerprint` is complete; empty: the text has none. `made_on` is the date of
    the document itself. `legend` explains the marks that the sections use."""

    title: str
    client: str
    subtitle: str
    made_on: date
    fingerprint: str
    facts: tuple[tuple[str, str], ...]
    minute: tuple[Line, ...]
    words: tuple[tuple[str, str], ...]
    legend: tuple[tuple[str, str], ...]
    sections: tuple[Section, ...]
    promise: str
    signatures: tuple[Signature, ...]

    @property
    def short_fingerprint(self) -> str:
        return self.fingerprint[:12]


def entries(blocks: tuple[Block, ...]) -> Iterator[Line | Row]:
    """The lines and rows of some blocks, in order."""
    for block in blocks:
        if isinstance(block, Table):
            yield from block.rows
        elif isinstance(block, Line):
            yield block
