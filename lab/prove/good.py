"""Step 2: a good update goes by rule through rings 0 to 3, in order, and is verified on every device."""

from __future__ import annotations

from lab.prove import record
from lab.prove.errors import require
from lab.prove.roster import PLACES, RINGS, TENANTS, Tenant, in_ring
from lab.prove.scene import Scene

PATCH = "apt:lab-web=1.1"


def good_update(scene: Scene) -> str:
    before = scene.fleet.versions("lab-web")
    require(set(before.values()) == {"1.0 installed"}, "lab-web 1.0 on every device", before)
    scene.publish("lab-security", lab_web="1.1")
    scene.until_states(PATCH, list(PLACES), 120)
    scene.until_rollouts(PATCH, "completed", 30)
    seen_on_devices(scene, "1.1")
    for tenant in TENANTS:
        decided_by_rule(scene, tenant)
    in_order(scene, PATCH)
    return f"verified on {len(PLACES)} devices, ring after ring"


def seen_on_devices(scene: Scene, version: str) -> None:
    """dpkg and the running service of every device say it themselves."""
    there = scene.fleet.versions("lab-web")
    require(set(there.values()) == {f"{version} installed"}, f"lab-web {version} on every device", there)
    answers = {name: scene.fleet.answer(name) for name in PLACES}
    require(set(answers.values()) == {f"lab-web {version}"}, f"every service answers lab-web {version}", answers)


def decided_by_rule(scene: Scene, tenant: Tenant) -> None:
    row = scene.office.api.get(f"/tenants/{tenant.slug}/decisions", patch=PATCH)
    outcomes = {segment["outcome"] for segment in row["segments"]}
    require(outcomes == {"auto"}, f"{tenant.name} decides auto by rule", row["segments"])


def in_order(scene: Scene, patch_key: str) -> None:
    """From each record: nothing of a ring began before the rings under it had passed. And from dpkg's own logs."""
    for tenant in TENANTS:
        rollout, chain = scene.rollout(tenant, patch_key), scene.chain(tenant)
        wrong = record.out_of_order(chain, rollout["rollout_id"], scene.ring_of(tenant))
        require(not wrong, f"rings in order at {tenant.name}", wrong)
        begun = record.begun(chain, rollout["rollout_id"])
        require(len(begun) == len(tenant.places), f"one start for each device of {tenant.name}", len(begun))
    package, _, version = patch_key.removeprefix("apt:").partition("=")
    last: dict[int, str] = {}
    first: dict[int, str] = {}
    for ring in RINGS:
        times = [unpacked_at(scene, name, package, version) for name in in_ring(ring)]
        first[ring], last[ring] = min(times), max(times)
    require(last[0] < first[1], "ring 1 began after ring 0 was done, by the devices' own logs", (last[0], first[1]))


def unpacked_at(scene: Scene, name: str, package: str, version: str) -> str:
    """When dpkg of the device began with the version, in its local time to the second."""
    lines = [line for line in scene.fleet.dpkg_log(name, package) if line.rstrip().endswith(f" {version}")]
    starts = [line[:19] for line in lines if " upgrade " in line or " install " in line]
    require(len(starts) == 1, f"dpkg of {name} unpacked {package} {version} once", lines)
    return starts[0]
