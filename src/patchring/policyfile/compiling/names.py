"""Windows, reboot plans and remedies of each view, under names that tell them apart."""

from collections.abc import Mapping, Sequence
from typing import Any

from patchring.policyfile.compiling.views import View
from patchring.policyfile.pages import Keys

SECTIONS = {"windows": "window", "reboots": "reboot", "remedies": "remedy"}
# For each view and section: the name in the flat text by the name in the view's.
Renames = Mapping[View, Mapping[str, Mapping[str, str]]]


def named_things(views: Sequence[View]) -> tuple[dict[str, Keys], Renames]:
    """The flat sections, and what each view calls them. What is the same as in a wider view is that view's."""
    renames: dict[View, dict[str, dict[str, str]]] = {view: {} for view in views}
    flat: dict[str, Keys] = {}
    for section in SECTIONS:
        things = {view: _things(view, section, views[-1]) for view in views}
        flat[section] = Keys(things[views[-1]].mark)
        for view in reversed(views):
            wider = [other for other in views if other is not view and other.holds_for(view)]
            renames[view][section] = names = {}
            for name, thing in things[view].items():
                same = next((w for w in wider if name in things[w] and things[w][name] == thing), None)
                names[name] = renames[same][section][name] if same else f"{name}{view.label}"
                if same is None:
                    flat[section].put(names[name], thing, things[view].marks[name])
    return flat, renames


def _things(view: View, section: str, base: View) -> Keys:
    found: Any = view.text.get(section)
    things: Keys = found if isinstance(found, Keys) else Keys(view.text.mark)
    hours = view.text.get("hours")
    if section != "windows" or hours == base.text.get("hours"):
        return things
    made = things.copy()
    for name, window in things.items():
        if isinstance(window, Keys) and _minds_hours(window) and "hours" not in window:
            own = window.copy()
            own.put("hours", hours, view.text.marks["hours"])
            made[name] = own
    return made


def _minds_hours(window: Keys) -> bool:
    return "outside_hours" in window or "catch_up" in window


def renamed(row: Keys, names: Mapping[str, Mapping[str, str]]) -> Keys:
    """The row with the flat text's names of what it uses; the same object where they are the same."""
    changed = {
        key: names[section][row[key]]
        for section, key in SECTIONS.items()
        if names[section].get(row.get(key) or "", row.get(key)) != row.get(key)
    }
    if not changed:
        return row
    made = row.copy()
    made.update(changed)
    return made
