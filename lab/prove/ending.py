"""At the end: the records verify, nothing went wrong behind the scenes, and the lab leaves nothing behind."""

from __future__ import annotations

import re
from pathlib import Path

from lab.cgroup import Cgroup
from lab.prove.errors import require
from lab.prove.roster import PLACES, TENANTS
from lab.prove.scene import Scene

SERVER_TROUBLE = re.compile(r'Traceback|"level": ?"(error|critical)"|\b5\d\d Internal')
AGENT_TROUBLE = re.compile(r"Traceback|the server says 5\d\d")


def records_hold(scene: Scene) -> str:
    """Every link of every chain, walked by the server; and no piece of work was given up."""
    counts = []
    for tenant in TENANTS:
        scene.office.command("events", "verify", tenant.slug)
        chain = scene.chain(tenant)
        given_up = [(e["kind"], e["data"]) for e in chain if e["kind"] in ("work_parked", "report_set_aside")]
        require(not given_up, f"no work parked and no report set aside at {tenant.name}", given_up)
        counts.append(len(chain))
    return f"{sum(counts)} events in {len(counts)} chains"


def no_errors(scene: Scene) -> str:
    """No error in any log of the server, none of the server's in the agents' journals, nothing unsent on a device."""
    logs = {log.name: log.read_text(errors="replace").splitlines() for log in scene.server.logs}
    wrong = [f"{name}: {line[:400]}" for name, lines in logs.items() for line in lines if SERVER_TROUBLE.search(line)]
    require(not wrong, "no error in the server's logs", "\n".join(wrong[:5]))
    journals = {name: scene.fleet.agent_log(name, 2000).splitlines() for name in PLACES}
    wrong = [
        f"{name}: {line[:400]}" for name, lines in journals.items() for line in lines if AGENT_TROUBLE.search(line)
    ]
    require(not wrong, "no answer 5xx and no crash in the agents' journals", "\n".join(wrong[:5]))
    unsent = {name: scene.office.device(tenant, name)["unsent_count"] for name, (tenant, _) in PLACES.items()}
    require(set(unsent.values()) == {0}, "every report received", unsent)
    return f"{len(logs)} logs of the server, {len(journals)} journals of agents"


def nothing_left(scene: Scene) -> str:
    """The lab and the server in it, by the lab's own command."""
    place = scene.lab.place
    removed = scene.lab.down()
    left = [name for name in Path("/sys/class/net").iterdir() if name.name.startswith(f"{place.prefix}-")]
    require(not left, "no link of the lab", left)
    require(not Cgroup(place.prefix).populated(), "no process of the lab", "there are some")
    require(
        not place.folder.exists(), f"no folder {place.folder}", list(place.folder.iterdir()) if left else "it is there"
    )
    return f"{removed} things removed"
