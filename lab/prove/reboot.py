"""An update that asks for a reboot is verified only after a real one: another boot id, the new version in effect."""

from __future__ import annotations

from lab.prove import record
from lab.prove.errors import require
from lab.prove.roster import PLACES, TENANTS, Tenant, in_ring
from lab.prove.scene import Scene

PATCH = "apt:lab-kernel=6.1.2"
RUNNING = "/run/lab-kernel-running"


class Reboots:
    """Two steps that share what was read before the first."""

    def __init__(self) -> None:
        self._boots: dict[str, str] = {}

    def begin(self, scene: Scene) -> str:
        self._boots = scene.fleet.each(lambda device: device.boot_id())
        scene.publish("lab-security", lab_kernel="6.1.2")
        scene.until_states(PATCH, in_ring(0), 120)
        return f"verified on {' and '.join(in_ring(0))}; the outer rings go on meanwhile"

    def everywhere(self, scene: Scene) -> str:
        scene.until_states(PATCH, list(PLACES), 150)
        boots = scene.fleet.each(lambda device: device.boot_id())
        same = [name for name in PLACES if boots[name] == self._boots[name]]
        require(not same, "another boot id on every device", f"the same on {same}")
        running = scene.fleet.each(lambda device: device.read(RUNNING).strip())
        require(set(running.values()) == {"6.1.2"}, "6.1.2 in effect on every device", running)
        asked = scene.fleet.each(lambda device: device.run(["ls", "/run"]).stdout.split())
        still = [name for name, files in asked.items() if "reboot-required" in files]
        require(not still, "no device asks for a reboot any more", still)
        for tenant in TENANTS:
            in_the_record(scene, tenant)
        return f"{len(PLACES)} real reboots, each verified only afterwards"


def in_the_record(scene: Scene, tenant: Tenant) -> None:
    """Of each device: a permit for the reboot, then the reboot, then the verdict."""
    rollout, chain = scene.rollout(tenant, PATCH)["rollout_id"], scene.chain(tenant)
    for device_id, name in scene.device_ids(tenant).items():
        own = [e for e in chain if e["subject_id"] == device_id]
        rebooting = [e["seq"] for e in record.of_kind(own, "device_rebooting", rollout_id=rollout)]
        verified = [e["seq"] for e in record.of_kind(own, "patch_verified", rollout_id=rollout)]
        permits = [e["seq"] for e in record.of_kind(own, "permit_granted", action="reboot")]
        fits = len(rebooting) == len(verified) == 1 and permits and permits[-1] < rebooting[0] < verified[0]
        require(bool(fits), f"permit, reboot, verdict of {name} in this order", (permits, rebooting, verified))
