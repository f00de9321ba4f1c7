"""A document as one HTML page that needs nothing else: its style is in it, and no program runs in it."""

from functools import cache

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

from patchring.report.model import Document, Heading, Line, Table
from patchring.report.words import day


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("patchring.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    environment.tests |= {
        "heading": lambda block: isinstance(block, Heading),
        "line": lambda block: isinstance(block, Line),
        "table": lambda block: isinstance(block, Table),
    }
    return environment.get_template("document.html")


def html(document: Document) -> str:
    """The page. Every text of the document is escaped; there is no address in it that a browser would fetch."""
    return _template().render(document=document, made_on=day(document.made_on))
