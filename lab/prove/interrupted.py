"""In the middle of dpkg: one device loses its power, and on the other the agent is killed. Both end up verified, and
nothing is installed twice.

lab-web 1.4 takes 20 seconds to configure. Only the devices of ring 0 are shown it.
"""

from __future__ import annotations

from collections.abc import Sequence

from lab.prove import record
from lab.prove.errors import require
from lab.prove.fleet import SERVICE
from lab.prove.roster import MSP, in_ring
from lab.prove.scene import Scene
from lab.prove.waiting import eventually

PATCH = "apt:lab-web=1.4"
BENCH = tuple(in_ring(0))


class Interrupted:
    """The first device that begins loses its power; the other, which follows it, loses its agent."""

    def __init__(self) -> None:
        self.first, self.second = "", ""

    def power_cut(self, scene: Scene) -> str:
        scene.publish("lab-security", BENCH, lab_web="1.4")
        self.first = until_configuring(scene, BENCH)
        (self.second,) = (name for name in BENCH if name != self.first)
        device = scene.fleet[self.first]
        device.power_cut()
        device.boot()
        scene.until_states(PATCH, [self.first], 120)
        in_effect(scene, self.first)
        configured = _log(scene, self.first, "configure")
        require(len(configured) == 2, "configured again after the interruption", configured)
        once(scene, self.first)
        return f"{self.first}: dpkg repaired by the agent, verified, reported once"

    def agent_killed(self, scene: Scene) -> str:
        until_configuring(scene, [self.second])
        device = scene.fleet[self.second]
        before = main_process(scene, self.second)
        device.run(["kill", "-KILL", before])
        configuring = device.run(["pgrep", "-x", "sleep"], check=False).returncode == 0
        require(configuring, "dpkg goes on when the agent dies", "it ended")
        scene.until_states(PATCH, [self.second], 120)
        after = main_process(scene, self.second)
        require(after not in ("0", before), "systemd started the agent again", after)
        in_effect(scene, self.second)
        configured = _log(scene, self.second, "configure")
        require(len(configured) == 1, "configured once", configured)
        once(scene, self.second)
        return f"{self.second}: its transaction went on, nothing installed twice"


def until_configuring(scene: Scene, names: Sequence[str]) -> str:
    """The first of these devices whose dpkg runs the long postinst."""

    def seen() -> dict[str, bool]:
        return scene.fleet.each(lambda d: d.run(["pgrep", "-x", "sleep"], check=False).returncode == 0, names)

    expected = f"dpkg configures lab-web 1.4 on one of {', '.join(names)}"
    found = eventually(expected, seen, lambda s: any(s.values()), 60, lambda: scene.why(PATCH, names))
    return next(name for name, sleeps in found.items() if sleeps)


def main_process(scene: Scene, name: str) -> str:
    return scene.fleet[name].run(["systemctl", "show", "-P", "MainPID", SERVICE]).stdout.strip()


def in_effect(scene: Scene, name: str) -> None:
    facts = (scene.fleet.versions("lab-web", [name])[name], scene.fleet.service(name), scene.fleet.answer(name))
    require(facts == ("1.4 installed", "active", "lab-web 1.4"), f"lab-web 1.4 in effect on {name}", facts)


def once(scene: Scene, name: str) -> None:
    """By dpkg's own log unpacked once, and by the record permitted, begun, done and verified once."""
    unpacked = _log(scene, name, "upgrade")
    require(len(unpacked) == 1, f"dpkg of {name} unpacked lab-web 1.4 once", unpacked)
    rollout_id, chain = scene.rollout(MSP, PATCH)["rollout_id"], scene.chain(MSP)
    device_id = next(key for key, value in scene.device_ids(MSP).items() if value == name)
    own = [e for e in chain if e["subject_id"] == device_id]
    kinds = ("action_started", "action_done", "patch_verified")
    counts = {kind: len(record.of_kind(own, kind, rollout_id=rollout_id)) for kind in kinds}
    require(counts == dict.fromkeys(kinds, 1), f"each reported once by {name}", counts)


def _log(scene: Scene, name: str, action: str) -> list[str]:
    """Lines of dpkg's log in which it does this with lab-web 1.4."""
    lines = scene.fleet.dpkg_log(name, "lab-web")
    return [line for line in lines if f" {action} " in line and " 1.4" in line]
