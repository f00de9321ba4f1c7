"""What has to come first, what must not come at all, and what belongs together (R8).

`plan` orders the patches that a device is offered. Bonds come from vendors (`needs`, `supersedes`, `components` of a
patch) and from the relations of the policy. Rules:

- A prerequisite comes first: one that is installed is met, one that is offered goes before, another blocks.
- A conflict with something installed blocks; an offered patch that lifts the conflict goes before instead.
- What is superseded by another offered patch is left out, unless that one is blocked.
- What needs something blocked is blocked; patches in a circle block each other, and the circle is named.
- Patches that share a component are named together, so that the suspect is known when one of them harms.

The same patches in any order give the same plan.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from patchring.core.policy.bonds import Bonds, Installed, Wanted, bonds_of
from patchring.core.policy.handling import Relation, RelationKind
from patchring.core.policy.match import patch_misses
from patchring.core.reason import Reason, reason


@dataclass(frozen=True)
class Planned:
    """A patch and those that go before it, each with its reason."""

    patch_key: str
    after: tuple[str, ...] = ()
    reasons: tuple[Reason, ...] = ()


@dataclass(frozen=True)
class DependencyPlan:
    """`order` holds what can go, each behind what it needs; `blocked` what cannot and why, `left_out` what a newer one
    replaces; `notes` are true of several."""

    order: tuple[Planned, ...]
    blocked: Mapping[str, tuple[Reason, ...]] = field(default_factory=dict)
    left_out: Mapping[str, Reason] = field(default_factory=dict)
    notes: tuple[Reason, ...] = ()


def plan(
    wanted: Iterable[Wanted], installed: Sequence[Installed], relations: Sequence[Relation] = ()
) -> DependencyPlan:
    """In which order what is offered goes on a device that has `installed`."""
    offered = {each.key: each for each in sorted(wanted, key=lambda each: each.key)}
    bonds = {key: bonds_of(each, offered, installed, relations) for key, each in offered.items()}
    blocked, newest, order = _settled(offered, bonds)
    left_out = {old: reason("superseded", f"{new} replaces it") for old, new in newest.items()}
    return DependencyPlan(tuple(order), dict(sorted(blocked.items())), left_out, _shared(offered.values(), relations))


def _settled(
    offered: Mapping[str, Wanted], bonds: Mapping[str, Bonds]
) -> tuple[dict[str, tuple[Reason, ...]], dict[str, str], list[Planned]]:
    """What is blocked, what is replaced, and the order of the rest.

    What was blocked once replaces nothing any more, so this comes to an end.
    """
    barred: set[str] = set()
    while True:
        newest = _newest(offered, barred)
        before = {key: _translated(key, found, newest) for key, found in bonds.items() if key not in newest}
        blocked = {key: tuple(bonds[key].against) for key in before if bonds[key].against}
        _pass_on(before, blocked)
        free = {key: found for key, found in before.items() if key not in blocked}
        order = _ordered(free)
        blocked |= _circles(free, {each.patch_key for each in order})
        if barred >= set(blocked):
            return blocked, newest, order
        barred |= set(blocked)


def _pass_on(before: Mapping[str, Iterable[str]], blocked: dict[str, tuple[Reason, ...]]) -> None:
    """What needs something blocked is blocked, however long the chain."""
    while more := {
        key: tuple(_waits_for_blocked(first) for first in found if first in blocked)
        for key, found in before.items()
        if key not in blocked and any(first in blocked for first in found)
    }:
        blocked |= more


def _waits_for_blocked(key: str) -> Reason:
    return reason("prerequisite_blocked", f"needs {key}, which is blocked itself")


def _newest(offered: Mapping[str, Wanted], barred: Collection[str]) -> dict[str, str]:
    """What is superseded -> the newest that replaces it. Patches that each say to replace the other both stay."""
    newer = {old: key for key, each in offered.items() if key not in barred for old in each.supersedes}
    found = {}
    for old in offered:
        chain = [old]
        while (following := newer.get(chain[-1])) is not None and following not in chain:
            chain.append(following)
        if following is None and len(chain) > 1:
            found[old] = chain[-1]
    return found


def _translated(key: str, found: Bonds, newest: Mapping[str, str]) -> dict[str, Reason]:
    """What goes before a patch; instead of what is replaced, that which replaces it."""
    return {newest.get(b, b): why for b, why in found.before.items() if newest.get(b, b) != key}


def _ordered(before: Mapping[str, Mapping[str, Reason]]) -> list[Planned]:
    """Those without a circle, each behind what goes before it; among equals by key."""
    order: list[Planned] = []
    done: set[str] = set()
    while ready := sorted(key for key, found in before.items() if key not in done and done.issuperset(found)):
        key = ready[0]
        done.add(key)
        first = sorted(before[key])
        order.append(Planned(key, tuple(first), tuple(before[key][b] for b in first)))
    return order


def _circles(before: Mapping[str, Mapping[str, Reason]], placed: Collection[str]) -> dict[str, tuple[Reason, ...]]:
    waits = {key: sorted(b for b in found if b not in placed) for key, found in before.items() if key not in placed}
    return {key: (_circle(key, waits),) for key in waits}


def _circle(key: str, before: Mapping[str, Sequence[str]]) -> Reason:
    """What has no place has at least one before it that has none either, so a walk comes round."""
    path = [key]
    while (following := before[path[-1]][0]) not in path:
        path.append(following)
    circle = [*path[path.index(following) :], following]
    said = " needs ".join(circle)
    text = f"is in a circle: {said}" if key in circle else f"needs {path[1]}, which hangs on a circle: {said}"
    return reason("prerequisite_circle", text)


def _shared(offered: Iterable[Wanted], relations: Sequence[Relation]) -> tuple[Reason, ...]:
    users: dict[str, list[str]] = {}
    for each in offered:
        named = {
            r.component for r in relations if r.kind is RelationKind.SHARES and not patch_misses(r.when, each.patch)
        }
        for component in sorted(named | set(each.components)):
            users.setdefault(component, []).append(each.key)
    return tuple(
        reason("component_shared", f"{' and '.join(keys)} share {component}: if one harms, look at it first")
        for component, keys in sorted(users.items())
        if len(keys) > 1
    )
