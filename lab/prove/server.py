"""Patchring's server on the lab's bridge: `python -m lab.prove.server SETTINGS`, the path of a JSON file.

The same tree of processes as `patchring up`, in a cgroup of the lab's, so that the lab's removal ends it too.
"""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from dataclasses import asdict, dataclass
from pathlib import Path

from lab import service
from lab.lab import Lab
from patchring.serve.local import OPERATOR_TOKEN_FILE, LocalServer
from patchring.serve.settings import Settings

PEOPLE_PORT, AGENTS_PORT = 8440, 8441
CHECK_IN_S, CHECK_IN_BUSY_S = 1, 1


@dataclass(frozen=True)
class ServerPlace:
    """Where the server of one lab is: its home, its cgroup, its addresses."""

    home: Path
    cgroup: str
    address: str

    @classmethod
    def of(cls, lab: Lab) -> ServerPlace:
        return cls(lab.place.folder / "server", f"{lab.place.prefix}/server", lab.bridge_address)

    @property
    def people_address(self) -> str:
        return f"http://{self.address}:{PEOPLE_PORT}"

    @property
    def agents_address(self) -> str:
        return f"https://{self.address}:{AGENTS_PORT}"

    @property
    def token(self) -> str:
        """The operator's."""
        return (self.home / OPERATOR_TOKEN_FILE).read_text(encoding="utf-8").strip()

    @property
    def logs(self) -> list[Path]:
        return sorted((self.home / "log").glob("*.log"))


def start(place: ServerPlace) -> None:
    """Returns once it serves. Raises CommandFailed with the end of its log."""
    place.home.mkdir(parents=True, exist_ok=True)
    file = place.home / "lab-server.json"
    file.write_text(json.dumps({**asdict(place), "home": str(place.home)}))
    service.start("lab.prove.server", [str(file)], place.home / "log" / "up.log")


async def _serve(place: ServerPlace) -> None:
    stopped = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stopped.set)
    settings = Settings(
        home=place.home,
        people_host=place.address,
        people_port=PEOPLE_PORT,
        agents_host=place.address,
        agents_port=AGENTS_PORT,
        check_in_interval=CHECK_IN_S,
        check_in_interval_busy=CHECK_IN_BUSY_S,
    )
    async with LocalServer(settings):
        service.ready()
        await stopped.wait()


def main() -> None:
    said = json.loads(Path(sys.argv[1]).read_text())
    place = ServerPlace(Path(said["home"]), said["cgroup"], said["address"])
    service.enter(place.cgroup)
    asyncio.run(_serve(place))


if __name__ == "__main__":
    main()
