"""A device's side of `/agent/v1` over real HTTP: enrolment, sessions, signatures, and what an error means to the loop.

The certificate of the server is pinned by the fingerprint in the token, as on a real device.
"""

import asyncio
import hashlib
import secrets
import ssl
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, TypeVar
from urllib.parse import urlsplit

import httpx

from patchring.sim.errors import ServerNotTrusted
from patchring.sim.faults import ANSWER_LOST, REQUEST_LOST, Faults
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import EnrolAnswer, EnrolRequest, Facts, SessionAnswer, SessionRequest
from patchring.wire.signing import SigningKey
from patchring.wire.token import EnrolmentToken

TIMEOUT_S = 20.0
SESSION_ENDED = ("session_expired", "session_forged")
A = TypeVar("A")


@dataclass
class Unanswered(Exception):
    """No usable answer. `may_have_arrived` is False only when the request surely did not reach the server."""

    detail: str
    retry_after_s: int = 0
    may_have_arrived: bool = True


@dataclass
class Rejected(Exception):
    """The server refused the request as a whole (4xx) for good; `kind` is its stable name."""

    kind: str
    detail: str


async def pinned_context(address: str, fingerprint: str) -> ssl.SSLContext | bool:
    """What connections to the agents' listener are checked with: exactly the certificate that the token names.

    A token without one (`-`) is for plain HTTP on loopback. Raises ServerNotTrusted.
    """
    if fingerprint == "-":
        return True
    parts = urlsplit(address)
    pem = await asyncio.to_thread(ssl.get_server_certificate, (parts.hostname or "", parts.port or 443))
    found = hashlib.sha256(ssl.PEM_cert_to_DER_cert(pem)).hexdigest()
    if found != fingerprint:
        raise ServerNotTrusted(address, fingerprint, found)
    context = ssl.create_default_context(cadata=pem)
    context.check_hostname = False
    return context


class Link:
    """One device's way to the server. `http` is shared by the fleet; keys and session are the device's own."""

    def __init__(self, http: httpx.AsyncClient, key: SigningKey, faults: Faults, clock_ms: Callable[[], int]) -> None:
        self._http = http
        self._key = key
        self._faults = faults
        self._clock_ms = clock_ms
        self._session = ""
        self._tenant_id = ""
        self._device_id = ""

    async def enrol(self, token: str, facts: Facts) -> EnrolAnswer:
        """A place in the token's tenant; the same key gets the same place again."""
        unsigned = {
            "token": token,
            "public_key": self._key.public,
            "nonce": secrets.token_hex(16),
            "made_at_ms": self._clock_ms(),
            "facts": encode(facts),
        }
        request = decode(EnrolRequest, {**unsigned, "signature": self._key.sign("enrol", unsigned)})
        answer = await self._post("enrol", encode(request), EnrolAnswer, session=False)
        assert answer.tenant_id.replace("-", "") == EnrolmentToken.parse(token).tenant_id, "another tenant answered"
        self._session, self._tenant_id, self._device_id = answer.session, answer.tenant_id, answer.device_id
        return answer

    def signed(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A message of this device with its names and its signature over all other fields."""
        message = {"tenant_id": self._tenant_id, "device_id": self._device_id, **fields}
        return {**message, "signature": self._key.sign(kind, message)}

    async def ask(self, route: str, message: Any, shape: type[A]) -> A:
        """Post in the device's session, renewed once when it has ended. Raises Unanswered, Rejected."""
        fault = self._faults.of_request()
        if fault == REQUEST_LOST:
            raise Unanswered("nobody answered: the request was lost on the way")
        try:
            answer = await self._post(route, message, shape)
        except Rejected as refusal:
            if refusal.kind not in SESSION_ENDED:
                raise
            await self._renew()
            answer = await self._post(route, message, shape)
        if fault == ANSWER_LOST:
            raise Unanswered("nobody answered: the answer was lost on the way")
        return answer

    async def _renew(self) -> None:
        fields = {"nonce": secrets.token_hex(16), "made_at_ms": self._clock_ms()}
        request = decode(SessionRequest, self.signed("session", fields))
        self._session = (await self._post("session", encode(request), SessionAnswer, session=False)).session

    async def _post(self, route: str, message: Any, shape: type[A], session: bool = True) -> A:
        headers = {"authorization": f"Bearer {self._session}"} if session else {}
        try:
            answer = await self._http.post(f"/agent/v1/{route}", json=message, headers=headers, timeout=TIMEOUT_S)
        except (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout) as error:
            raise Unanswered(f"no connection: {error}", may_have_arrived=False) from error
        except httpx.HTTPError as error:
            raise Unanswered(f"no answer: {type(error).__name__}") from error
        return _read(answer, shape)


def _read(answer: httpx.Response, shape: type[A]) -> A:
    """The answer as a message; what the server says of a failure decides whether to come back."""
    if answer.status_code == httpx.codes.OK:
        try:
            return decode(shape, answer.json())
        except (Refused, ValueError) as error:
            raise Unanswered(f"the answer was not understood: {error}") from error
    problem = _problem(answer)
    detail = str(problem.get("detail", f"the server answered {answer.status_code}"))
    if answer.status_code >= 500 or answer.status_code == httpx.codes.TOO_MANY_REQUESTS:
        wait = answer.headers.get("retry-after", "0")
        raise Unanswered(detail, int(wait) if wait.isdecimal() else 0)
    raise Rejected(str(problem.get("kind", "refused")), detail)


def _problem(answer: httpx.Response) -> dict[str, Any]:
    try:
        value = answer.json()
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
