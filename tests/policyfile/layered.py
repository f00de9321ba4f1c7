"""Random layers, and what a device gets of them: from the compiled text, and by merging only what concerns it."""

import json
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any
from uuid import UUID

from hypothesis import strategies as st

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts
from patchring.core.policy.decide import decide, segment_of
from patchring.core.policy.model import Policy
from patchring.policyfile.compiling import Flat
from patchring.policyfile.layers import label
from patchring.policyfile.merge import merged
from patchring.policyfile.reading import read_stream
from patchring.policyfile.shapes.whole import PolicyShape
from patchring.policyfile.values import build

NOBODY = UUID(int=0)
SITES, GROUPS = ("North", "South"), ("red", "blue")
_NAMES = ("b", "c")

BASE: dict[str, Any] = {
    "patchring": "1",
    "layer": "baseline",
    "title": "Random",
    "automation": "observe",
    "rings": [{"name": f"r{n}", "soak": {"time": "1h", "verified": "1"}} for n in range(4)],
    "windows": {
        "w": {"rule": "FREQ=DAILY", "start": "22:00", "lasts": "4h", "outside_hours": "yes"},
        "v": {"rule": "FREQ=WEEKLY;BYDAY=SU", "start": "02:00", "lasts": "4h"},
    },
    "hours": {"monday": "08:00-18:00"},
    "reboots": {"p": {"warnings": ["1h"]}},
    "remedies": {"m": {"steps": ["return_to_prior"]}, "n": {"steps": ["uninstall"]}},
    "on_failure": {"failed_max": "0", "halt": "patch"},
    "approvals": [{"name": "x", "decide": "review"}],
    "urgency": [{"name": "u", "verified_max": "9"}],
    "segments": [
        {"name": "a", "when": {"class": "kiosk"}, "ring": "3", "window": "w", "remedy": "n"},
        {"name": "rest", "ring": "2", "window": "v", "remedy": "m"},
    ],
}


def documents() -> st.SearchStrategy[list[dict[str, Any]]]:
    """A baseline, a tenant, some sites and groups."""
    return st.builds(
        lambda base, tenant, sites, groups: [
            _wide(base),
            {"patchring": "1", "layer": "tenant"} | tenant,
            *({"patchring": "1", "layer": f"site {name}"} | said for name, said in sites.items()),
            *({"patchring": "1", "layer": f"group {name}"} | said for name, said in groups.items()),
        ],
        _layer("base", complete=True),
        _layer("tenant"),
        st.dictionaries(st.sampled_from(SITES), _layer("site"), max_size=2),
        st.dictionaries(st.sampled_from(GROUPS), _layer("group"), max_size=2),
    )


def _wide(said: dict[str, Any]) -> dict[str, Any]:
    made = BASE | said
    for table in ("segments", "approvals", "urgency"):
        names = {row["name"] for row in said.get(table, [])}
        made[table] = [*said.get(table, []), *(row for row in BASE[table] if row["name"] not in names)]
    return made


def _layer(kind: str, complete: bool = False) -> st.SearchStrategy[dict[str, Any]]:
    """What a layer says; rows of `kind` are its own, the others change wider ones."""
    own = f"{kind[0]}1"
    # A group must not repeat the name of a site's row; both may change the tenant's, which are always there.
    names = st.sampled_from(_NAMES) if complete else st.sampled_from(("rest", own))
    rows: dict[str, Any] = {
        "segments": _segments(names, complete, own),
        "approvals": _approvals(st.sampled_from(("y", "z") if complete else ("x", own))),
        "urgency": _urgency(own),
        "blackouts": st.just([{"name": own, "from": "2026-12-21", "to": "2026-12-24"}]),
        "windows": st.fixed_dictionaries({"w": st.fixed_dictionaries({"start": st.sampled_from(("20:00", "21:00"))})}),
        "hours": st.fixed_dictionaries({"friday": st.sampled_from(("08:00-12:00", "08:00-16:00"))}),
        "reboots": st.fixed_dictionaries({"p": st.fixed_dictionaries({"deferrals": st.just("2"), "deadline": _DAYS})}),
        "remedies": st.fixed_dictionaries({"m": st.fixed_dictionaries({"scope": st.just("installed")})}),
    }
    if complete:
        rows = {key: rows[key] for key in ("segments", "approvals", "urgency", "blackouts")}
    return st.fixed_dictionaries({}, optional=rows)


_DAYS = st.sampled_from(("2d", "3d"))
_WHEN = st.fixed_dictionaries(
    {},
    optional={
        "class": st.sampled_from(("server", "kiosk")),
        "criticality": st.just("low"),
        "site": st.sampled_from(("North", "S*")),
        "group": st.sampled_from(GROUPS),
    },
)
_PATCH = st.fixed_dictionaries({}, optional={"type": st.sampled_from(("os", "driver")), "security": st.just("yes")})


