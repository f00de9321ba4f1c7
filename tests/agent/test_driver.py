"""The whole agent against real HTTP, and where it acts, with a real apt: enrol, scan, permit, act, verify."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC
from pathlib import Path
from typing import Any, ClassVar

import pytest

from patchring.wire.messages import InstalledPackage, Offer, Package
from patchring_agent import clocks
from patchring_agent.client import Client
from patchring_agent.driver import Driver
from patchring_agent.enrolling import enrol
from patchring_agent.errors import ConfigurationProblem, ServerRefused, ServerUntrusted
from patchring_agent.loop import State
from patchring_agent.providers.contract import Provider
from patchring_agent.server import Server
from patchring_agent.store import StateFolder
from tests.agent.aptroot import AptRoot, unusable
from tests.agent.doorman import Doorman, Problem

needs_apt = pytest.mark.skipif(unusable() != "", reason=unusable() or "usable")
ACTION = "0198f000-0000-7000-8000-00000000ac01"


@pytest.fixture
def doorman() -> Iterator[Doorman]:
    found = Doorman()
    found.open()
    yield found
    found.close()


@pytest.fixture
def folder(tmp_path: Path) -> StateFolder:
    return StateFolder(tmp_path / "state")


@pytest.fixture
def root(tmp_path: Path) -> Iterator[AptRoot]:
    tmp_path.chmod(0o755)
    found = AptRoot(tmp_path / "apt")
    found.build("lab", "app", "1.0")
    found.publish_all()
    found.install("app")
    yield found
    found.close()


def run_once(
    folder: StateFolder,
    providers: dict[str, Provider],
    observe: bool = False,
    died: set[tuple[str, str, str]] | None = None,
) -> State:
    enrolment, kept = folder.enrolled(), folder.kept()
    assert kept is not None
    client = Client(enrolment.server, enrolment.server_fingerprint)
    kind = Driver if died is None else Crashing
    driver = kind(folder, Server(client, folder, enrolment, folder.key()), providers, sleep=lambda _: None)
    if isinstance(driver, Crashing) and died is not None:
        driver.died = died
    try:
        return driver.run(State(kept, observe, refresh_interval_s=0), once=True)
    finally:
        client.close()


def install(text: str) -> Offer:
    name, _, version = text.partition("=")
    return Offer(ACTION, "install", [Package("apt", name, version)], probes=["boot-id"])


def test_enrolment_keeps_key_and_root_private_and_is_harmless_again(doorman: Doorman, folder: StateFolder) -> None:
    first = enrol(folder, doorman.url, doorman.token(), allow_http=False)
    key = folder.key().public
    assert enrol(folder, doorman.url, doorman.token(), allow_http=False) == first
    assert (doorman.requests, folder.key().public, doorman.public_key) == (["enrol"], key, key)
    assert [oct(p.stat().st_mode & 0o777) for p in (folder.path, folder.path / "device.key")] == ["0o700", "0o600"]
    with pytest.raises(ConfigurationProblem, match=r"is enrolled in tenant .* use --replace"):
        enrol(folder, "http://127.0.0.1:1", doorman.token(), allow_http=False)


def test_enrolment_refuses_a_root_that_the_token_does_not_name(doorman: Doorman, folder: StateFolder) -> None:
    wrong = doorman.token().replace(doorman.authority.pinned, "0" * 64)
    with pytest.raises(ServerUntrusted, match="root is not signed by the key that the token names"):
        enrol(folder, doorman.url, wrong, allow_http=False)
    assert folder.enrolment() is None


def test_a_wrong_token_is_refused_in_the_servers_words(doorman: Doorman, folder: StateFolder) -> None:
    with pytest.raises(ServerRefused, match="token_unknown"):
        enrol(folder, doorman.url, doorman.token().replace("s" * 32, "t" * 32), allow_http=False)


@pytest.mark.parametrize(
    ("server", "fingerprint", "says"),
    [
        ("http://203.0.113.9", "-", "plain http to 203.0.113.9 is refused"),
        ("http://127.0.0.1:9", "0" * 64, "the token pins a certificate"),
    ],
)
def test_plain_http_is_for_loopback_alone(server: str, fingerprint: str, says: str) -> None:
    with pytest.raises(ServerUntrusted, match=says):
        Client(server, fingerprint)


def certificate(folder: Path) -> tuple[Path, Path, str]:
    """A self-signed certificate, its key, and its fingerprint."""
    from datetime import datetime, timedelta

    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec
    from cryptography.x509.oid import NameOID

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "patchring")])
    at = datetime.now(UTC)
    made = x509.CertificateBuilder(name, name, key.public_key(), 1, at, at + timedelta(days=1))
    signed = made.sign(key, hashes.SHA256())
    paths = folder / "certificate.pem", folder / "key.pem"
    paths[0].write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    none = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, none)
    paths[1].write_bytes(private)
    return *paths, signed.fingerprint(hashes.SHA256()).hex()


def test_only_the_pinned_certificate_hears_anything(tmp_path: Path, folder: StateFolder) -> None:
    doorman = Doorman()
    cert, key, fingerprint = certificate(tmp_path)
    doorman.tls(cert, key)
    doorman.open()
    try:
        with pytest.raises(ServerUntrusted, match="is not the server of the token"):
            enrol(folder, doorman.url, doorman.token("0" * 64), allow_http=False)
        with pytest.raises(ServerUntrusted, match=r"the certificate of 127\.0\.0\.1 is not trusted"):
            enrol(folder, doorman.url, doorman.token("-"), allow_http=False)
        assert doorman.requests == []
        enrol(folder, doorman.url, doorman.token(fingerprint), allow_http=False)
        run_once(folder, {})
    finally:
        doorman.close()
    assert doorman.requests == ["enrol", "check-in", "reports"]


def test_check_in_scan_and_acknowledgement_over_one_connection(doorman: Doorman, folder: StateFolder) -> None:
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    before = doorman.connections
    state = run_once(folder, {})
    assert doorman.requests == ["enrol", "check-in", "reports"]
    assert doorman.connections - before == 1
    scan = doorman.last_scan()
    assert scan is not None
    assert (scan.facts.boot_id, scan.state_digest) == (clocks.boot_id(), state.kept.acknowledged_digest)
    run_once(folder, {})
    assert doorman.requests[3:] == ["check-in"]
    assert doorman.check_ins[-1].scan_digest == scan.state_digest


def test_a_session_that_ran_out_is_renewed_in_between(doorman: Doorman, folder: StateFolder) -> None:
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.sessions.clear()
    assert run_once(folder, {}).failure_count == 0
    assert doorman.requests == ["enrol", "check-in", "session", "check-in", "reports"]


def test_a_busy_server_is_left_alone_for_as_long_as_it_asks(doorman: Doorman, folder: StateFolder) -> None:
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.problems["check-in"] = [Problem(503, "unavailable", Retry_After="90")]
    before = clocks.boot_ms()
    state = run_once(folder, {})
    assert (state.failure_count, state.trouble) == (1, "the server says 503: unavailable")
    assert state.contact_due >= before + 90_000


def test_a_refused_report_stays_with_its_reason_and_stops_no_other(doorman: Doorman, folder: StateFolder) -> None:
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers = [replace(install("app=1.1"), packages=[Package("none", "app", "1.1")])]
    doorman.problems["reports"] = [Problem(422, "message_invalid")]
    state = run_once(folder, {})
    assert [(entry.body["state"], entry.refused) for entry in state.kept.journal] == [("received", "message_invalid")]
    assert state.kept.acknowledged_digest != ""
    run_once(folder, {})
    assert doorman.told(ACTION) == ["received"]


@needs_apt
def test_an_observing_agent_never_asks(doorman: Doorman, folder: StateFolder, root: AptRoot) -> None:
    root.build("lab", "app", "1.1")
    root.publish_all()
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers = [install("app=1.1")]
    run_once(folder, {"apt": root.apt}, observe=True)
    assert (doorman.told(ACTION), doorman.permits, root.versions()) == (["not_started"], [], {"app": "1.0"})


@needs_apt
def test_offer_permit_install_verify(doorman: Doorman, folder: StateFolder, root: AptRoot) -> None:
    """Denied at first; then permitted, installed by real apt, scanned, probed and told."""
    root.build("lab", "app", "1.1", postinst='echo configured >> "$DPKG_ROOT/count"')
    root.publish_all()
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers, doorman.denials = [install("app=1.1")], 1
    run_once(folder, {"apt": root.apt})
    assert (doorman.told(ACTION), root.versions()) == (["received", "ready"], {"app": "1.0"})

    while not doorman.permits[1:]:
        state = run_once(folder, {"apt": root.apt})
    assert doorman.told(ACTION) == ["received", "ready", "started", "installed", "finished"]
    assert (root.versions(), root.content("app")) == ({"app": "1.1"}, "1.1")
    finished, installed = doorman.progress(ACTION)[-1], doorman.progress(ACTION)[-2]
    assert [(p.probe, p.outcome) for p in finished.probes_after] == [("boot-id", "pass")]
    assert installed.changes == doorman.permits[-1].plan.changes
    assert (installed.exit_code, installed.permit_id) == (0, "permit-2")
    assert "Setting up app (1.1)" in installed.output
    scan = doorman.last_scan()
    assert scan is not None
    assert (scan.installed, scan.updates) == ([InstalledPackage("apt", "app", "1.1", "all")], [])
    assert (state.kept.job, state.kept.journal, state.kept.policy_version) == (None, [], 7)
    assert (root.root / "count").read_text().splitlines() == ["configured"]


@needs_apt
def test_a_permit_that_lapsed_on_the_way_starts_nothing(doorman: Doorman, folder: StateFolder, root: AptRoot) -> None:
    root.build("lab", "app", "1.1")
    root.publish_all()
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers, doorman.lifetime_s = [install("app=1.1")], 61
    run_once(folder, {"apt": root.apt})
    told = doorman.progress(ACTION)
    assert [p.state for p in told] == ["received", "ready", "not_started"]
    assert "permit refused: permit_for_something_else" in told[-1].detail
    assert root.versions() == {"app": "1.0"}


class Crashed(Exception):
    """The agent is gone; what it had not saved is forgotten."""


class Crashing(Driver):
    """Dies once before and once after each kind of effect in each phase: the event is lost, the deed is done."""

    died: set[tuple[str, str, str]]
    orphans: ClassVar[list[subprocess.Popen[bytes]]] = []

    def _carry_out(self, effect: Any, state: State) -> Any:
        phase = state.kept.job.phase if state.kept.job is not None else ""
        self._die(type(effect).__name__, phase, "before")
        event = super()._carry_out(effect, state)
        self._die(type(effect).__name__, phase, "after")
        return event

    def _die(self, *where: str) -> None:
        if where not in self.died:
            self.died.add(where)
            if self._acting._process is not None:
                self.orphans.append(self._acting._process)
            raise Crashed


@needs_apt
def test_an_agent_that_dies_around_every_effect_still_acts_once_and_tells_it_once(
    doorman: Doorman, folder: StateFolder, root: AptRoot
) -> None:
    root.build("lab", "app", "1.1", postinst='echo configured >> "$DPKG_ROOT/count"')
    root.publish_all()
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers = [install("app=1.1")]
    died: set[tuple[str, str, str]] = set()
    for _ in range(100):
        try:
            state = run_once(folder, {"apt": root.apt}, died=died)
        except Crashed:
            continue
        if "finished" in doorman.told(ACTION):
            break
    for process in Crashing.orphans:
        process.wait()
    told = doorman.told(ACTION)
    assert "finished" in told, state.kept.job
    assert [word for word in told if word != "not_started"] == ["received", "ready", "started", "installed", "finished"]
    assert told.index("started") > max([i for i, word in enumerate(told) if word == "not_started"], default=0)
    assert (root.versions(), (root.root / "count").read_text()) == ({"app": "1.1"}, "configured\n")
    assert (state.kept.job, state.kept.journal) == (None, [])
    assert {"Act", "AskPermit", "Repair", "Scan", "SendReports", "Download"} <= {kind for kind, _, _ in died}


AGENT = """
import sys
from pathlib import Path
from patchring_agent.providers.apt.provider import Apt
from patchring_agent.providers.apt.tool import AptSite
from patchring_agent.store import StateFolder
from tests.agent.test_driver import run_once
root, cache, apt, dpkg, state = sys.argv[1:6]
site = AptSite(Path(root), Path(cache), tuple(apt.split("\\n")), tuple(dpkg.split("\\n")))
run_once(StateFolder(Path(state)), {"apt": Apt(site)})
"""


def spawn(root: AptRoot, folder: StateFolder) -> subprocess.Popen[bytes]:
    site = root.site()
    arguments = [str(site.root), str(site.cache), "\n".join(site.apt_options), "\n".join(site.dpkg_options)]
    command = [sys.executable, "-c", AGENT, *arguments, str(folder.path)]
    return subprocess.Popen(command, cwd=Path(__file__).parents[2], stderr=subprocess.PIPE)


@needs_apt
def test_an_agent_killed_in_the_middle_of_a_transaction_leaves_it_alone_and_tells_it_once(
    doorman: Doorman, folder: StateFolder, root: AptRoot
) -> None:
    """kill -9 while the postinst runs: dpkg goes on without the agent; the next one waits for it and reports."""
    begun = root.root / "begun"
    root.build("lab", "app", "1.1", postinst='echo x >> "$DPKG_ROOT/begun"; sleep 4; touch "$DPKG_ROOT/ended"')
    root.publish_all()
    enrol(folder, doorman.url, doorman.token(), allow_http=False)
    doorman.offers = [install("app=1.1")]
    first = spawn(root, folder)
    until = time.monotonic() + 60
    while not begun.exists() and time.monotonic() < until:
        time.sleep(0.05)
    assert begun.exists(), "the transaction never began"
    os.kill(first.pid, signal.SIGKILL)
    first.communicate()
    assert not (root.root / "ended").exists()
    second = spawn(root, folder)
    _, errors = second.communicate(timeout=120)
    assert second.returncode == 0, errors.decode()
    assert doorman.told(ACTION) == ["received", "ready", "started", "installed", "finished"]
    assert (root.versions(), begun.read_text()) == ({"app": "1.1"}, "x\n")
    assert len(doorman.permits) == 1
