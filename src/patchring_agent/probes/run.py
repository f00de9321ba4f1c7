"""Asks the probes. Each has a time limit of its own; nothing that goes wrong in one hides another."""

from __future__ import annotations

import socket
import time
from collections.abc import Callable, Sequence
from urllib.parse import urlsplit

from patchring.wire.messages import ProbeResult
from patchring_agent import clocks
from patchring_agent.commands import run
from patchring_agent.errors import CommandProblem
from patchring_agent.probes.spec import BootId, HttpAnswers, NotAProbe, Probe, TcpOpen, UnitActive, parse

TIMEOUT_S = 5
BODY_BYTES_MAX = 65_536
SETTLE_S = 2
PASS, FAIL, UNKNOWN = "pass", "fail", "unknown"
Answer = tuple[str, str]


def run_probes(
    specs: Sequence[str], patience_s: int = 0, sleep: Callable[[float], None] = time.sleep
) -> list[ProbeResult]:
    """The results in the order of the specifications.

    With patience they are asked until all pass twice, two seconds apart (a service that crashes at once is active
    for a moment), or until the time is over; the last results count.
    """
    deadline, passed = clocks.boot_ms() + patience_s * 1000, False
    while True:
        if patience_s:
            sleep(SETTLE_S)
        results = [_ask(spec) for spec in specs]
        all_pass = all(result.outcome == PASS for result in results)
        if not patience_s or (all_pass and passed) or clocks.boot_ms() >= deadline:
            return results
        passed = all_pass


def _ask(spec: str) -> ProbeResult:
    before = clocks.boot_ms()
    outcome, detail = answer(parse(spec))
    return ProbeResult(spec, outcome, detail[:300], clocks.boot_ms() - before)


def answer(probe: Probe) -> Answer:
    if isinstance(probe, UnitActive):
        return _unit(probe)
    if isinstance(probe, TcpOpen):
        return _tcp(probe)
    if isinstance(probe, HttpAnswers):
        return _http(probe)
    if isinstance(probe, BootId):
        return PASS, clocks.boot_id()
    if isinstance(probe, NotAProbe):
        return UNKNOWN, probe.why
    raise AssertionError(f"no such probe: {probe}")


def _unit(probe: UnitActive) -> Answer:
    try:
        shown = run(["systemctl", "show", "-p", "LoadState,ActiveState,SubState,Result", probe.unit], TIMEOUT_S)
    except CommandProblem as error:
        return UNKNOWN, str(error)
    return unit_answer(shown.exit_code, shown.stdout)


def unit_answer(exit_code: int, text: str) -> Answer:
    """What `systemctl show` says of a unit. A unit that starts again and again is not active in between."""
    fields = dict(line.split("=", 1) for line in text.splitlines() if "=" in line)
    if exit_code != 0 or "ActiveState" not in fields:
        return UNKNOWN, "systemd cannot be asked on this device"
    if fields.get("LoadState") != "loaded":
        return FAIL, f"expected an active unit, it is {fields.get('LoadState', 'not there')}"
    said = f"{fields['ActiveState']} ({fields.get('SubState', '')}, {fields.get('Result', '')})"
    return (
        (PASS, said) if fields["ActiveState"] in ("active", "reloading") else (FAIL, f"expected active, it is {said}")
    )


def _tcp(probe: TcpOpen) -> Answer:
    try:
        with socket.create_connection((probe.host, probe.port), timeout=TIMEOUT_S):
            return PASS, "accepted"
    except OSError as error:
        return FAIL, f"expected an open port, got {error}"


def _http(probe: HttpAnswers) -> Answer:
    import http.client
    import ssl

    parts = urlsplit(probe.url)
    host = parts.hostname or ""
    connection: http.client.HTTPConnection
    if parts.scheme == "https":
        # Health, not trust: certificates of services on this device are seldom made for its loopback address.
        context = ssl._create_unverified_context()  # noqa: S323
        connection = http.client.HTTPSConnection(host, parts.port, timeout=TIMEOUT_S, context=context)
    else:
        connection = http.client.HTTPConnection(host, parts.port, timeout=TIMEOUT_S)
    try:
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        connection.request("GET", target, headers={"User-Agent": "patchring-agent"})
        reply = connection.getresponse()
        body = reply.read(BODY_BYTES_MAX).decode("utf-8", "replace") if probe.body else ""
    except (OSError, http.client.HTTPException) as error:
        return FAIL, f"expected an answer, got {str(error) or type(error).__name__}"
    finally:
        connection.close()
    return _http_answer(probe, reply.status, body)


def _http_answer(probe: HttpAnswers, status: int, body: str) -> Answer:
    if probe.status is not None and status != probe.status:
        return FAIL, f"expected status {probe.status}, got {status}"
    if probe.status is None and status >= 400:
        return FAIL, f"expected a status below 400, got {status}"
    if probe.body and probe.body not in body:
        return FAIL, f"expected the text {probe.body!r}, it is not in the answer"
    return PASS, f"status {status}"
