"""The flat tables of rules: approvals, urgency, blackouts. Each row says which rows of the flat table of segments it is
for; a row that says different things in different views stands there once for each, one behind the other."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patchring.policyfile.compiling.names import Renames, renamed
from patchring.policyfile.compiling.segments import Placed, Rules
from patchring.policyfile.compiling.slots import slots_of
from patchring.policyfile.compiling.views import TABLES, View, rows_of
from patchring.policyfile.layers import level_of
from patchring.policyfile.pages import Keys, Mark, Rows

RULES = TABLES[1:]


@dataclass
class Variant:
    """A row as some views have it. `places` are names of flat segments; `strange` those that no segment has."""

    row: Keys
    mark: Mark
    name: str
    scoped: bool
    strange: tuple[str, ...]
    places: list[str] = field(default_factory=list)
    everywhere: bool = False

    def written(self) -> Keys:
        """The row under its name with its segments."""
        row = self.row.copy()
        row["name"] = self.name
        if not self.everywhere:
            row.put("segments", [*self.places, *self.strange], self.row.marks.get("segments", self.mark))
        return row


def rules_of(views: Sequence[View], renames: Renames) -> Rules:
    """Numbers views by their rules. A row's layer counts: a nearer layer wins."""
    kinds: list[Any] = []
    numbers: dict[View, int] = {}
    for view in views:
        kind = [_layered(view, table, renames) for table in RULES]
        if kind not in kinds:
            kinds.append(kind)
        numbers[view] = kinds.index(kind)
    return numbers


def _layered(view: View, table: str, renames: Renames) -> list[tuple[str, Keys]]:
    rows = rows_of(view.text, table)
    return [(mark.page.layer, renamed(row, renames[view])) for row, mark in zip(rows, rows.marks, strict=True)]


def table_of(
    table: str, views: Sequence[View], segments: Sequence[Placed], renames: Renames
) -> tuple[Rows, frozenset[int]]:
    """The flat table, and the numbers of its rows that were written with segments."""
    found = _variants(table, views, segments, renames)
    base = views[-1].text
    ordered = [each for slot in slots_of(table, views, base) for each in found.get(slot, ())]
    for each in ordered:
        each.everywhere = not each.scoped and len(each.places) == len(segments)
    if table == "approvals":
        _write_out(ordered)
    rows = Rows()
    for each in ordered:
        rows.put(each.written(), each.mark)
    return rows, frozenset(number for number, each in enumerate(ordered) if each.scoped)


def _variants(
    table: str, views: Sequence[View], segments: Sequence[Placed], renames: Renames
) -> dict[tuple[str, str], list[Variant]]:
    """By place; the widest view's first, because names are told apart by the view that first has them."""
    owners = {(slot.owner, slot.name) for slot in slots_of(table, views, views[-1].text)}
    placed: dict[View, list[Placed]] = {view: [] for view in views}
    for segment in segments:
        placed[segment.view].append(segment)
    found: dict[tuple[str, str], list[Variant]] = {}
    for view in reversed(views):
        rows = rows_of(view.text, table)
        there = {row["name"] for row in rows_of(view.text, "segments")}
        for row, mark in zip(rows, rows.marks, strict=True):
            owner = next(o for o in ("", *view.layers) if (o, row["name"]) in owners)
            variant = _same(found.setdefault((owner, row["name"]), []), renamed(row, renames[view]), mark, view, there)
            wanted = _listed(row.get("segments"))
            variant.places += [each.name for each in placed[view] if not wanted or each.base in wanted]
    order = {segment.name: number for number, segment in enumerate(segments)}
    for variant in (each for variants in found.values() for each in variants):
        variant.places.sort(key=order.__getitem__)
    return {key: [each for each in variants if _counts(each)] for key, variants in found.items()}


def _same(variants: list[Variant], row: Keys, mark: Mark, view: View, there: Iterable[str]) -> Variant:
    """The variant that says the same of the same layer, or a new one."""
    for each in variants:
        if each.row == row and each.mark.page.layer == mark.page.layer:
            return each
    wanted = _listed(row.get("segments"))
    strange = tuple(name for name in wanted if name not in set(there))
    variants.append(Variant(row, mark, f"{row['name']}{view.label}", bool(wanted), strange))
    return variants[-1]


def _counts(variant: Variant) -> bool:
    """A row that is for no segment is left out, unless it asks for one that is not there: that is told."""
    return bool(variant.places or variant.strange)


def _write_out(approvals: Sequence[Variant]) -> None:
    """Core puts rows with segments before rows for all. Where one row for all of a layer had to be written out, the
    others of that layer are too, so that they stay equals."""
    by_level: Mapping[int, list[Variant]] = {level: [] for level in range(4)}
    for each in approvals:
        if not each.scoped:
            by_level[level_of(each.mark.page.layer)].append(each)
    for equals in by_level.values():
        if not all(each.everywhere for each in equals):
            for each in equals:
                each.everywhere = False


def _listed(value: Any) -> list[str]:
    return [value] if isinstance(value, str) else list(value or ())
