"""Conditions in plain words: `class is point_of_sale and site is Leipzig` is "tills at the site Leipzig"."""

from collections.abc import Callable, Iterable, Mapping

from patchring.core.policy.condition import Condition
from patchring.report.words import listed

CLASSES = {
    "workstation": "office computers",
    "laptop": "laptops",
    "server": "servers",
    "shared": "computers that several people share",
    "kiosk": "kiosks (screens for visitors)",
    "point_of_sale": "points of sale (tills)",
    "specialised": "specialised workstations",
    "sensitive": "sensitive systems",
}
IMPORTANCE = {"low": "low", "standard": "ordinary", "high": "high", "mission": "the highest"}
CLASSIFICATIONS = {
    "security": "security updates",
    "critical": "critical updates",
    "rollup": "cumulative updates",
    "feature": "feature upgrades (new versions of the system)",
    "preview": "previews of later updates",
    "optional": "optional updates",
    "definition": "new virus definitions",
    "unknown": "updates that their maker did not classify",
}
KINDS = {
    "os": "the operating system",
    "application": "applications",
    "browser": "web browsers",
    "driver": "drivers",
    "firmware": "firmware (the software built into hardware)",
}
PROVIDERS = {
    "apt": "Linux packages",
    "dnf": "Linux packages",
    "windows_update": "Windows Update",
    "winget": "the Windows package manager",
}
RESTARTS = {
    "never": "that never need a restart",
    "maybe": "that may need a restart",
    "always": "that always need a restart",
    "unknown": "of which nobody knows whether they need a restart",
}


def devices_in_words(conditions: Iterable[Condition]) -> str:
    """`every device` where nothing is asked for."""
    by_field = {each.field: each.values for each in conditions}
    noun = _nouns(by_field.pop("class", ()), CLASSES, "devices of the class")
    said = [_DEVICE[field](values) for field, values in by_field.items()]
    if not said:
        return noun or "every device"
    return " ".join([noun or "devices", _joined(said)])


def patches_in_words(conditions: Iterable[Condition]) -> str:
    """`every update` where nothing is asked for."""
    by_field = {each.field: each.values for each in conditions}
    noun = _nouns(by_field.pop("classification", ()), CLASSIFICATIONS, "updates classified")
    said = [_PATCH[field](by_field[field]) for field in _PATCH if field in by_field]
    if not said:
        return noun or "every update"
    return " ".join([noun or "updates", _joined(said)])


def _joined(said: list[str]) -> str:
    return ", ".join(said)


def _nouns(values: Iterable[str], known: Mapping[str, str], otherwise: str) -> str:
    return listed((known.get(value, f"{otherwise} {pattern(value)}") for value in values), "or")


def pattern(value: str) -> str:
    """What a value with `*` and `?` takes: `beginning with RECEP-`."""
    bare = value.strip("*")
    if not any(wild in value for wild in "*?"):
        return value
    if "?" in value or "*" in bare:
        return f"of the form {value}"
    if not bare:
        return "of any kind"
    if value.startswith("*") and value.endswith("*"):
        return f"containing {bare}"
    return f"ending in {bare}" if value.startswith("*") else f"beginning with {bare}"


def _any(values: Iterable[str]) -> str:
    return listed(map(pattern, values), "or")


def _truth(yes: str, no: str) -> Callable[[Iterable[str]], str]:
    def said(values: Iterable[str]) -> str:
        found = set(values)
        return f"{yes} or {no}" if found >= {"yes", "no"} else yes if "yes" in found else no

    return said


def _of(before: str) -> Callable[[Iterable[str]], str]:
    return lambda values: f"{before} {_any(values)}"


def _from(before: str, known: Mapping[str, str]) -> Callable[[Iterable[str]], str]:
    return lambda values: f"{before} {listed((known.get(value, pattern(value)) for value in values), 'or')}".strip()


def _importance(values: Iterable[str]) -> str:
    return f"of {listed((IMPORTANCE.get(value, pattern(value)) for value in values), 'or')} importance"


def _redundancy(values: Iterable[str]) -> str:
    found = list(values)
    return "without a stand-in" if found == [""] else f"that stand in for one another in {_any(found)}"


def _roles(values: Iterable[str]) -> str:
    return f"with the role {listed((pattern(value).replace('_', ' ') for value in values), 'or')}"


_DEVICE: Mapping[str, Callable[[Iterable[str]], str]] = {
    "role": _roles,
    "criticality": _importance,
    "exposed": _truth("that can be reached from the internet", "that cannot be reached from the internet"),
    "group": _of("in the group"),
    "internal": _truth("of our own", "that are not our own"),
    "sacrificial": _truth("that you and we declared dispensable", "that were not declared dispensable"),
    "redundancy_group": _redundancy,
    "name": _of("with the name"),
    "os": _of("running"),
    "os_version": _of("with the system version"),
    "site": _of("at the site"),
}
_PATCH: Mapping[str, Callable[[Iterable[str]], str]] = {
    "type": _from("for", KINDS),
    "security": _truth("that close security holes", "that close no security hole"),
    "exploited": _truth("for weaknesses that are already being attacked", "for weaknesses that nobody attacks yet"),
    "noisy": _truth("of products whose earlier releases made trouble", "of products without a history of trouble"),
    "package": _of("of the software"),
    "version": _of("with the version"),
    "source": _of("of the source package"),
    "title": _of("with the title"),
    "kb": _of("with the number"),
    "origin": _of("from"),
    "label": _of("marked"),
    "suite": _of("in the series"),
    "provider": _from("through", PROVIDERS),
    "reboot": _from("", RESTARTS),
}
