"""A server of `/agent/v1` for the agent's own tests: real HTTP, strict reading, every signature checked.

It holds one tenant, grants a permit for what it offers, and remembers all that it was told.
"""

from __future__ import annotations

import http.server
import json
import ssl
import threading
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchring.wire.codec import decode, encode
from patchring.wire.messages import (
    CheckIn,
    CheckInAnswer,
    EnrolAnswer,
    EnrolRequest,
    Offer,
    PermitAnswer,
    PermitRequest,
    Progress,
    Reason,
    Receipt,
    Report,
    Reports,
    ReportsAnswer,
    Scan,
    SessionAnswer,
    SessionRequest,
)
from patchring.wire.signing import signature_holds
from patchring.wire.token import EnrolmentToken
from tests.agent.authority import DEVICE, TENANT, Authority

SECRET = "s" * 32


class Problem(Exception):
    def __init__(self, status: int, kind: str, **headers: str) -> None:
        super().__init__(kind)
        self.status, self.kind, self.headers = status, kind, headers


@dataclass
class Doorman:
    """`problems` are answered first, one for each request to that route."""

    offers: list[Offer] = field(default_factory=list)
    denials: int = 0
    lifetime_s: int = 60
    sessions: set[str] = field(default_factory=set)
    reports: dict[str, Report] = field(default_factory=dict)
    requests: list[str] = field(default_factory=list)
    permits: list[PermitRequest] = field(default_factory=list)
    check_ins: list[CheckIn] = field(default_factory=list)
    problems: dict[str, list[Problem]] = field(default_factory=dict)
    public_key: str = ""
    connections: int = 0

    def __post_init__(self) -> None:
        self.authority = Authority()
        doorman = self

        class Handler(http.server.BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def setup(self) -> None:
                doorman.connections += 1
                super().setup()

            def do_POST(self) -> None:
                doorman.answer(self)

            def log_message(self, format: str, *args: object) -> None:
                """Says nothing."""

        self.server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.scheme = "http"

    def tls(self, certificate: Path, key: Path) -> None:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, key)
        self.server.socket = context.wrap_socket(self.server.socket, server_side=True)
        self.scheme = "https"

    def open(self) -> None:
        threading.Thread(target=self.server.serve_forever, args=(0.05,), daemon=True).start()

    def close(self) -> None:
        self.server.shutdown()
        self.server.server_close()

    @property
    def url(self) -> str:
        return f"{self.scheme}://127.0.0.1:{self.server.server_port}"

    def token(self, server: str = "-") -> str:
        return EnrolmentToken(TENANT.replace("-", ""), "b" * 32, SECRET, self.authority.pinned, server).text()

    # --- routes -------------------------------------------------------------------------------------------------

    def answer(self, handler: http.server.BaseHTTPRequestHandler) -> None:
        raw = handler.rfile.read(int(handler.headers["Content-Length"]))
        route = handler.path.rsplit("/", 1)[-1]
        self.requests.append(route)
        try:
            if self.problems.get(route):
                raise self.problems[route].pop(0)
            if route not in ("enrol", "session"):
                self._check_session(handler.headers.get("Authorization", ""))
            value = getattr(self, "_" + route.replace("-", "_"))(json.loads(raw))
            self._send(handler, 200, encode(value), {})
        except Problem as problem:
            body = {"type": "about:blank", "title": problem.kind, "status": problem.status, "detail": problem.kind}
            self._send(handler, problem.status, {**body, "kind": problem.kind}, problem.headers)

    def _send(self, handler: Any, status: int, value: Any, headers: dict[str, str]) -> None:
        text = json.dumps(value).encode()
        handler.send_response(status)
        for name, content in {"Content-Length": str(len(text)), **headers}.items():
            handler.send_header(name.replace("_", "-"), content)
        handler.end_headers()
        handler.wfile.write(text)

    def _check_session(self, header: str) -> None:
        if header.removeprefix("Bearer ") not in self.sessions:
            raise Problem(401, "session_expired")

    def _check_signature(self, kind: str, message: dict[str, Any]) -> None:
        fields = {key: value for key, value in message.items() if key != "signature"}
        if not signature_holds(self.public_key, kind, fields, message["signature"]):
            raise Problem(403, "signature_wrong")

    def _enrol(self, value: Any) -> EnrolAnswer:
        request = decode(EnrolRequest, value)
        if EnrolmentToken.parse(request.token).secret != SECRET:
            raise Problem(403, "token_unknown")
        self.public_key = request.public_key
        self._check_signature("enrol", value)
        return EnrolAnswer(TENANT, DEVICE, self._new_session(), [self.authority.root_document()], 0)

    def _new_session(self) -> str:
        session = f"session-{len(self.sessions)}"
        self.sessions.add(session)
        return session

    def _session(self, value: Any) -> SessionAnswer:
        decode(SessionRequest, value)
        self._check_signature("session", value)
        return SessionAnswer(self._new_session(), 0)

    def _check_in(self, value: Any) -> CheckInAnswer:
        self.check_ins.append(decode(CheckIn, value))
        listed = [offer for offer in self.offers if "finished" not in self.told(offer.action_id)]
        return CheckInAnswer(1, 0, False, listed)

    def _reports(self, value: Any) -> ReportsAnswer:
        receipts = []
        for report in decode(Reports, value).reports:
            self._check_signature("report", encode(report))
            decode(Scan if report.kind == "scan" else Progress, report.body)
            outcome = "repeated" if report.report_id in self.reports else "accepted"
            self.reports[report.report_id] = report
            receipts.append(Receipt(report.report_id, outcome))
        return ReportsAnswer(receipts)

    def _permit(self, value: Any) -> PermitAnswer:
        request = decode(PermitRequest, value)
        self._check_signature("permit-request", value)
        self.permits.append(request)
        if self.denials:
            self.denials -= 1
            return PermitAnswer(None, [], [Reason("window_closed", "the window is closed")], 1)
        return self.authority.answer(request, f"permit-{len(self.permits)}", self.lifetime_s)

    # --- what was told ------------------------------------------------------------------------------------------

    def progress(self, action_id: str) -> list[Progress]:
        in_order = sorted(self.reports.values(), key=lambda report: report.sequence)
        found = [decode(Progress, report.body) for report in in_order if report.kind == "progress"]
        return [progress for progress in found if progress.action_id == action_id]

    def told(self, action_id: str) -> list[str]:
        return [progress.state for progress in self.progress(action_id)]

    def last_scan(self) -> Scan | None:
        scans = [report for report in self.reports.values() if report.kind == "scan"]
        return decode(Scan, max(scans, key=lambda report: report.sequence).body) if scans else None
