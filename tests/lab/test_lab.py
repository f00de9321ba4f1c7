"""The devices of the lab are real: what patching can do to a machine, it does to them."""

from __future__ import annotations

import time
import urllib.request
from collections.abc import Callable

import pytest

from lab import Device, Lab
from lab.base import SECURITY_CANDIDATES
from lab.catalogue import NOTES_PORT, STRICT, WEB_PORT
from lab.errors import BootFailed

pytestmark = [pytest.mark.lab, pytest.mark.xdist_group("lab")]

APT_INSTALL = ["apt-get", "install", "-q", "-y", "--allow-downgrades"]
SSH = ["ssh", "-o", "BatchMode=yes", "-o", "StrictHostKeyChecking=no", "lab@127.0.0.1", "true"]


def install(device: Device, *packages: str) -> None:
    device.run(["apt-get", "update", "-q"])
    device.run([*APT_INSTALL, *packages])


def answer(device: Device, port: int = WEB_PORT) -> str:
    """What the application on the device answers over the network."""
    with urllib.request.urlopen(f"http://{device.address}:{port}/", timeout=10) as response:
        return str(response.read().decode().strip())


def status(device: Device, package: str) -> str:
    """dpkg's word for the package's state, such as `installed`."""
    return device.run(["dpkg-query", "-W", "-f", "${db:Status-Status}", package]).stdout


def service(device: Device, name: str = "lab-web") -> str:
    return device.run(["systemctl", "is-active", name], check=False).stdout.strip()


def eventually(condition: Callable[[], bool]) -> None:
    """Waits for what another process is about to do; the limit only ends a test that has failed."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline, "it did not happen within a minute"
        time.sleep(0.05)


def test_devices_share_no_identity(north: Device, south: Device) -> None:
    """Machine id, boot id, host key and host name are each device's own."""

    def identity(device: Device) -> list[str]:
        files = ["/etc/machine-id", "/proc/sys/kernel/random/boot_id", "/etc/ssh/ssh_host_ed25519_key.pub"]
        return [device.read(file) for file in [*files, "/proc/sys/kernel/hostname"]]

    assert all(a != b for a, b in zip(identity(north), identity(south), strict=True))
    assert [north.system_state(), south.system_state()] == ["running", "running"]


def test_update_and_back_from_the_kept_file(lab: Lab, north: Device) -> None:
    """1.0 is installed, 1.1 published and installed, and 1.0 put back from the device's own cache."""
    lab.repository.publish("lab", {"lab-web": "1.0"})
    install(north, "lab-web")
    assert answer(north) == "lab-web 1.0"
    north.push("/etc/lab-web.conf", b"changed by the administrator\n")

    lab.repository.publish("lab", {"lab-web": "1.1"})
    install(north, "lab-web")
    assert (answer(north), service(north)) == ("lab-web 1.1", "active")

    north.run([*APT_INSTALL, "--no-download", "/var/cache/apt/archives/lab-web_1.0_all.deb"])
    assert (answer(north), service(north)) == ("lab-web 1.0", "active")
    assert north.read("/etc/lab-web.conf") == "changed by the administrator\n"


def test_publications_in_a_row_are_each_seen(lab: Lab, north: Device) -> None:
    """HTTP dates count seconds; the repository never has two states with one date."""
    seen = []
    for version in ("1.0", "1.1", "1.4"):
        lab.repository.publish("lab", {"lab-web": version})
        north.run(["apt-get", "update", "-q"])
        seen.append(
            north.run(["apt-cache", "show", "--no-all-versions", "lab-web"]).stdout.count(f"Version: {version}")
        )
    assert seen == [1, 1, 1]


def test_bad_version_fails_where_it_should(lab: Lab, north: Device, south: Device) -> None:
    """1.2 installs with exit code 0 on both; on the strict device its service fails for good."""
    lab.repository.publish("lab", {"lab-web": "1.2"})
    south.push(STRICT, b"")
    for device in (north, south):
        install(device, "lab-web")
    assert answer(north) == "lab-web 1.2"
    eventually(lambda: service(south) == "failed")
    assert [status(device, "lab-web") for device in (north, south)] == ["installed", "installed"]


