"""Step 1: three tenants, eight devices with the agent from its .deb, two in every ring, a server on the bridge."""

from __future__ import annotations

from lab.prove import server
from lab.prove.errors import require
from lab.prove.fleet import SERVICE
from lab.prove.roster import PLACES, RINGS, TENANTS, in_ring
from lab.prove.scene import PREINSTALLED, Scene
from lab.prove.waiting import eventually


def devices_up(scene: Scene) -> str:
    scene.lab.up(list(PLACES), PREINSTALLED)
    states = scene.fleet.each(lambda device: device.system_state())
    require(set(states.values()) == {"running"}, "every device running", states)
    return f"{len(states)} devices run systemd"


def server_up(scene: Scene) -> str:
    server.start(scene.server)
    for tenant in TENANTS:
        scene.office.take_on(tenant)
    rows = scene.office.read("tenants", "list")
    kinds = {row["slug"]: (row["kind"], row["policy_version"]) for row in rows}
    wanted = {tenant.slug: (tenant.kind, 1) for tenant in TENANTS}
    require(kinds == wanted, f"tenants {wanted}", kinds)
    return f"{len(rows)} tenants with keys, roots and signed policies"


def enrolled(scene: Scene) -> str:
    scene.fleet.install_agent()
    for tenant in TENANTS:
        token = scene.office.token(tenant)
        for place in tenant.places:
            scene.fleet.enrol(place.name, scene.server.agents_address, token)
            scene.office.classify(tenant, place)
    scene.fleet.start_agents()
    eventually(
        "every device has scanned",
        lambda: {name: scene.office.device(tenant, name)["scanned_at"] for name, (tenant, _) in PLACES.items()},
        lambda seen: all(seen.values()),
        60,
        lambda: scene.fleet.agent_log("bench-1") + "\n" + scene.server_log(),
    )
    states = scene.fleet.each(lambda device: device.run(["systemctl", "is-active", SERVICE], check=False).stdout)
    require(set(states.values()) == {"active\n"}, "the agent's service active on every device", states)
    rings = {ring: len(in_ring(ring)) for ring in RINGS}
    require(min(rings.values()) >= 2, "at least two devices in every ring", rings)
    return "agents run under systemd, their first scans are in"
