"""The places of rows in a flat table: a row of the tenant, or one that a site or a group added, each by its name.

The order of the places is that of every view: what groups added, what sites added, then the tenant's rows.
"""

from collections.abc import Iterable, Iterator, Sequence
from typing import NamedTuple

from patchring.policyfile.compiling.views import View, new_names, rows_of
from patchring.policyfile.pages import Keys


class Slot(NamedTuple):
    """`owner` is the layer that added the row; empty: the tenant's."""

    owner: str
    name: str

    def in_view(self, view: View) -> bool:
        return not self.owner or self.owner in view.layers


def slots_of(table: str, views: Sequence[View], base: Keys) -> list[Slot]:
    """All places of a table that some view has."""
    groups = _once(view.group for view in views)
    sites = _once(view.site for view in views)
    return [*_added(table, groups, base), *_added(table, sites, base), *_tenants(table, base)]


def _once(documents: Iterable[Keys | None]) -> list[Keys]:
    return list({id(each): each for each in documents if each is not None}.values())


def _added(table: str, documents: Sequence[Keys], base: Keys) -> Iterator[Slot]:
    for document in documents:
        for name in new_names(document, table, base):
            yield Slot(document.mark.page.layer, name)


def _tenants(table: str, base: Keys) -> Iterator[Slot]:
    for row in rows_of(base, table):
        yield Slot("", row["name"])
