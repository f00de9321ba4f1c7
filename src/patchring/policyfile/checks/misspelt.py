"""Words in conditions that are hardly meant: a hold with a misspelt value never matches, and the next row decides.

What a field may hold is not known here: devices have the roles and groups that people give them, repositories name
themselves. So a word is told when it is close to another that is well known, or that this text writes elsewhere.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from difflib import get_close_matches

from patchring.core.policy.match import matches
from patchring.policyfile.checks.found import Found
from patchring.policyfile.checks.near import nearest, numbered
from patchring.policyfile.compiling.flat import Flat
from patchring.policyfile.layers import kind_of, named
from patchring.policyfile.pages import Keys, Location, Mark, mark_of
from patchring.policyfile.shapes.whole import PolicyShape

# What devices report packages and updates of; a value of `provider` that takes none of them takes nothing.
PROVIDERS = (
    "apt", "dnf", "zypper", "windows_update", "winget", "softwareupdate", "snap", "flatpak", "fwupd", "brew",
)  # fmt: skip
_REPOSITORIES = ("Debian", "Debian-Security", "Debian Backports", "Ubuntu", "UbuntuESM", "UbuntuESMApps", "Microsoft")
WELL_KNOWN: Mapping[str, tuple[str, ...]] = {
    "origin": _REPOSITORIES,
    "label": _REPOSITORIES,
    "role": ("domain_controller", "hypervisor", "line_of_business", "database"),
    "group": (),
    "site": (),
}
# The well-known words are few and far apart; people's own names, such as `ward north` and `ward south`, are not.
_CLOSE_TO_KNOWN, _CLOSE_TO_OWN = 0.8, 0.85
_OWN_MAX = 100  # words of a field; with more of them a program wrote the text, and comparing all pairs takes long
_CONDITIONS = {
    "segments": ("when",),
    "approvals": ("when",),
    "urgency": ("when",),
    "exceptions": ("patches", "devices"),
    "relations": ("when", "other"),
    "runs_on": ("host", "guests"),
}


@dataclass(frozen=True)
class Word:
    """A value of a condition, where the flat text has it and where it is written."""

    field: str
    value: str
    location: Location
    mark: Mark


def misspelt(shape: PolicyShape, flat: Flat) -> Found:
    """(location, sentence) of each value that is hardly the one that was meant."""
    words = [word for word in _words(shape, flat.root) if word.field == "provider" or word.field in WELL_KNOWN]
    written = _written(words, flat.layers)
    pairs = {(word.field, word.value) for word in words if word.field in WELL_KNOWN}
    meanings = {(field, value): _meant(field, value, written[field]) for field, value in pairs}
    for word in words:
        if word.field == "provider":
            yield from _provider(word)
        elif meant := meanings.get((word.field, word.value), ""):
            text = f"did you mean {meant!r}? {word.value!r} is nearly the same; a row for a {word.field} that"
            yield word.location, f"{text} nothing has is never followed: the next one decides"


def _words(shape: PolicyShape, root: Keys) -> Iterator[Word]:
    for table, keys in _CONDITIONS.items():
        for number, row in enumerate(getattr(shape, table)):
            for key in keys:
                for field, values in getattr(row, key).items():
                    at = (table, number, key, field)
                    yield from (Word(field, value, at, mark_of(root, at)[0]) for value in values)


def _provider(word: Word) -> Found:
    if not any(matches(word.value, provider) for provider in PROVIDERS):
        near = get_close_matches(word.value.casefold(), PROVIDERS, 1)
        text = f"; did you mean {near[0]!r}?" if near else ";"
        text = f"no provider is called {word.value!r}{text} there are {', '.join(PROVIDERS)}"
        yield word.location, f"{text}; a row for another is never followed: the next one decides"


Written = Mapping[str, Counter[str]]


def _written(words: list[Word], layers: tuple[str, ...]) -> Written:
    """How often each word is written. Compiling may have copied a row: that counts once. A layer names its group, so
    that its word goes before all that rows say."""
    counts: dict[str, Counter[str]] = {field: Counter() for field in WELL_KNOWN}
    for layer in layers:
        if kind_of(layer) in counts:
            counts[kind_of(layer)][named(layer)] += len(words)
    places = dict.fromkeys((w.field, w.value, w.mark.page.source, w.mark.page.offset, w.mark.path) for w in words)
    for field, value, *_ in places:
        if field in counts:
            counts[field][value] += 1
    return counts


def _meant(field: str, value: str, written: Counter[str]) -> str:
    """The word that it is close to: a well-known one, or one of the text that is written more often, or as often and
    first. Empty: none."""
    known = WELL_KNOWN[field]
    if value in known or _wild(value):
        return ""
    own = _rather(value, written) if len(written) <= _OWN_MAX else []
    return nearest(value, known, _CLOSE_TO_KNOWN) or nearest(value, own, _CLOSE_TO_OWN)


def _rather(value: str, written: Counter[str]) -> list[str]:
    """Words of the text that may be meant by another."""
    order, count = [*written], written[value]
    first = order.index(value)
    own = (each for at, each in enumerate(order) if (-written[each], at) < (-count, first))
    return [each for each in own if not _wild(each) and not numbered(value, each)]


def _wild(value: str) -> bool:
    return "*" in value or "?" in value
