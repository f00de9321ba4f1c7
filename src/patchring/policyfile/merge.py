"""A nearer layer over a wider one.

- Scalars and lists of scalars: the nearer replaces.
- Mappings: key by key, deep. A condition (`when`, `patches`, ...) is one value: the nearer replaces all of it, so that
  whoever reads it sees what holds.
- Tables: a row whose name is there already is merged over that row in its place; other rows go before the wider ones.
- Rings: by name, field by field; a nearer layer changes rings, it makes none.

Values that no layer changed are the same objects before and after.
"""

from collections.abc import Iterator, Set

from patchring.policyfile.errors import Problem
from patchring.policyfile.layers import problem
from patchring.policyfile.pages import Keys, Mark, Rows

TABLES = frozenset(
    {"rings", "segments", "approvals", "urgency", "blackouts", "exceptions", "relations", "runs_on", "constraints"}
)
CONDITIONS = frozenset({"when", "patches", "devices", "other", "host", "guests"})


def merged(wide: Keys, near: Keys) -> Keys:
    """Both in one. A key keeps the mark of the nearest layer that set it."""
    return _merged(wide, near, TABLES)


def _merged(wide: Keys, near: Keys, tables: Set[str]) -> Keys:
    made = wide.copy()
    for key, value in near.items():
        before = wide.get(key)
        if key not in CONDITIONS and isinstance(before, Keys) and isinstance(value, Keys):
            made.put(key, _merged(before, value, tables), near.marks[key])
        elif key in tables and isinstance(before, Rows) and isinstance(value, Rows):
            made.put(key, _table(before, value), wide.marks[key] if value else near.marks[key])
        else:
            made.put(key, value, near.marks[key])
    return made


def _table(wide: Rows, near: Rows) -> Rows:
    """An empty table of the nearer layer takes nothing away: nearer layers add and change."""
    here = {row["name"]: (row, mark) for row, mark in zip(wide, wide.marks, strict=True)}
    made, changed = Rows(), dict[str, tuple[Keys, Mark]]()
    for row, mark in zip(near, near.marks, strict=True):
        if row["name"] in here:
            changed[row["name"]] = (_row(here[row["name"]][0], row), mark)
        else:
            made.put(row, mark)
    for name, (row, mark) in here.items():
        made.put(*changed.get(name, (row, mark)))
    return made


def _row(wide: Keys, near: Keys) -> Keys:
    row = _merged(wide, near, frozenset())  # `segments` of a row are names
    row.mark = near.mark
    return row


def unknown_rings(wide: Keys, near: Keys) -> Iterator[Problem]:
    """Rings of the nearer layer that the wider does not have."""
    names = [ring["name"] for ring in wide.get("rings") or ()]
    rings = near.get("rings") or Rows()
    for ring, mark in zip(rings, getattr(rings, "marks", ()), strict=True):
        if ring["name"] not in names:
            text = f"there is no ring {ring['name']!r} to change; expected {' or '.join(map(repr, names))}"
            yield problem(mark, f"{text}: rings are made in the baseline, because segments count them")
