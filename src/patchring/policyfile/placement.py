"""Whether a file of a tree says the layer that its place asks for: tenant, `sites/` and `groups/` are read as such."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from patchring.policyfile.checks.near import nearest, numbered, plain
from patchring.policyfile.errors import Problem, Severity
from patchring.policyfile.layers import WIDTHS, kind_of, named, problem
from patchring.policyfile.pages import Keys
from patchring.policyfile.strays import LOCAL, POLICY

_NEAR = 0.8
_PLACES = {"baseline": "the baseline at the top of the tree", "tenant": POLICY, "site": "sites/", "group": "groups/"}


def misplaced(document: Keys) -> Iterator[Problem]:
    """A file of a tenant whose layer belongs elsewhere. What is no layer at all is told with the layers."""
    file, said = Path(document.mark.page.source), document.get("layer")
    kind, expected = kind_of(said) if isinstance(said, str) else "", LOCAL.get(file.parent.name, "tenant")
    if kind in WIDTHS and kind != expected:
        right = f"{expected} NAME" if expected != "tenant" else expected
        text = f"expected `layer: {right}` in {_PLACES[expected]}, got {said!r}; change it, or put what it says into"
        yield problem(document.marks["layer"], f"{text} {_PLACES[kind]}")


def misnamed(document: Keys) -> Iterator[Problem]:
    """A warning of a layer whose name is nearly that of its file: `group imagng` in `groups/imaging.yaml`."""
    stem, name = Path(document.mark.page.source).stem, named(document.mark.page.layer)
    if name and plain(stem) != plain(name) and not numbered(stem, name) and nearest(name, [stem], _NEAR):
        kind = kind_of(document.mark.page.layer)
        text = f"did you mean {stem!r}, as the file is called? devices of the {kind} {name!r} follow it, no others"
        yield replace(problem(document.marks["layer"], text), severity=Severity.WARNING)
