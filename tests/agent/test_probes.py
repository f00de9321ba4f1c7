"""Probes: typed answers, unknown when they cannot be read, patience for what settles."""

from __future__ import annotations

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from patchring_agent import clocks
from patchring_agent.probes import run as running
from patchring_agent.probes import run_probes
from patchring_agent.probes.spec import BootId, HttpAnswers, NotAProbe, TcpOpen, UnitActive, parse


@pytest.mark.parametrize(
    ("spec", "probe"),
    [
        ("unit:nginx.service", UnitActive("nginx.service")),
        ("unit:app@1.socket", UnitActive("app@1.socket")),
        ("tcp:127.0.0.1:5432", TcpOpen("127.0.0.1", 5432)),
        ("tcp:[::1]:22", TcpOpen("::1", 22)),
        ("http://127.0.0.1:8080/health", HttpAnswers("http://127.0.0.1:8080/health")),
        ("http://a/b?c=d status=204", HttpAnswers("http://a/b?c=d", 204)),
        ("https://a/ status=200 body=all is well", HttpAnswers("https://a/", 200, "all is well")),
        ("http://a/ body=ok", HttpAnswers("http://a/", None, "ok")),
        ("boot-id", BootId()),
    ],
)
def test_well_formed_specifications(spec: str, probe: object) -> None:
    assert parse(spec) == probe


@pytest.mark.parametrize(
    "spec",
    [
        "",
        "nginx",
        "unit:",
        "unit:nginx",
        "unit:--help.service --x",
        "unit:a.service;reboot",
        "tcp:host",
        "tcp:host:0",
        "tcp:host:65536",
        "tcp::22",
        "tcp:-o x:22",
        "http://",
        "http://a:b/",
        "http://a/ status=20",
        "http://a/ nonsense",
        "file:///etc/passwd",
    ],
)
def test_what_is_not_a_probe_is_unknown(spec: str) -> None:
    assert isinstance(parse(spec), NotAProbe)
    assert run_probes([spec])[0].outcome == "unknown"


@pytest.mark.parametrize(
    ("text", "outcome"),
    [
        ("LoadState=loaded\nActiveState=active\nSubState=running\nResult=success\n", "pass"),
        ("LoadState=loaded\nActiveState=active\nSubState=exited\nResult=success\n", "pass"),
        ("LoadState=loaded\nActiveState=activating\nSubState=auto-restart\nResult=exit-code\n", "fail"),
        ("LoadState=loaded\nActiveState=failed\nSubState=failed\nResult=exit-code\n", "fail"),
        ("LoadState=loaded\nActiveState=inactive\nSubState=dead\nResult=success\n", "fail"),
        ("LoadState=not-found\nActiveState=inactive\nSubState=dead\nResult=success\n", "fail"),
        ("", "unknown"),
    ],
)
def test_what_systemd_says_of_a_unit(text: str, outcome: str) -> None:
    assert running.unit_answer(0, text)[0] == outcome
    assert running.unit_answer(1, text)[0] == "unknown"


@pytest.fixture
def page() -> Iterator[str]:
    class Handler(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            status = int(self.path.strip("/") or 200)
            self.send_response(status)
            self.end_headers()
            self.wfile.write(b"all is well" if status == 200 else b"")

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_http_answers(page: str) -> None:
    specs = ["/", "/503", "/204 status=204", "/ status=204", "/ body=is well", "/ body=is ill"]
    results = run_probes([page + spec for spec in specs])
    assert [(r.outcome, r.detail) for r in results] == [
        ("pass", "status 200"),
        ("fail", "expected a status below 400, got 503"),
        ("pass", "status 204"),
        ("fail", "expected status 204, got 200"),
        ("pass", "status 200"),
        ("fail", "expected the text 'is ill', it is not in the answer"),
    ]


def test_ports_and_closed_ones(page: str) -> None:
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        closed = unused.getsockname()[1]
    port = page.rpartition(":")[2]
    results = run_probes([f"tcp:127.0.0.1:{port}", f"tcp:127.0.0.1:{closed}", f"http://127.0.0.1:{closed}/"])
    assert [r.outcome for r in results] == ["pass", "fail", "fail"]
    assert results[0].detail == "accepted"


def test_the_boot_id_is_said() -> None:
    assert [(r.outcome, r.detail) for r in run_probes(["boot-id"])] == [("pass", clocks.boot_id())]


def test_patience_wants_two_passes_in_a_row(monkeypatch: pytest.MonkeyPatch) -> None:
    """A service that crashes at once is active for a moment: one pass is not enough."""
    answers = iter([("pass", ""), ("fail", ""), ("pass", ""), ("pass", "")])
    monkeypatch.setattr(running, "answer", lambda probe: next(answers))
    slept: list[float] = []
    assert run_probes(["boot-id"], 30, slept.append)[0].outcome == "pass"
    assert (len(slept), list(answers)) == (4, [])


def test_patience_ends_with_the_last_results(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = [0]
    monkeypatch.setattr(clocks, "boot_ms", lambda: clock[0])
    monkeypatch.setattr(running, "answer", lambda probe: ("fail", f"at {clock[0]}"))

    def sleep(seconds: float) -> None:
        clock[0] += int(seconds * 1000)

    assert run_probes(["boot-id"], 10, sleep)[0].detail == "at 10000"