def test_conflict_keeps_the_update_back_or_removes(lab: Lab, north: Device) -> None:
    """1.3 needs a newer library and conflicts with an installed application: upgrade waits, dist-upgrade removes."""
    lab.repository.publish("lab", {"lab-web": "1.1", "lab-library": "1.0", "lab-notes": "1.0"})
    install(north, "lab-web")
    lab.repository.publish("lab", {"lab-web": "1.3", "lab-library": "2.0"})
    north.run(["apt-get", "update", "-q"])
    lines = north.run(["apt-get", "upgrade", "--simulate"]).stdout.splitlines()
    assert not any(line.startswith("Inst lab-web") for line in lines)
    assert any(
        line.startswith("Remv lab-notes") for line in north.run(["apt-get", "dist-upgrade", "-s"]).stdout.splitlines()
    )

    lab.repository.publish("lab", {"lab-notes": "2.0"})
    install(north, "lab-web", "lab-notes")
    assert (answer(north), answer(north, NOTES_PORT)) == ("lab-web 1.3", "lab-notes 2.0")


def test_reboot_is_real(lab: Lab, north: Device) -> None:
    """The kernel asks for a reboot, which changes the boot id and puts the new version into effect."""
    lab.repository.publish("lab", {"lab-kernel": "6.1.2"})
    install(north, "lab-kernel")
    assert north.read("/run/reboot-required.pkgs") == "lab-kernel\n"
    assert north.read("/run/lab-kernel-running") == "6.1.1\n"
    before = north.boot_id()
    north.reboot()
    assert north.boot_id() != before
    assert north.read("/run/lab-kernel-running") == "6.1.2\n"
    assert north.run(["test", "-e", "/run/reboot-required"], check=False).returncode == 1


def test_power_cut_in_the_middle_of_dpkg(lab: Lab, north: Device) -> None:
    """The package is left half-configured; dpkg repairs it, and the service runs."""
    lab.repository.publish("lab", {"lab-web": "1.4"})
    north.run(["apt-get", "update", "-q"])
    with north.start([*APT_INSTALL, "lab-web"]) as installation:
        eventually(lambda: north.run(["pgrep", "-x", "sleep"], check=False).returncode == 0)
        north.power_cut()
        assert installation.wait(20) != 0
    north.boot()
    assert status(north, "lab-web") == "half-configured"
    north.run(["dpkg", "--configure", "-a"])
    assert (status(north, "lab-web"), service(north), answer(north)) == ("installed", "active", "lab-web 1.4")


def test_failing_postinst_is_named(lab: Lab, north: Device) -> None:
    """The installation ends with an error, and dpkg's audit names the package."""
    lab.repository.publish("lab", {"lab-broken": "1.1"})
    north.run(["apt-get", "update", "-q"])
    assert north.run([*APT_INSTALL, "lab-broken"], check=False).returncode == 100
    assert "lab-broken" in north.run(["dpkg", "--audit"], check=False).stdout


def test_downgrade_does_not_give_logins_back_but_the_snapshot_does(lab: Lab, north: Device) -> None:
    """A package's scripts change what no downgrade undoes; a revert of the disk undoes all of it."""
    lab.repository.publish("lab", {"lab-logins": "1.0"})
    install(north, "lab-logins")
    assert north.run(SSH, check=False).returncode == 0
    north.snapshot()

    lab.repository.publish("lab", {"lab-logins": "1.1"})
    install(north, "lab-logins")
    assert north.run(SSH, check=False).returncode == 255
    north.run([*APT_INSTALL, "--no-download", "/var/cache/apt/archives/lab-logins_1.0_all.deb"])
    assert north.run(SSH, check=False).returncode == 255

    north.revert()
    north.boot()
    assert north.run(SSH, check=False).returncode == 0


def test_device_without_init_boots_again_after_a_revert(lab: Lab, north: Device) -> None:
    """It runs on until its next boot, which fails; the snapshot brings it up."""
    north.snapshot()
    lab.repository.publish("lab", {"lab-boot": "1.1"})
    install(north, "lab-boot")
    assert north.is_on()
    north.stop()
    with pytest.raises(BootFailed, match="went off while it booted"):
        north.boot()
    north.revert()
    north.boot()
    assert north.system_state() == "running"


def test_real_security_updates_are_pending(lab: Lab, north: Device) -> None:
    """At least one of the candidates is older than in Debian's own security suite, whose signature apt checks."""
    north.run(["apt-get", "update", "-q", "-o", "APT::Update::Error-Mode=any"])
    simulated = north.run(["apt-get", "upgrade", "--simulate"]).stdout.splitlines()
    pending = [line.split()[1] for line in simulated if line.startswith("Inst ") and "Debian-Security:" in line]
    chosen = next(name for name in SECURITY_CANDIDATES if name in pending)
    before = north.run(["dpkg-query", "-W", "-f", "${Version}", chosen]).stdout
    north.run([*APT_INSTALL, "--only-upgrade", chosen])
    after = north.run(["dpkg-query", "-W", "-f", "${Version}", chosen]).stdout
    assert north.run(["dpkg", "--compare-versions", after, "gt", before], check=False).returncode == 0
