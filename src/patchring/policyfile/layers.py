"""The layers of a text: which there are, in which order, what each may say.

From the widest to the nearest: `baseline` (the MSP's, complete by itself), `tenant`, `site NAME`, `group NAME`. One
document that says no layer is a complete policy; its layer is called `policy`.
"""

from collections.abc import Iterator, Sequence

from patchring.policyfile.errors import Problem
from patchring.policyfile.pages import Keys, Mark

WIDTHS = ("baseline", "tenant", "site", "group")
# What a site or a group may say for its own devices.
LOCAL = frozenset(
    {"patchring", "layer", "segments", "approvals", "urgency", "windows", "hours", "blackouts", "reboots"}
    | {"exceptions", "remedies", "limits"}
)
_ORDER = "baseline, tenant, site NAME, group NAME"


def kind_of(layer: str) -> str:
    """`site` of `site Leipzig`."""
    return layer.partition(" ")[0]


def named(layer: str) -> str:
    """`Leipzig` of `site Leipzig`; empty for baseline and tenant."""
    return layer.partition(" ")[2]


def level_of(layer: str) -> int:
    """How near a layer is; 0 for the widest and for a policy that stands alone."""
    return WIDTHS.index(kind_of(layer)) if kind_of(layer) in WIDTHS else 0


def label(documents: Sequence[Keys]) -> list[Problem]:
    """Tells each page which layer it is; what is wrong with their names and order."""
    if not any("layer" in document for document in documents):
        text = f"layer is missing; every document of a stream says `layer: ` and {_ORDER}"
        return [problem(documents[0].mark, text)] if len(documents) > 1 else []
    problems: list[Problem] = []
    for document in documents:
        problems += _name(document)
    return problems or [*_order(documents), *_not_theirs(documents)]


def _name(document: Keys) -> Iterator[Problem]:
    said = document.get("layer")
    mark = document.marks.get("layer", document.mark)
    if said is None:
        yield problem(mark, f"layer is missing; every document of a stream says `layer: ` and {_ORDER}")
        return
    kind, name = (kind_of(said), named(said)) if isinstance(said, str) else ("", "")
    if kind not in WIDTHS or (kind in ("site", "group")) is not bool(name.strip()):
        yield problem(mark, f"expected {_ORDER}, got {said!r}")
    elif any(wild in name for wild in "*?@"):
        yield problem(mark, f"expected the name of one {kind}, without `*`, `?` and `@`, got {name!r}")
    else:
        document.mark.page.layer = f"{kind} {name.strip()}".strip()


def _order(documents: Sequence[Keys]) -> Iterator[Problem]:
    layers = [document.mark.page.layer for document in documents]
    for number, (document, layer) in enumerate(zip(documents, layers, strict=True)):
        mark = document.marks["layer"]
        if number == 0 and layer != "baseline":
            yield problem(mark, f"expected the baseline first, got {layer}; put the MSP's baseline before it")
        if layer in layers[:number]:
            yield problem(mark, f"there is a layer {layer} already; expected one document of each")
        elif number and level_of(layer) < level_of(layers[number - 1]):
            yield problem(mark, f"{layer} comes after {layers[number - 1]}; expected {_ORDER}, in this order")


def _not_theirs(documents: Sequence[Keys]) -> Iterator[Problem]:
    """What a site or a group may not say, because it is one thing for the whole tenant."""
    for document in documents:
        layer = document.mark.page.layer
        if level_of(layer) < 2:
            continue
        for key in document:
            if key not in LOCAL:
                own = ", which a segment may have for itself" if key == "automation" else ""
                text = f"is the tenant's{own}; a {kind_of(layer)} cannot set it: write it in the tenant's layer"
                yield problem(document.marks[key], text)
        yield from _limits(document, kind_of(layer))


def _limits(document: Keys, kind: str) -> Iterator[Problem]:
    limits = document.get("limits")
    if not isinstance(limits, Keys):
        return
    for key in limits:
        if key != "site" or kind == "group":
            text = "is the tenant's; a site sets `limits.site` alone, a group none: write it in the tenant's layer"
            yield problem(limits.marks[key], text)


def problem(mark: Mark, text: str) -> Problem:
    """An error at a mark."""
    return Problem(mark.line + mark.page.offset, mark.path, text, source=mark.page.source)