def _segments(names: st.SearchStrategy[str], complete: bool, own: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    fields: dict[str, Any] = {
        "ring": st.sampled_from(("2", "3")),
        "window": st.sampled_from(("w", "v")),
        "reboot": st.sampled_from(("never", "p")),
        "remedy": st.sampled_from(("m", "n")),
    }
    whole = {"name": names, "when": _WHEN} | fields
    row = st.fixed_dictionaries(whole)
    if not complete:
        change = st.fixed_dictionaries(
            {"name": st.sampled_from(("rest", "a"))}, optional=fields | ({"when": _WHEN} if own == "t1" else {})
        )
        new = st.fixed_dictionaries(whole | {"name": st.just(own)})
        row = change | new
    return st.lists(row, min_size=1, max_size=3, unique_by=lambda each: each["name"])


def _approvals(names: st.SearchStrategy[str]) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {"name": names, "when": _PATCH, "decide": st.sampled_from(("review", "hold", "block"))},
        optional={"segments": st.just(["rest"])},
    )
    return st.lists(row, min_size=1, max_size=3, unique_by=lambda each: each["name"])


def _urgency(own: str) -> st.SearchStrategy[list[dict[str, Any]]]:
    row = st.fixed_dictionaries(
        {"name": st.sampled_from(("u", own)), "when": _PATCH},
        optional={"window": st.just("w"), "verified_max": st.just("3"), "segments": st.just(["rest"])},
    )
    return st.lists(row, min_size=1, max_size=2, unique_by=lambda each: each["name"])


def devices() -> st.SearchStrategy[DeviceFacts]:
    return st.builds(
        lambda site, groups, kind, low: DeviceFacts(
            NOBODY, NOBODY, NOBODY, "d", kind, criticality=low, groups=frozenset(groups), site=site
        ),
        st.sampled_from((*SITES, "Elsewhere")),
        st.sets(st.sampled_from((*GROUPS, "green"))),
        st.sampled_from((DeviceClass.SERVER, DeviceClass.KIOSK)),
        st.sampled_from((Criticality.LOW, Criticality.STANDARD)),
    )


PATCHES = [
    PatchFacts(f"k{n}", "apt", "curl", "1", security=security, type=kind)
    for n, (security, kind) in enumerate((s, k) for s in (True, False) for k in ("os", "driver"))
]


def as_text(stream: list[dict[str, Any]]) -> str:
    """JSON is YAML."""
    return "\n---\n".join(json.dumps(each, indent=1) for each in stream)


@dataclass(frozen=True)
class Effect:
    """What a device gets, under the names of the layers' own texts."""

    placed: tuple[Any, ...]
    decisions: tuple[Any, ...]
    urgencies: tuple[Any, ...]
    blackouts: frozenset[Any]


def concerning(stream: list[dict[str, Any]], device: DeviceFacts) -> list[dict[str, Any]]:
    """The layers that concern a device: its site's, and that of the first group written that it is in."""
    groups = [each for each in stream if each["layer"].removeprefix("group ") in device.groups]
    site = [each for each in stream if each["layer"] == f"site {device.site}"]
    return [*stream[:2], *site, *groups[:1]]


def merged_policy(stream: list[dict[str, Any]]) -> Policy:
    """One policy of all layers, by nothing but merging."""
    read = read_stream(as_text(stream), "test")
    assert label(read) == []
    root = reduce(merged, read)
    return build(PolicyShape.model_validate(root), Flat(root, ()), "")


def effect(policy: Policy, device: DeviceFacts) -> Effect:
    """Asks core, and takes from the answers what compiling adds."""
    found = segment_of(policy, device)
    if found.segment is None:
        return Effect((), (), (), frozenset())
    segment = found.segment
    window, plan = policy.windows[segment.window], policy.reboots.get(segment.reboot_plan)
    hours = window.hours or policy.hours if window.outside_hours else None
    here = (replace(window, name="", hours=hours), plan and replace(plan, name=""))
    remedy = replace(policy.remedies[segment.remedy], name="")
    decisions = (decide(policy, patch, segment.name) for patch in PATCHES)
    return Effect(
        (segment.base, found.ring, segment.reboot, *here, remedy),
        tuple((each.outcome, _plain(each.rule)) for each in decisions),
        tuple(_urgency_of(policy, segment.name)),
        frozenset(
            (_plain(each.name), each.from_on)
            for each in policy.blackouts
            if not each.segments or segment.name in each.segments
        ),
    )


def _urgency_of(policy: Policy, segment: str) -> list[Any]:
    rows = [row for row in policy.urgency if not row.segments or segment in row.segments]
    said = [(_plain(row.name), row.when, row.verified_max, row.layer, policy.windows.get(row.window)) for row in rows]
    return [(*rest, window and replace(window, name="", hours=None)) for *rest, window in said]


def _plain(name: str) -> str:
    return name.split(" @ ")[0]
