"""Which advisories speak of what is installed, and which of them an update would settle.

An advisory names packages of an ecosystem (a distribution and its release, a vendor's catalogue) and from which version
on each is fixed. The same package in the same version is asked about once, however many devices have it.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from patchring.core.versions import KEYS, Scheme


@dataclass(frozen=True)
class Affected:
    """A line of an advisory. `introduced` empty: every earlier version; `fixed` empty: there is no fix yet. `last`: the
    last version that it holds for, where that is said and the fix is not; empty: nobody said."""

    advisory_id: str
    ecosystem: str
    package: str
    introduced: str = ""
    fixed: str = ""
    last: str = ""


@dataclass(frozen=True)
class Present:
    """A package as advisories name it: by its source where the ecosystem goes by sources."""

    ecosystem: str
    package: str
    version: str


@dataclass(frozen=True)
class Match:
    """An advisory that holds for a package that is present. `fixed` empty: nothing settles it yet."""

    advisory_id: str
    package: str
    version: str
    fixed: str


@dataclass(frozen=True)
class _Line:
    """A line with its ends ready to compare; None: open."""

    said: Affected
    introduced: Any
    fixed: Any
    last: Any

    def holds(self, key: Any) -> bool:
        begun = self.introduced is None or key >= self.introduced
        over = (self.fixed is not None and key >= self.fixed) or (self.last is not None and key > self.last)
        return begun and not over


class Matcher:
    """Advisories by package, and what was found out about each version before.

    `scheme` is the order of versions by ecosystem; LOOSE for one that it does not name.
    """

    def __init__(self, lines: Iterable[Affected], scheme: Mapping[str, Scheme]) -> None:
        self._scheme = scheme
        self._lines: dict[tuple[str, str], list[_Line]] = {}
        self._known: dict[Present, tuple[Match, ...]] = {}
        for line in sorted(lines, key=lambda line: line.advisory_id):
            key = self._key(line.ecosystem)
            introduced = None if line.introduced in ("", "0") else key(line.introduced)
            fixed, last = (key(said) if said else None for said in (line.fixed, line.last))
            ready = _Line(line, introduced, fixed, last)
            self._lines.setdefault((line.ecosystem, line.package), []).append(ready)

    def matches(self, packages: Iterable[Present]) -> list[Match]:
        """All that holds for these packages, by advisory, package and version; each once."""
        found = {match for package in packages for match in self.of_package(package)}
        return sorted(found, key=lambda match: (match.advisory_id, match.package, match.version, match.fixed))

    def of_package(self, package: Present) -> tuple[Match, ...]:
        """The same for one, by advisory."""
        lines = self._lines.get((package.ecosystem, package.package))
        if lines is None:
            return ()
        known = self._known.get(package)
        if known is None:
            version = self._key(package.ecosystem)(package.version)
            known = tuple(_match(line.said, package) for line in lines if line.holds(version))
            self._known[package] = known
        return known

    def settled_by(self, package: Present, version: str) -> list[Match]:
        """What holds for the package now and no longer for `version`: the advisories that this update settles."""
        key = self._key(package.ecosystem)
        reached = key(version)
        return [match for match in self.of_package(package) if match.fixed and key(match.fixed) <= reached]

    def _key(self, ecosystem: str) -> Callable[[str], Any]:
        return KEYS[self._scheme.get(ecosystem, Scheme.LOOSE)]


def _match(line: Affected, package: Present) -> Match:
    return Match(line.advisory_id, line.package, package.version, line.fixed)
