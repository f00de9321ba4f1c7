"""What binds one offered patch to others and to what is installed, by its vendor's word and the policy's."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from patchring.core.devices import PatchFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.handling import Relation, RelationKind
from patchring.core.policy.match import described, patch_misses
from patchring.core.reason import Reason, reason
from patchring.core.versions import older, scheme_of


@dataclass(frozen=True)
class Wanted:
    """A patch that is offered, with the vendor's word on it: keys of patches, names of components."""

    patch: PatchFacts
    needs: tuple[str, ...] = ()
    supersedes: tuple[str, ...] = ()
    components: tuple[str, ...] = ()

    @property
    def key(self) -> str:
        return self.patch.patch_key


@dataclass(frozen=True)
class Installed:
    """A package that the device has."""

    provider: str
    name: str
    version: str

    @property
    def as_patch(self) -> PatchFacts:
        return PatchFacts(f"{self.provider}:{self.name}={self.version}", self.provider, self.name, self.version)


@dataclass
class Bonds:
    """What was found for one patch: patches that go before it, by key, and what stands against it."""

    before: dict[str, Reason] = field(default_factory=dict)
    against: list[Reason] = field(default_factory=list)


def bonds_of(
    each: Wanted, offered: Mapping[str, Wanted], installed: Sequence[Installed], relations: Sequence[Relation]
) -> Bonds:
    """All bonds of `each` among the patches that are offered, by key, and the packages that the device has."""
    found = Bonds()
    present = {package.as_patch.patch_key for package in installed}
    for key in each.needs:
        if key in offered:
            found.before[key] = _first(key, "its vendor says so")
        elif key not in present:
            found.against.append(reason("prerequisite_missing", f"needs {key}, neither installed nor offered"))
    for relation in relations:
        if not patch_misses(relation.when, each.patch):
            _relate(found, each, relation, offered, installed)
    return found


def _relate(
    found: Bonds, each: Wanted, relation: Relation, offered: Mapping[str, Wanted], installed: Sequence[Installed]
) -> None:
    said = f"rule {relation.name}" + (f" ({relation.layer}, line {relation.line})" if relation.layer else "")
    others = {key: other.patch for key, other in offered.items() if not patch_misses(relation.other, other.patch)}
    here = [package for package in installed if not patch_misses(relation.other, package.as_patch)]
    if relation.kind is RelationKind.NEEDS:
        _need(found, each.key, relation, others, here, said)
    elif relation.kind is RelationKind.CONFLICTS:
        _conflict(found, each.key, relation, others, here, said)


def _need(
    found: Bonds,
    key: str,
    relation: Relation,
    others: Mapping[str, PatchFacts],
    here: Sequence[Installed],
    said: str,
) -> None:
    """A patch that is itself what is needed waits for nothing: a wide rule may name it with the rest."""
    brought = [other for other, patch in others.items() if not _is_older(patch, relation)]
    if key in brought:
        return
    found.before |= {other: _first(other, said) for other in brought}
    if not brought and all(_is_older(package, relation) for package in here):
        least = f" {relation.older_than} or newer" if relation.older_than else ""
        text = f"needs {_said(relation.other)}{least}, neither installed nor offered: {said}"
        found.against.append(reason("prerequisite_missing", text))


def _conflict(
    found: Bonds,
    key: str,
    relation: Relation,
    others: Mapping[str, PatchFacts],
    here: Sequence[Installed],
    said: str,
) -> None:
    """A patch that lifts the conflict itself has none: else nothing could ever lift it under a wide rule."""
    for package in (package for package in here if not relation.older_than or _is_older(package, relation)):
        lifts = [other for other, patch in others.items() if _lifts(patch, package, relation)]
        if key in lifts:
            continue
        found.before |= {other: _first(other, said) for other in lifts}
        if not lifts:
            text = f"conflicts with {package.name} {package.version}, which is installed: {said}"
            found.against.append(reason("conflict_installed", text))


def _is_older(there: Installed | PatchFacts, relation: Relation) -> bool:
    return bool(relation.older_than) and older(scheme_of(there.provider), there.version, relation.older_than)


def _lifts(patch: PatchFacts, package: Installed, relation: Relation) -> bool:
    """Whether the patch brings the package to a version that the relation does not mean."""
    same = (patch.provider, patch.name) == (package.provider, package.name)
    return same and bool(relation.older_than) and not _is_older(patch, relation)


def _first(key: str, why: str) -> Reason:
    return reason("prerequisite_first", f"{key} goes first: {why}")


def _said(conditions: Sequence[Condition]) -> str:
    return " and ".join(described(each) for each in conditions) or "any patch"
