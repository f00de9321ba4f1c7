"""What advisories say of sets of packages, worked out once for each set, whatever the number of devices and tenants.

It follows from the set and from the feeds alone, so it holds for every tenant, until a feed of advisories says
something else. A package is looked up once too, and each of its versions is compared once.
"""

from asyncio import Lock
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from patchring.app.findings.matching import Inventory, Weak, weak_by
from patchring.core.risk.matching import Affected, Match, Matcher, Present
from patchring.feeds.ecosystems import scheme_of
from patchring.store import sql
from patchring.store.transaction import Row, Tx

SETS_KEPT_MAX = 20_000
"""So many answers are remembered; a set beyond them is worked out again."""

Found = tuple[str, str, Match]
"""A part of the feed, an ecosystem, and what holds there."""


@dataclass
class Advice:
    """What the catalogue says in one state. `matched_count`: how many sets were worked out."""

    state: Mapping[str, Any]
    matched_count: int = 0
    _turn: Lock = field(default_factory=Lock)
    _sets: dict[str, tuple[Weak, ...]] = field(default_factory=dict)
    _matchers: dict[tuple[str, str], list[tuple[str, Matcher]]] = field(default_factory=dict)
    _weak: dict[Found, tuple[Weak, ...]] = field(default_factory=dict)

    def known(self, package_set: str) -> tuple[Weak, ...] | None:
        """What was worked out before of a set; None: nothing was, or it has no name."""
        return self._sets.get(package_set)

    async def of_sets(self, tx: Tx, inventories: Mapping[str, Inventory]) -> dict[str, tuple[Weak, ...]]:
        """What holds for these sets and can be settled, by name; by CVE and package, each once.

        One at a time: who waits finds the answers of those before."""
        async with self._turn:
            known = {name: self._sets[name] for name in inventories if name in self._sets}
            new = {name: each for name, each in inventories.items() if name not in known}
            return known | (await self._worked_out(tx, new) if new else {})

    async def _worked_out(self, tx: Tx, inventories: Mapping[str, Inventory]) -> dict[str, tuple[Weak, ...]]:
        await self._look_up(tx, (package for each in inventories.values() for package in each.packages))
        found = {name: self._matches(inventory) for name, inventory in inventories.items()}
        await self._read(tx, {each for matches in found.values() for each in matches})
        answers = {name: weak_by(self._weak[each] for each in matches) for name, matches in found.items()}
        self.matched_count += len(answers)
        self._remember(answers)
        return answers

    async def _look_up(self, tx: Tx, packages: Iterable[Present]) -> None:
        """The lines of packages that nobody asked about before."""
        new = {(each.ecosystem, each.package) for each in packages} - self._matchers.keys()
        if not new:
            return
        asked = {"ecosystems": sorted({name for name, _ in new}), "packages": sorted({name for _, name in new})}
        lines: dict[tuple[str, str], dict[str, list[Affected]]] = {key: {} for key in new}
        for row in await tx.all(sql.findings.lines, asked):
            parts = lines.get((row["ecosystem"], row["package"]))
            if parts is not None:
                parts.setdefault(row.pop("part"), []).append(Affected(**row))
        for key, parts in lines.items():
            scheme = {key[0]: scheme_of(key[0])}
            self._matchers[key] = [(part, Matcher(found, scheme)) for part, found in sorted(parts.items())]

    def _matches(self, inventory: Inventory) -> list[Found]:
        """By advisory, package and version; those without a fix are left out."""
        found = {
            (part, package.ecosystem, match)
            for package in inventory.packages
            for part, matcher in self._matchers[package.ecosystem, package.package]
            for match in matcher.of_package(package)
            if match.fixed
        }
        return sorted(found, key=_order)

    async def _read(self, tx: Tx, found: Iterable[Found]) -> None:
        """The words of advisories that hold somewhere, and were not read before."""
        new = {each for each in found if each not in self._weak}
        keys = sorted({match.advisory_id for _, _, match in new})
        rows = await tx.all(sql.findings.advisories_said, {"keys": keys}) if keys else []
        said = {(row["part"], row["advisory_id"]): row for row in rows}
        for each in new:
            part, ecosystem, match = each
            row = said.get((part, match.advisory_id))
            self._weak[each] = tuple(_weak(row, ecosystem, match)) if row else ()  # withdrawn: it holds no longer

    def _remember(self, answers: Mapping[str, tuple[Weak, ...]]) -> None:
        self._sets.update((name, weak) for name, weak in answers.items() if name)
        while len(self._sets) > SETS_KEPT_MAX:
            del self._sets[next(iter(self._sets))]


class SharedAdvice:
    """The advice of the newest state, for all who ask in this process."""

    def __init__(self) -> None:
        self.newest: Advice | None = None

    async def now(self, tx: Tx) -> Advice:
        state = await tx.one(sql.findings.state_of_advisories)
        if self.newest is None or self.newest.state != state:
            self.newest = Advice(state)
        return self.newest

    def forget(self) -> None:
        """As in a process that has just begun."""
        self.newest = None


SHARED = SharedAdvice()


def _order(found: Found) -> tuple[str, ...]:
    part, ecosystem, match = found
    return match.advisory_id, match.package, match.version, match.fixed, ecosystem, part


def _weak(row: Row, ecosystem: str, match: Match) -> Iterable[Weak]:
    for cve in row["cves"] or [match.advisory_id]:
        yield Weak(
            cve=cve,
            package=match.package,
            installed_version=match.version,
            fixed_version=match.fixed,
            ecosystem=ecosystem,
            advisory_id=match.advisory_id,
            severity=row["severity"],
            vector=row["vector"],
            fixable_at=min(row["published_at"] or row["known_from"], row["known_from"]),
        )
