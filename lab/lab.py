"""A whole lab: `Lab().up(names)` makes what is missing of it, `down()` removes all of it."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from pathlib import Path

from lab import base, golden, host, mirror, network, service, teardown
from lab.catalogue import FIRST
from lab.cgroup import Cgroup
from lab.device import Device
from lab.errors import BadName, HostNotReady, NoSuchDevice
from lab.ledger import Ledger
from lab.place import CACHE, Place
from lab.pool import make_pool
from lab.repository import LABELS, Repository
from lab.webserver import PORT, Configuration

GOLDEN = "golden"
GOLDEN_NUMBER = 2
NAME = re.compile("[a-z][a-z0-9-]{0,19}")


def quiet(_: str) -> None:
    """Takes the lab's progress and drops it."""


class Lab:
    """The lab of one prefix on this machine. Its state is on the disk: any process may open it.

    `say` is told, in one line each, what is being made.
    """

    def __init__(self, prefix: str = "prlab", say: Callable[[str], None] = quiet) -> None:
        self.place = Place(prefix)
        self.ledger = Ledger(self.place.state)
        self.say = say

    # --- all of it ---------------------------------------------------------------------------------------------

    def up(self, names: Sequence[str], preinstalled: Mapping[str, str] = FIRST) -> dict[str, float | None]:
        """Makes and boots these devices, and what they need; what exists is kept.

        Name -> seconds of its boot, None for a device that was on already.

        `preinstalled` (name -> version) is what the lab's devices have from their making, and what the suite
        `lab` offers at first; it counts when the lab is new. Raises LabError.
        """
        for name in names:
            if not NAME.fullmatch(name):
                raise BadName(f"a device's name has 1 to 20 of a-z, 0-9 and -, starting with a letter, not {name!r}")
        host.prepare()
        with self.place.alone():
            if self.ledger.from_earlier_boot():
                self.say("the machine was restarted since: making the lab anew")
                teardown.remove_all(self.ledger)
            teardown.remove_incomplete(self.ledger)
            self._make_ground(preinstalled)
            self._make_model(preinstalled)
            devices = [self._make_device(name) for name in names]
            was_on = [device.is_on() for device in devices]
            self.say(f"booting {was_on.count(False)} devices")
            with ThreadPoolExecutor(max_workers=8) as threads:
                seconds = list(threads.map(Device.boot, devices))
        return {d.name: None if on else s for d, on, s in zip(devices, was_on, seconds, strict=True)}

    def down(self, *, cache: bool = False) -> int:
        """Removes everything that the lab has made; how many things that were.

        The base image and what was downloaded for it stay for the next lab, unless `cache` is true.
        """
        with self.place.alone():
            for device in self.devices:
                device.power_cut()
            removed = teardown.remove_all(self.ledger)
            if cache:
                shutil.rmtree(CACHE)
        return removed

    # --- its parts ---------------------------------------------------------------------------------------------

    @property
    def bridge_address(self) -> str:
        """The host's address that the devices reach: servers for them listen here. Raises HostNotReady."""
        bridge = self.ledger.get("link", self.place.bridge)
        if bridge is None:
            raise HostNotReady(f"there is no lab {self.place.prefix}: ./dev lab makes it")
        return str(bridge.data["address"])

    @property
    def url(self) -> str:
        """The web server on the bridge, without a slash at its end."""
        return f"http://{self.bridge_address}:{PORT}"

    @property
    def repository(self) -> Repository:
        return Repository(self.place.www / "lab", self.place.folder / "keys", f"{self.url}/lab")

    @property
    def devices(self) -> list[Device]:
        """In the order of their making, running or not."""
        return [Device(self.place, e.name, str(e.data["address"])) for e in self.ledger.entries("device")]

    def device(self, name: str) -> Device:
        """Raises NoSuchDevice with the names there are."""
        known = {device.name: device for device in self.devices}
        if name not in known:
            raise NoSuchDevice(f"no device {name} in the lab; it has: {', '.join(known) or 'none'}")
        return known[name]

    # --- how it is made ----------------------------------------------------------------------------------------

    def _make_ground(self, preinstalled: Mapping[str, str]) -> None:
        """Folder, network, repository and web server."""
        self.ledger.note("folder", str(self.place.folder))
        self.ledger.note("cgroup", self.place.prefix)
        network.make_bridge(self.place, self.ledger)
        for suite in LABELS:
            if not (self.place.www / "lab/dists" / suite / "InRelease").exists():
                self.repository.publish(suite, preinstalled if suite == "lab" else {})
        cgroup = Cgroup(f"{self.place.prefix}/webserver")
        if not cgroup.populated():
            self._start_webserver(cgroup)

    def _start_webserver(self, cgroup: Cgroup) -> None:
        debian = mirror.find(refresh=False)
        configuration = Configuration(
            address=self.bridge_address,
            cgroup=cgroup.name,
            www=str(self.place.www),
            cache=str(CACHE),
            upstream={"debian-security": debian.security.uri},
        )
        file = self.place.folder / "webserver.json"
        file.write_text(json.dumps(vars(configuration), indent=1))
        service.start("lab.serve", [str(file)], self.place.logs / "webserver.log")

    def _make_model(self, preinstalled: Mapping[str, str]) -> None:
        """The pool, the base in it, and the model of all devices, made on the golden device."""
        make_pool(self.place, self.ledger)
        root, model = self.place.pool / "base", self.place.pool / "model"
        if model.exists():
            return
        if not root.exists():
            self._make_base(root)
        self.say("preparing the golden device")
        device = self._attach(GOLDEN, GOLDEN_NUMBER)
        device.remove_disk()  # a leftover of an attempt that was interrupted
        golden.derive(root, device, self.bridge_address)
        device.boot()
        golden.prepare(device, preinstalled)
        golden.finish(device, model)
        self._detach(GOLDEN, GOLDEN_NUMBER)

    def _make_base(self, root: Path) -> None:
        debian = mirror.find(refresh=False)
        self.say("making the base image (quick when it is in the cache)")
        tar = base.image(debian)
        key = self.repository.key.public.read_bytes()
        base.unpack(tar, root, partial(base.dress, www=self.url, debian=debian, key=key))

    def _make_device(self, name: str) -> Device:
        """The device of that name, off when it is new. Raises HostNotReady past the most that a host can carry."""
        known = self.ledger.entries("device")
        numbers = {entry.name: int(entry.data["number"]) for entry in known}
        if name not in numbers and len(numbers) >= host.DEVICES_MAX:
            raise HostNotReady(f"the lab has {len(numbers)} devices, and one machine can carry no more")
        number = numbers.get(name, max(numbers.values(), default=network.FIRST_DEVICE - 1) + 1)
        device = self._attach(name, number)
        if not device.root.exists():
            golden.derive(self.place.pool / "model", device, self.bridge_address)
        self.ledger.note("device", name, number=number, address=device.address)
        return device

    def _attach(self, name: str, number: int) -> Device:
        """A device with its network, and perhaps without a disk yet."""
        address = network.make_namespace(self.place, self.ledger, name, self.bridge_address, number)
        return Device(self.place, name, address)

    def _detach(self, name: str, number: int) -> None:
        for kind, thing in (("namespace", self.place.namespace(name)), ("link", self.place.interface(number))):
            entry = self.ledger.get(kind, thing)
            assert entry, f"{thing} is not in {self.ledger.path}"
            teardown.undo(self.ledger, entry)
