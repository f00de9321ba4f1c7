"""All of it."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from patchring.policyfile.compiling.flat import Extra, Flat
from patchring.policyfile.compiling.names import named_things
from patchring.policyfile.compiling.segments import Placed, segments_of
from patchring.policyfile.compiling.tables import RULES, rules_of, table_of
from patchring.policyfile.compiling.views import problems_of, rows_of, views_of
from patchring.policyfile.errors import Problem, Severity
from patchring.policyfile.layers import kind_of, level_of, named, problem
from patchring.policyfile.pages import Keys, Rows
from patchring.policyfile.shapes.whole import ROWS_MAX

At = tuple[str, int]


def flattened(documents: Sequence[Keys]) -> tuple[Flat, list[Problem]]:
    """One flat text of layers whose shapes are right, the widest first; or what cannot be merged."""
    problems = list(problems_of(documents))
    layers = tuple(document.mark.page.layer for document in documents)
    if problems:
        return Flat(documents[0], layers), problems
    views = views_of(documents)
    if len(views) == 1:
        return Flat(views[0].text, layers), []
    root = views[-1].text.copy()
    things, renames = named_things(views)
    segments = list(segments_of(views, renames, rules_of(views, renames)))
    if len(segments) > ROWS_MAX:
        text = f"sites and groups make {len(segments)} segments of {len(root['segments'])}; expected at most {ROWS_MAX}"
        return Flat(root, layers), [problem(documents[-1].mark, f"{text}: change fewer of them")]
    for section, keys in things.items():
        _put(root, section, keys, documents)
    _put(root, "segments", _rows(segments), documents)
    scoped: frozenset[int] = frozenset()
    for table in RULES:
        rows, written = table_of(table, views, segments, renames)
        scoped = written if table == "approvals" else scoped
        _put(root, table, rows, documents)
    extras = {("segments", number): each.view.extra for number, each in enumerate(segments)}
    bases = {("segments", number): each.base for number, each in enumerate(segments)}
    extras |= _exceptions(root, documents)
    _limits(root, documents)
    return Flat(root, layers, extras, bases, scoped, tuple(_in_two_groups(documents))), []


def _put(root: Keys, key: str, value: Keys | Rows, documents: Sequence[Keys]) -> None:
    """What was not written before and is empty stays unwritten."""
    if value or key in root:
        mark = next((each.marks[key] for each in (root, *documents) if key in each.marks), root.mark)
        root.put(key, value, mark)


def _rows(segments: Sequence[Placed]) -> Rows:
    rows = Rows()
    for each in segments:
        row = each.row.copy()
        row["name"] = each.name
        rows.put(row, each.mark)
    return rows


def _in_two_groups(documents: Sequence[Keys]) -> Iterator[Problem]:
    groups = [document for document in documents if kind_of(document.mark.page.layer) == "group"]
    for number, document in enumerate(groups[1:], 1):
        first = " or ".join(named(each.mark.page.layer) for each in groups[:number])
        text = f"a device that is in {first} as well follows that layer alone, because it is written before"
        yield replace(problem(document.marks["layer"], text), severity=Severity.WARNING)


def _exceptions(root: Keys, documents: Sequence[Keys]) -> dict[At, Extra]:
    """Those of sites and groups before the tenant's, each for its own devices."""
    made, extras = Rows(), dict[At, Extra]()
    for document in reversed(documents):
        layer = document.mark.page.layer
        if level_of(layer) < 2:
            continue
        own = rows_of(document, "exceptions")
        for row, mark in zip(own, own.marks, strict=True):
            extras["exceptions", len(made)] = ((kind_of(layer), named(layer)),)
            copy = row.copy()
            copy["name"] = f"{row['name']} @ {layer}"
            made.put(copy, mark)
    wide = rows_of(root, "exceptions")
    for row, mark in zip(wide, wide.marks, strict=True):
        made.put(row, mark)
    _put(root, "exceptions", made, documents)
    return extras


def _limits(root: Keys, documents: Sequence[Keys]) -> None:
    """`limits.site` of a site is the limit there."""
    for document in documents:
        layer, own = document.mark.page.layer, document.get("limits")
        if kind_of(layer) != "site" or not isinstance(own, Keys) or own.get("site") is None:
            continue
        limits = root["limits"].copy() if isinstance(root.get("limits"), Keys) else Keys(own.mark)
        sites = limits["sites"].copy() if isinstance(limits.get("sites"), Keys) else Keys(own.mark)
        sites.put(named(layer), own["site"], own.marks["site"])
        limits.put("sites", sites, own.marks["site"])
        root.put("limits", limits, root.marks.get("limits", document.marks["limits"]))
