"""Stops of facets: their keys, which are in force, and which one of several failing facets is held.

A defect of domain controllers fails for all devices as well, and for their OS build. The facet is held in which the
largest share fails; what its devices showed is then explained, and the others begin anew without them.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from uuid import UUID

from patchring.app.gate.kept import Seen
from patchring.app.stops import facet_stop, stops_in_force
from patchring.core.gate.facets import OWN, FacetKind
from patchring.core.gate.signals import Signal
from patchring.core.gate.verdict import GateOutcome
from patchring.store.transaction import Row, Tx

_BROAD_FIRST = tuple(FacetKind)


def facet_keys(patch_key: str, tenant_id: UUID, facets: Iterable[str]) -> list[str]:
    """Stop keys of these facets and of the tenant's own, in the one order in which locks are taken."""
    names = sorted({*(name for name in facets if name != OWN.key), own_name(tenant_id)})
    return [facet_stop(patch_key, name) for name in names]


def own_name(tenant_id: UUID) -> str:
    """How the facet of one tenant is called in stop keys."""
    return f"{OWN.key}/{tenant_id}"


async def held_facets(tx: Tx, patch_key: str, tenant_id: UUID, facets: Sequence[str]) -> dict[str, Row]:
    """Those of these facets that are held, with their stops; the tenant's own under its key `own`."""
    names = {facet_stop(patch_key, name): name for name in facets if name != OWN.key}
    names[facet_stop(patch_key, own_name(tenant_id))] = OWN.key
    rows = await stops_in_force(tx, facet_keys(patch_key, tenant_id, facets))
    return {names[row["stop_key"]]: row for row in rows}


def to_hold(
    seen: Mapping[tuple[str, Signal], Seen], kinds: Mapping[str, FacetKind], held: Collection[str]
) -> tuple[str, Seen] | None:
    """The facet that explains best what failed; None: nothing fails that is not held."""
    failing = {
        key: each for key, each in seen.items() if each.verdict.outcome is GateOutcome.FAIL and key[0] not in held
    }
    return _best(failing, kinds)


def to_slow(
    seen: Mapping[tuple[str, Signal], Seen], kinds: Mapping[str, FacetKind], held: Collection[str]
) -> dict[str, Seen]:
    """For each signal that warns, the facet that explains it best."""
    warned = {key: each for key, each in seen.items() if each.verdict.warned and key[0] not in held}
    found = {}
    for signal in {signal for _, signal in warned}:
        best = _best({key: each for key, each in warned.items() if key[1] is signal}, kinds)
        assert best is not None, "of some there is a best"
        found[best[0]] = best[1]
    return found


def _best(seen: Mapping[tuple[str, Signal], Seen], kinds: Mapping[str, FacetKind]) -> tuple[str, Seen] | None:
    def rank(key: tuple[str, Signal]) -> tuple[float, int, int, str]:
        each = seen[key]
        share = each.evidence.events / max(1, each.evidence.events, each.installed)
        return share, each.evidence.events, -_BROAD_FIRST.index(kinds[key[0]]), key[0]

    if not seen:
        return None
    best = max(seen, key=rank)
    return best[0], seen[best]
