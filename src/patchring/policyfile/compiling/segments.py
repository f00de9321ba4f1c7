"""The flat table of segments.

For each place of the table a row for every view that differs there stands before the wider view's row, with the site
and the group among its conditions. A view differs when its row does, when what the row uses does, or when other rules
are for it (`Rules`). Rows that say what the row behind them says are not made.

A later group's added segment would also take devices that belong to an earlier group; then the earlier group gets a
whole table of its own in front.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from patchring.core.policy.match import matches
from patchring.policyfile.compiling.names import Renames, renamed
from patchring.policyfile.compiling.slots import slots_of
from patchring.policyfile.compiling.views import View, new_names, rows_of
from patchring.policyfile.layers import named
from patchring.policyfile.pages import Keys, Mark

# A number for each view: the same for views with the same approvals, urgency and blackouts.
Rules = Mapping[View, int]


@dataclass(frozen=True)
class Placed:
    """A row of the flat table, and the view that it was made for."""

    row: Keys
    mark: Mark
    view: View
    base: str

    @property
    def name(self) -> str:
        return f"{self.base}{self.view.label}"


def segments_of(views: Sequence[View], renames: Renames, rules: Rules) -> Iterator[Placed]:
    """In the order of the flat table."""
    base = views[-1].text
    groups = {view.group_number: view.group for view in views if view.group is not None}
    adding = [number for number, group in groups.items() if new_names(group, "segments", base)]
    rest = list(views)
    for number in sorted(groups):
        if any(later > number for later in adding):
            yield from _block([view for view in rest if view.group_number == number], base, renames, rules)
            rest = [view for view in rest if view.group_number != number]
    yield from _block(rest, base, renames, rules)


def _block(views: Sequence[View], base: Keys, renames: Renames, rules: Rules) -> Iterator[Placed]:
    rows = {view: _rows(view, renames) for view in views}
    for slot in slots_of("segments", views, base):
        made: list[Placed] = []
        for view in reversed(views):
            found = rows[view].get(slot.name) if slot.in_view(view) else None
            if found and _can_be_there(found[0], view) and _differs(found[0], view, made, rules):
                made.insert(0, Placed(*found, view, slot.name))
        yield from made


def _rows(view: View, renames: Renames) -> dict[str, tuple[Keys, Mark]]:
    table = rows_of(view.text, "segments")
    return {row["name"]: (renamed(row, renames[view]), mark) for row, mark in zip(table, table.marks, strict=True)}


def _differs(row: Keys, view: View, behind: Sequence[Placed], rules: Rules) -> bool:
    """Whether a device of the view could come to a row behind that says something else, or to none."""
    for other in behind:
        if other.view.may_hold_for(view):
            if other.row != row or rules[other.view] != rules[view]:
                return True
            if other.view.holds_for(view):
                return False
    return True


def _can_be_there(row: Keys, view: View) -> bool:
    """Whether a segment that names sites names the view's."""
    sites = (row.get("when") or {}).get("site")
    if view.site is None or not sites:
        return True
    site = named(view.site.mark.page.layer)
    return any(matches(pattern, site) for pattern in ([sites] if isinstance(sites, str) else sites))
