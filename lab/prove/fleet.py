"""The devices as the proof sees them: the agent's package on them, and facts read from the devices themselves."""

from __future__ import annotations

import urllib.request
from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from functools import cached_property
from pathlib import Path
from typing import TypeVar

from agent_package import deb

from lab.catalogue import WEB_PORT
from lab.device import Device
from lab.lab import Lab
from lab.prove.roster import PLACES

T = TypeVar("T")
EPOCH_S = 1_767_225_600
SERVICE = "patchring-agent.service"
# What is published is fetched by `refresh`, as apt's own timer does it on a Debian that has one.
CONFIGURATION = b"refresh_interval_s = 0\n"


class Fleet:
    def __init__(self, lab: Lab) -> None:
        self.lab = lab

    def __getitem__(self, name: str) -> Device:
        return self.lab.device(name)

    def each(self, do: Callable[[Device], T], names: Iterable[str] = tuple(PLACES)) -> dict[str, T]:
        """Does it on several devices at once; device name -> what came of it."""
        chosen = list(names)
        with ThreadPoolExecutor(max_workers=8) as threads:
            return dict(zip(chosen, threads.map(do, [self[name] for name in chosen]), strict=True))

    # --- the agent ---------------------------------------------------------------------------------------------

    @cached_property
    def package(self) -> Path:
        """The agent's .deb, built from this tree."""
        return deb.build(self.lab.place.folder, EPOCH_S)

    def install_agent(self) -> None:
        """By apt from the file, as a technician does it."""
        content = self.package.read_bytes()

        def install(device: Device) -> None:
            device.push("/etc/patchring-agent/agent.conf", CONFIGURATION)
            device.push(f"/root/{self.package.name}", content)
            keep = ["-o", "Dpkg::Options::=--force-confold"]
            device.run(["apt-get", "install", "-q", "-y", *keep, f"/root/{self.package.name}"])

        self.each(install)

    def enrol(self, name: str, server: str, token: str) -> None:
        """The service is not started yet: first somebody says what the device is."""
        command = ["patchring-agent", "enrol", "--server", server, "--token-file", "-", "--no-start"]
        self[name].run(command, input=token.encode())

    def start_agents(self) -> None:
        self.each(lambda device: device.run(["systemctl", "start", SERVICE]))

    def agent_log(self, name: str, lines: int = 15) -> str:
        """The last lines of the agent's journal on the device."""
        command = ["journalctl", "-u", SERVICE, "-n", str(lines), "--no-pager", "-o", "cat"]
        return self[name].run(command, check=False).stdout.strip()

    # --- facts -------------------------------------------------------------------------------------------------

    def refresh(self, names: Iterable[str] = tuple(PLACES)) -> None:
        self.each(lambda device: device.run(["apt-get", "update", "-q", "-o", "DPkg::Lock::Timeout=60"]), names)

    def versions(self, package: str, names: Iterable[str] = tuple(PLACES)) -> dict[str, str]:
        """Device name -> `VERSION STATUS` as dpkg says it, such as `1.1 installed`."""
        query = ["dpkg-query", "-W", "-f", "${Version} ${db:Status-Status}", package]
        return self.each(lambda device: device.run(query, check=False).stdout, names)

    def answer(self, name: str, port: int = WEB_PORT) -> str:
        """What the application on the device answers over the network; the error where it does not."""
        try:
            with urllib.request.urlopen(f"http://{self[name].address}:{port}/", timeout=10) as response:
                return str(response.read().decode().strip())
        except OSError as error:
            return f"{type(error).__name__}: {error}"

    def service(self, name: str, unit: str = "lab-web") -> str:
        return self[name].run(["systemctl", "is-active", unit], check=False).stdout.strip()

    def dpkg_log(self, name: str, package: str) -> list[str]:
        """The lines of dpkg's own log about a package: `TIME ACTION ...`."""
        lines = self[name].read("/var/log/dpkg.log").splitlines()
        return [line for line in lines if f" {package}:" in line]
