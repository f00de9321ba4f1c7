"""JSON over one keep-alive connection to one server, which is known before anything is sent to it."""

from __future__ import annotations

import hashlib
import http.client
import ipaddress
import json
import ssl
from typing import Any, Optional
from urllib.parse import urlsplit

from patchring_agent import VERSION
from patchring_agent.errors import ConfigurationProblem, ServerAway, ServerRefused, ServerUntrusted

TIMEOUT_S = 30
ANSWER_BYTES_MAX = 8 * 1024 * 1024


class Client:
    """`fingerprint` is the SHA-256 of the server certificate's DER bytes; `-` trusts the system's authorities."""

    def __init__(self, server: str, fingerprint: str, allow_http: bool = False) -> None:
        parts = urlsplit(server)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ConfigurationProblem(f"expected a server as https://HOST[:PORT], got {server!r}")
        self._host, self._port, self._base = parts.hostname, parts.port, parts.path.rstrip("/")
        self._tls, self._fingerprint = parts.scheme == "https", fingerprint
        self._connection: Optional[http.client.HTTPConnection] = None
        self._check_scheme(allow_http)

    def _check_scheme(self, allow_http: bool) -> None:
        if self._tls or (allow_http and self._fingerprint == "-"):
            return
        if self._fingerprint != "-":
            raise ServerUntrusted("the token pins a certificate, so the server has to be spoken to over https")
        if not _is_loopback(self._host):
            raise ServerUntrusted(
                f"plain http to {self._host} is refused; use https, or --allow-http in a test network"
            )

    def post(self, path: str, body: Any, session: str = "", fresh: bool = False) -> Any:
        """The answer's JSON. `fresh` uses a new connection: a request that must not be repeated is not sent on one
        that the server may have closed. Raises ServerAway, ServerRefused, ServerUntrusted."""
        content = json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
        headers = {"Content-Type": "application/json", "User-Agent": f"patchring-agent/{VERSION}"}
        if session:
            headers["Authorization"] = f"Bearer {session}"
        if fresh:
            self.close()
        reused = self._connection is not None
        try:
            status, answer_headers, text = self._exchange(path, content, headers)
        except ServerAway:
            if not reused:
                raise
            status, answer_headers, text = self._exchange(path, content, headers)
        return _answer(status, answer_headers, text)

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _exchange(self, path: str, content: bytes, headers: dict[str, str]) -> tuple[int, dict[str, str], bytes]:
        connection = self._connection or self._connect()
        try:
            connection.request("POST", self._base + path, body=content, headers=headers)
            reply = connection.getresponse()
            text = reply.read(ANSWER_BYTES_MAX)
            found = {key.lower(): value for key, value in reply.getheaders()}
        except (OSError, http.client.HTTPException) as error:
            self.close()
            raise ServerAway(f"the server did not answer: {str(error) or type(error).__name__}") from error
        if reply.will_close or not reply.isclosed():
            self.close()
        return reply.status, found, text

    def _connect(self) -> http.client.HTTPConnection:
        connection: http.client.HTTPConnection
        if self._tls:
            connection = http.client.HTTPSConnection(self._host, self._port, timeout=TIMEOUT_S, context=self._context())
        else:
            connection = http.client.HTTPConnection(self._host, self._port, timeout=TIMEOUT_S)
        try:
            connection.connect()
        except ssl.SSLCertVerificationError as error:
            connection.close()
            raise ServerUntrusted(f"the certificate of {self._host} is not trusted: {error.verify_message}") from error
        except OSError as error:
            connection.close()
            raise ServerAway(f"{self._host} cannot be reached: {error}", may_have_arrived=False) from error
        self._check_certificate(connection)
        self._connection = connection
        return connection

    def _context(self) -> ssl.SSLContext:
        if self._fingerprint == "-":
            context = ssl.create_default_context()
        else:
            # The pin replaces names and authorities: it is compared before the first byte is sent. The system's
            # authorities are not even read; that would be most of what a check-in costs.
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
            context.check_hostname = False
            context.verify_mode = ssl.CERT_NONE
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def _check_certificate(self, connection: http.client.HTTPConnection) -> None:
        if not self._tls or self._fingerprint == "-":
            return
        certificate = (
            connection.sock.getpeercert(binary_form=True) if isinstance(connection.sock, ssl.SSLSocket) else None
        )
        found = hashlib.sha256(certificate or b"").hexdigest()
        if found != self._fingerprint:
            connection.close()
            expected = f"expected the certificate {self._fingerprint[:16]}..., got {found[:16]}..."
            raise ServerUntrusted(f"{self._host} is not the server of the token: {expected}")


def _is_loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _answer(status: int, headers: dict[str, str], text: bytes) -> Any:
    try:
        body = json.loads(text)
    except ValueError:
        body = None
    if status == 200 and body is not None:
        return body
    problem = body if isinstance(body, dict) else {}
    detail = str(problem.get("detail") or problem.get("title") or f"status {status} without a reason")[:400]
    if 400 <= status < 500 and status != 429:
        raise ServerRefused(detail, status, str(problem.get("kind", "")))
    retry = headers.get("retry-after", "")
    retry_s = int(retry) if retry.isascii() and retry.isdigit() else 0
    # Busy and unavailable are said before anything was done; after any other failure nobody knows.
    raise ServerAway(f"the server says {status}: {detail}", retry_s, may_have_arrived=status not in (429, 503))
