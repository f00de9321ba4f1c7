"""Layers are read strictly and merged exactly; every value knows who set it."""

from pathlib import Path

import pytest

from patchring.policyfile.load import check_documents
from patchring.policyfile.reading import read_stream

SMALL = Path(__file__).with_name("small")
LAYERS = ("baseline", "tenant", "site", "group")


def texts() -> dict[str, str]:
    return {layer: (SMALL / f"{layer}.yaml").read_text(encoding="utf-8") for layer in LAYERS}


def stream(**changed: str) -> str:
    return "---\n".join((texts() | changed).values())


def told(changed: dict[str, str]) -> list[str]:
    """The errors of the layers, each in a file of its own."""
    documents = [each for layer, text in changed.items() for each in read_stream(text, f"{layer}.yaml")]
    return [each.told() for each in check_documents(documents, "").errors]


def slips() -> list[tuple[str, str, str, list[str]]]:
    """(layer, old, new, problems) of each section of layers.txt."""
    text = Path(__file__).with_name("layers.txt").read_text(encoding="utf-8")
    return [_slip(section.splitlines()) for section in text.split("\n#\n")[1:]]


def _slip(lines: list[str]) -> tuple[str, str, str, list[str]]:
    layer, old, new = ("\n".join(line[1:] for line in lines if line.startswith(sign)) for sign in "@-+")
    return layer.strip(), old, new, [line[2:] for line in lines if line.startswith("!")]


@pytest.mark.parametrize(("layer", "old", "new", "expected"), slips(), ids=lambda each: str(each)[:40])
def test_each_slip_is_told_in_its_file(layer: str, old: str, new: str, expected: list[str]) -> None:
    """One slip in valid layers: exactly its message, with the file and the line that it stands in."""
    before = texts()
    assert before[layer].count(old) == 1
    assert told(before | {layer: before[layer].replace(old, new)}) == expected
