"""Step 3: an update whose service fails on one device of ring 2 is halted there, taken back, held, and explained.

The device cannot reach the repository when the way back begins: the prior version comes from its own folder.
"""

from __future__ import annotations

import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from lab.catalogue import STRICT
from lab.prove import record
from lab.prove.errors import require
from lab.prove.roster import EAST, MSP, NORTH, PLACES, TENANTS
from lab.prove.scene import ROLLED_BACK, Scene
from lab.prove.waiting import eventually

PATCH = "apt:lab-web=1.2"
VICTIM = "north-desk"
SPARED = ("north-web", "east-desk", "east-web")
"""They were about to get it: outer rings here, and rings that another tenant soaks longer before."""
PERMIT_LIFETIME = timedelta(seconds=60)
CALM_S = 4.0
UNREACHABLE, NOWHERE = "/etc/apt/apt.conf.d/99nowhere", b'Acquire::http::Proxy "http://127.0.0.1:9";\n'
QUICK, CAREFUL = "low risk,   soak: {time: 1s", "low risk,   soak: {time: 5m"


def reaches_ring_2(scene: Scene) -> str:
    """Up to the moment when the bad version is on the device where it fails; then the device loses the repository."""
    scene.fleet[VICTIM].push(STRICT, b"")
    slow_down_east(scene)
    scene.publish("lab-security", lab_web="1.2")
    scene.until_states(PATCH, ["bench-1", "bench-2", "north-kiosk", "east-kiosk"], 90)
    eventually(
        f"dpkg of {VICTIM} has lab-web 1.2",
        lambda: scene.fleet.versions("lab-web", [VICTIM])[VICTIM],
        lambda version: version == "1.2 installed",
        45,
        lambda: scene.why(PATCH, [VICTIM]),
    )
    scene.fleet[VICTIM].push(UNREACHABLE, NOWHERE)
    fetched = scene.fleet[VICTIM].run(["apt-get", "download", "-q", "lab-web=1.1"], check=False)
    require(fetched.returncode != 0, f"{VICTIM} cannot reach the repository", fetched.stdout)
    return f"verified in rings 0 and 1; on {VICTIM}, whose service it stops"


def halted_and_back(scene: Scene) -> str:
    scene.until_states(PATCH, [VICTIM], 120, ROLLED_BACK)
    scene.until_rollouts(PATCH, "rolled_back", 20, [NORTH])
    scene.fleet[VICTIM].run(["rm", UNREACHABLE])
    return "halted in ring 2, taken back without the repository"


def slow_down_east(scene: Scene) -> None:
    """Eastgate applies a new version of its policy: five minutes of soak in ring 1."""
    text = scene.office.policy_text(EAST)
    assert text.count(QUICK) == 1, f"examples/lab/{EAST.slug}.yaml no longer says {QUICK!r}"
    scene.office.apply_policy(EAST, text.replace(QUICK, CAREFUL))


def after_halt(scene: Scene) -> str:
    """No permit after the halt's commit, no start later than a permit's lifetime after it, no further tenant."""
    stop = _stop(scene)
    placed_at = datetime.fromisoformat(stop["placed_at"])
    scene.office.apply_policy(EAST, scene.office.policy_text(EAST))  # but for the stop, its ring 2 would open now
    time.sleep(CALM_S)
    chains = {tenant: scene.chain(tenant) for tenant in TENANTS}
    for tenant, chain in chains.items():
        permits = record.permits_after(chain, PATCH, placed_at)
        require(not permits, f"no permit to install {PATCH} at {tenant.name} after the stop of {placed_at}", permits)
        rollout_id = scene.rollout(tenant, PATCH)["rollout_id"]
        late = [e["seq"] for e in record.begun(chain, rollout_id) if record.at(e) > placed_at + PERMIT_LIFETIME]
        require(not late, f"no start at {tenant.name} later than {PERMIT_LIFETIME} after the stop", late)
    _after_commit(chains[NORTH])
    there = scene.fleet.versions("lab-web", SPARED)
    require(set(there.values()) == {"1.1 installed"}, f"lab-web 1.1 still on {SPARED}", there)
    # Ring 0 of the MSP has a newer release by now, which a person approved: it took the place of this one there.
    wanted = {MSP.slug: "abandoned", NORTH.slug: "rolled_back", EAST.slug: "running"}
    states = {tenant.slug: scene.rollout(tenant, PATCH)["state"] for tenant in TENANTS}
    require(states == wanted, f"rollouts {wanted}", states)
    return f"stopped for everybody at {placed_at:%H:%M:%S}; since then no permit at any tenant"


def _after_commit(chain: list[dict[str, Any]]) -> None:
    """In the order of the commits, which is the order of the chain."""
    halted = record.of_kind(chain, "rollout_halted", patch_key=PATCH)
    require(len(halted) == 1, "one halt in the record of the tenant where it failed", halted)
    permits = record.of_kind(chain, "permit_granted", action="install", patch_key=PATCH)
    after = [e["seq"] for e in permits if e["seq"] > halted[0]["seq"]]
    require(not after, f"no permit behind event {halted[0]['seq']}", after)


def _stop(scene: Scene) -> Mapping[str, Any]:
    rows = [row for row in scene.office.api.each("/stops") if row["stop_key"] == f"patch:{PATCH}"]
    require(len(rows) == 1, f"one stop of {PATCH} in force", rows)
    return rows[0]


def taken_back(scene: Scene) -> str:
    """The device itself, the verdict by a later scan, the hold, and what `explain` answers."""
    facts = (scene.fleet.versions("lab-web", [VICTIM])[VICTIM], scene.fleet.service(VICTIM), scene.fleet.answer(VICTIM))
    require(facts == ("1.1 installed", "active", "lab-web 1.1"), f"{VICTIM} back on a lab-web 1.1 that runs", facts)
    log = [line[20:] for line in scene.fleet.dpkg_log(VICTIM, "lab-web") if " upgrade " in line]
    require(log[-1].endswith("1.2 1.1"), f"dpkg of {VICTIM} went from 1.2 to 1.1 last", log)
    verdicts = [e["data"]["reasons"] for e in record.of_kind(scene.chain(NORTH), "patch_rolled_back")]
    codes = [reason["code"] for reasons in verdicts for reason in reasons]
    require(codes[:1] == ["seen_in_effect"], "the way back verified by a later scan", verdicts)
    rings = {ring["ring"]: ring["state"] for ring in scene.rollout(NORTH, PATCH)["rings"]}
    require(rings == {0: "passed", 1: "passed", 2: "halted", 3: "waiting"}, "halted in ring 2", rings)
    holds = [row for row in scene.office.read("holds", "list", NORTH.slug) if row["patch_key"] == PATCH]
    require([row["source"] for row in holds] == ["incident"], f"{PATCH} held by the incident", holds)
    said = {name: scene.office.explain(PLACES[name][0], name, PATCH) for name in (VICTIM, "east-desk")}
    here, elsewhere = (" / ".join(r["text"] for r in said[name]["reasons"]) for name in (VICTIM, "east-desk"))
    require("held: Ring 2 halted" in here, f"explain names the hold and the ring that halted on {VICTIM}", here)
    require("stopped (patch:" in said["east-desk"]["answer"], "explain names the stop to the other tenant", elsewhere)
    require("north" not in elsewhere.lower(), "and does not tell whose devices it was seen on", elsewhere)
    return f"explain: {said[VICTIM]['answer'].partition(': ')[0]}, held"
