"""What the text says for the devices of one site and one group: a view merges the layers that concern them, no other.

A device belongs to the first view that takes it: site and group, group alone, site alone, neither; of several groups
the first one written.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import reduce

from patchring.policyfile.compiling.flat import Extra
from patchring.policyfile.errors import Problem
from patchring.policyfile.layers import kind_of, level_of, named, problem
from patchring.policyfile.merge import merged, unknown_rings
from patchring.policyfile.pages import Keys, Rows

VIEWS_MAX = 1000
TABLES = ("segments", "approvals", "urgency", "blackouts")


@dataclass(frozen=True, eq=False)
class View:
    """`site` and `group` are layers' documents; None: any device. `group_number` counts groups as they are written."""

    text: Keys
    site: Keys | None = None
    group: Keys | None = None
    group_number: int = -1

    @property
    def layers(self) -> tuple[str, ...]:
        return tuple(document.mark.page.layer for document in (self.site, self.group) if document is not None)

    @property
    def label(self) -> str:
        """What is added to the names of things that are the view's own."""
        return "".join(f" @ {layer}" for layer in self.layers)

    @property
    def extra(self) -> Extra:
        return tuple((kind_of(layer), named(layer)) for layer in self.layers)

    def holds_for(self, other: "View") -> bool:
        """Whether all devices of the other view fulfil the conditions of this one."""
        return self.site in (None, other.site) and self.group in (None, other.group)

    def may_hold_for(self, other: "View") -> bool:
        """Whether some may: a device can be in a later group besides."""
        later = other.group is not None and self.group_number > other.group_number
        return self.site in (None, other.site) and (later or self.group in (None, other.group))


def views_of(documents: Sequence[Keys]) -> list[View]:
    """In the order in which devices are taken; the last is the text of the tenant for all devices."""
    wide = [each for each in documents if level_of(each.mark.page.layer) < 2]
    sites = [each for each in documents if level_of(each.mark.page.layer) == 2]
    groups = [each for each in documents if level_of(each.mark.page.layer) == 3]
    base = View(reduce(merged, wide))
    at_sites = [View(merged(base.text, site), site) for site in sites]
    views = [View(merged(base.text, group), None, group, n) for n, group in enumerate(groups)] + at_sites
    both = (
        View(merged(at_site.text, group), at_site.site, group, number)
        for number, group in enumerate(groups)
        for at_site in at_sites
    )
    return [*both, *views, base]


def problems_of(documents: Sequence[Keys]) -> Iterator[Problem]:
    """What cannot be merged or compiled."""
    baseline = documents[0]
    for document in documents[1:]:
        yield from unknown_rings(baseline, document)
    local = [each for each in documents if level_of(each.mark.page.layer) >= 2]
    groups = sum(level_of(each.mark.page.layer) == 3 for each in local)
    count = (1 + groups) * (1 + len(local) - groups)
    if count > VIEWS_MAX:
        text = f"{len(local) - groups} sites and {groups} groups make {count} pairs; expected at most {VIEWS_MAX}"
        yield problem(local[-1].mark, f"{text}: give fewer of them a layer of their own")
    wide = [each for each in documents if level_of(each.mark.page.layer) < 2]
    yield from _exceptions(wide, local)
    yield from _conditions(wide, local)
    yield from _same_names(wide, local)


def rows_of(document: Keys, table: str) -> Rows:
    return document.get(table) or Rows()


def new_names(document: Keys, table: str, base: Keys) -> list[str]:
    """Names of rows that the layer adds to the tenant's."""
    here = {row["name"] for row in rows_of(base, table)}
    return [row["name"] for row in rows_of(document, table) if row["name"] not in here]


def _exceptions(tenants: Sequence[Keys], local: Sequence[Keys]) -> Iterator[Problem]:
    """Exceptions add up: that a wider one does not hold here could not be said of a device."""
    wide = [row["name"] for each in tenants for row in rows_of(each, "exceptions")]
    for document in local:
        for row, mark in zip(rows_of(document, "exceptions"), rows_of(document, "exceptions").marks, strict=True):
            if row["name"] in wide:
                text = f"the tenant has an exception {row['name']!r}; exceptions add up, so a site or a group"
                yield problem(mark, f"{text} cannot change it: give this one a name of its own")


def _conditions(tenants: Sequence[Keys], local: Sequence[Keys]) -> Iterator[Problem]:
    """A device that the changed conditions leave out would come to the wider row behind."""
    wide = {row["name"] for each in tenants for row in rows_of(each, "segments")}
    for document in local:
        rows, kind = rows_of(document, "segments"), kind_of(document.mark.page.layer)
        for row in rows:
            if row["name"] in wide and "when" in row:
                text = f"which devices {row['name']!r} takes is the tenant's; a {kind} cannot change it: add a segment"
                yield problem(row.marks["when"], f"{text} of another name here, which goes before the tenant's")


def _same_names(wide: Sequence[Keys], local: Sequence[Keys]) -> Iterator[Problem]:
    """A group's new row that a site has too would stand in two places."""
    for table in TABLES:
        known = {row["name"] for each in wide for row in rows_of(each, table)}
        at_sites = {
            row["name"] for each in local if level_of(each.mark.page.layer) == 2 for row in rows_of(each, table)
        }
        for document in (each for each in local if level_of(each.mark.page.layer) == 3):
            for row, mark in zip(rows_of(document, table), rows_of(document, table).marks, strict=True):
                if row["name"] in at_sites - known:
                    yield problem(mark, f"{row['name']!r} is the name of a site's row; expected a name of its own")
