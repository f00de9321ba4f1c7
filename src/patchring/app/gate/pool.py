"""The pool of one patch while a look at one tenant's share goes on: facets, evidence, records. Written at the end."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.gate.kept import Seen, beside_json, step_json
from patchring.app.gate.steps import Grown
from patchring.app.work import Work
from patchring.core.gate.facets import Facet, FacetKind, budget_of
from patchring.core.gate.replay import METHOD, Beside, verdict_of, watched_of
from patchring.core.gate.signals import Signal
from patchring.core.gate.verdict import told_to_others
from patchring.store import sql
from patchring.store.transaction import Row

Key = tuple[str, Signal]


@dataclass
class Pool:
    """`facets` are rows of `gate.facets` by key. `warned_anew`: a warning came or went by this look."""

    patch_key: str
    facets: dict[str, Row]
    seen: dict[Key, Seen]
    warned_anew: bool = False
    _touched: set[str] = field(default_factory=set)
    _stepped: set[Key] = field(default_factory=set)
    _ended: list[dict[str, Any]] = field(default_factory=list)
    records: list[dict[str, Any]] = field(default_factory=list)

    def add_facet(self, facet: Facet) -> Row:
        """A facet that nobody had so far gets the next number of its kind, which never changes."""
        if facet.key not in self.facets:
            ordinal = 1 + sum(row["kind"] == facet.kind for row in self.facets.values())
            about = {"facet": facet.key, "kind": facet.kind.value, "ordinal": ordinal, "words": facet.words}
            counts = {"era": 1, "tenant_count": 0, "device_count": 0, "installed_count": 0, "accepted_at": None}
            self.facets[facet.key] = {**about, **counts}
            self._touched.add(facet.key)
        return self.facets[facet.key]

    def grow(self, facet: str, **more: int) -> None:
        """Counts of a facet, by differences."""
        if any(more.values()):
            row = self.facets[facet]
            row |= {name: row[name] + count for name, count in more.items()}
            self._touched.add(facet)

    def begin_anew(self, facets: Iterable[str]) -> None:
        """Evidence of the present era stays as a record; the next look of each tenant adds all of its own again."""
        for facet in facets:
            self._ended += [self._row(key) for key in sorted(self._stepped & self.seen.keys()) if key[0] == facet]
            self.facets[facet]["era"] += 1
            self._touched.add(facet)
            self.seen = {key: seen for key, seen in self.seen.items() if key[0] != facet}

    def step(self, facet: str, signal: Signal, more: Grown, new_tenant: bool) -> None:
        """One step; a record when it says anything that was not said."""
        before = self.seen.get((facet, signal), Seen())
        tenants = before.tenants + new_tenant
        unread = max(0, before.unread + more.unread)
        evidence = before.evidence if more.nothing else before.evidence.after(more.step)
        beside = self._beside(facet, signal, tenants, unread)
        verdict = verdict_of(evidence, beside)
        if more.nothing and before.number and before.verdict == verdict:
            return
        if more.nothing:
            evidence = evidence.after(more.step)  # so that records are steps without exception
        told = told_to_others(watched_of(evidence, beside), verdict)
        seen = Seen(before.number + 1, evidence, tenants, unread, verdict, beside, told, beside.installed)
        self.seen[facet, signal] = seen
        self.warned_anew = self.warned_anew or before.verdict.warned != verdict.warned
        self._stepped.add((facet, signal))
        record = {**step_json(more.step), **beside_json(beside), **seen.verdict_json()}
        about = {"facet": facet, "signal": signal.value, "era": self.facets[facet]["era"], "number": seen.number}
        self.records.append({**about, "record": record})

    def _beside(self, facet: str, signal: Signal, tenants: int, unread: int) -> Beside:
        row = self.facets[facet]
        return Beside(
            facet=row["words"],
            signal=signal,
            installed=row["installed_count"],
            left=max(0, row["device_count"] - row["installed_count"]),
            tenants=tenants,
            tenant_count=row["tenant_count"],
            unread=unread,
            budget=budget_of(FacetKind(row["kind"]), row["ordinal"], signal),
        )

    async def write(self, work: Work) -> None:
        facets = [{**self.facets[key], "accepted_at": None} for key in sorted(self._touched)]
        if facets:
            await work.tx.execute(sql.gate.put_facets, {"patch_key": self.patch_key, "rows": Jsonb(facets)})
        rows = self.rows()
        if rows:
            await work.tx.execute(sql.gate.put_evidence, {"patch_key": self.patch_key, "rows": Jsonb(rows)})
        if self.records:
            given = {"patch_key": self.patch_key, "at": work.now, "code_version": METHOD}
            await work.tx.execute(sql.gate.add_records, {**given, "rows": Jsonb(self.records)})

    def rows(self) -> list[dict[str, Any]]:
        """Evidence that changed, as it is written."""
        return [*self._ended, *(self._row(key) for key in sorted(self._stepped & self.seen.keys()))]

    def _row(self, key: Key) -> dict[str, Any]:
        facet, signal = key
        seen = self.seen[key]
        about = {"facet": facet, "signal": signal.value, "era": self.facets[facet]["era"]}
        counts = {"step_count": seen.number, "tenant_count": seen.tenants, "unread_count": seen.unread}
        return {**about, **counts, "evidence": seen.as_json()}


async def load_pool(work: Work, patch_key: str) -> Pool:
    """Call it after the lock of the patch's gate."""
    facets = {row["facet"]: row for row in await work.tx.all(sql.gate.facets, {"patch_key": patch_key})}
    rows = await work.tx.all(sql.gate.evidence, {"patch_key": patch_key})
    return Pool(patch_key, facets, seen_of(rows))


def seen_of(rows: Iterable[Mapping[str, Any]]) -> dict[Key, Seen]:
    """From rows of `gate.evidence`."""
    return {
        (row["facet"], Signal(row["signal"])): replace(
            Seen.read(row["evidence"]),
            number=row["step_count"],
            tenants=row["tenant_count"],
            unread=row["unread_count"],
        )
        for row in rows
    }
