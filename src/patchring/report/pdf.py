"""A document as PDF: set by typst from a fixed template, with the fonts that typst brings along.

What the document says comes to the template as data and is set as text; no letter of it is read as markup. Nothing is
fetched, no file but the template is read, and the date of the file is that of the document, so the same document gives
the same bytes.
"""

import json
from contextlib import suppress
from dataclasses import asdict
from datetime import UTC, datetime, time
from functools import cache
from importlib import resources

import typst

from patchring.report.model import Block, Document, Heading, Line, Table
from patchring.report.words import day


@cache
def _template() -> bytes:
    return (resources.files("patchring.report") / "templates" / "document.typ").read_bytes()


def pdf(document: Document) -> bytes:
    """The file, tagged for readers that read aloud (PDF/UA-1).

    A text that the fonts of typst cannot show (Chinese, say) is set with those of this machine; where they cannot
    either, the file promises no PDF/UA and shows boxes: better than no document.
    """
    for own_fonts_alone in (True, False):
        with suppress(typst.TypstError):
            return _set(document, own_fonts_alone)
    return _set(document, own_fonts_alone=False, accessible=False)


def _set(document: Document, own_fonts_alone: bool, accessible: bool = True) -> bytes:
    return typst.compile(
        _template(),
        format="pdf",
        pdf_standards=["ua-1"] if accessible else [],
        ignore_system_fonts=own_fonts_alone,
        sys_inputs={"document": _data(document)},
        timestamp=int(datetime.combine(document.made_on, time(0), UTC).timestamp()),
    )


def _data(document: Document) -> str:
    """What the template reads: the document's own fields, blocks with their kind, dates in words."""
    sections = [
        {**asdict(section), "blocks": [_block(block) for block in section.blocks]} for section in document.sections
    ]
    on = document.made_on
    made_on = {"words": day(on), "year": on.year, "month": on.month, "day": on.day}
    data = {**asdict(document), "sections": sections, "made_on": made_on, "short": document.short_fingerprint}
    return json.dumps(data, ensure_ascii=False)


def _block(block: Block) -> dict[str, object]:
    match block:
        case Heading():
            return {"kind": "heading", **asdict(block)}
        case Line():
            return {"kind": "line", **asdict(block)}
        case Table():
            return {"kind": "table", **asdict(block)}
