"""The routes of `/agent/v1`.

POST /agent/v1/enrol     a token and a signature      -> a place in the tenant, a session
POST /agent/v1/session   a signature                  -> a new session
POST /agent/v1/check-in  a session                    -> when to come back, what lies ready
POST /agent/v1/reports   a session, signed reports    -> a receipt for each
POST /agent/v1/permit    a session and a signature    -> a permit with its chain, or why there is none
"""

import asyncio
import time
from typing import Any

from starlette.routing import Route

from patchring.api.agent.endpoint import Endpoint, Handler, Message
from patchring.api.agent.reading import (
    read_check_in,
    read_permit_request,
    read_reports,
    read_session,
    read_signed,
)
from patchring.api.agent.structs import Shape
from patchring.app.check_ins import CheckIns
from patchring.app.enrolment import enrol
from patchring.app.errors import NotSignedIn, TooMany
from patchring.app.rate_bound import RateBound
from patchring.app.refusals import Refusals
from patchring.app.reports import device_key, require_own, take_reports
from patchring.app.services import Services
from patchring.app.sessions import Session, SessionSeal, open_session
from patchring.app.signed import require_signature
from patchring.wire.messages import CHECK_IN_BYTES_MAX, REPORT_BYTES_MAX, EnrolRequest, SessionRequest

PREFIX = "/agent/v1"
ENROL_BYTES_MAX = 65_536
SESSION_BYTES_MAX = 4_096
PERMIT_BYTES_MAX = 1_048_576
IN_A_THREAD_BYTES = 32_768

ENROLMENTS_BURST, ENROLMENTS_PER_SECOND = 300, 50.0
REFUSED_ENROLMENTS_BURST, REFUSED_ENROLMENTS_PER_SECOND = 20, 0.1

_enrol_request = Shape(EnrolRequest)
_session_request = Shape(SessionRequest)


class AgentDoor:
    """What devices come in by: the routes and what they share. `close` writes what was only counted so far."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seal = SessionSeal(services.session_key)
        self.check_ins = CheckIns(services)
        self.refusals = Refusals(services)
        self._enrolments = RateBound(ENROLMENTS_BURST, ENROLMENTS_PER_SECOND, time.monotonic)
        self._refused_enrolments = RateBound(REFUSED_ENROLMENTS_BURST, REFUSED_ENROLMENTS_PER_SECOND, time.monotonic)
        # The heartbeat first: routes are tried in order.
        self.routes = [
            self._route("check-in", CHECK_IN_BYTES_MAX, self._check_in),
            self._route("reports", REPORT_BYTES_MAX, self._reports),
            self._route("permit", PERMIT_BYTES_MAX, self._permit),
            self._route("session", SESSION_BYTES_MAX, self._session),
            self._route("enrol", ENROL_BYTES_MAX, self._enrol),
        ]

    async def close(self) -> None:
        await self.refusals.close()

    def _route(self, name: str, bytes_max: int, handle: Handler) -> Route:
        endpoint = Endpoint(name, bytes_max, handle, self.refusals, self._services.clock)
        return Route(f"{PREFIX}/{name}", endpoint, methods=["POST"], name=f"agent-{name}")

    def _session_of(self, message: Message) -> Session:
        return read_session(message.headers, self._seal, message.now.timestamp())

    async def _check_in(self, message: Message) -> Any:
        session = self._session_of(message)
        return await self.check_ins.take(session, read_check_in(message.body), message.now)

    async def _reports(self, message: Message) -> Any:
        session = self._session_of(message)
        if len(message.body) > IN_A_THREAD_BYTES:
            received = await asyncio.to_thread(read_reports, message.body)
        else:
            received = read_reports(message.body)
        taken = await take_reports(self._services, session, received)
        for kind in taken.refused:
            self.refusals.count("reports", kind)
        return taken.answer

    async def _permit(self, message: Message) -> Any:
        session = self._session_of(message)
        value = read_signed(message.body)
        request = read_permit_request(value)
        require_own(session, request.tenant_id, request.device_id)
        require_signature(await device_key(self._services, session), "permit-request", value)
        return await self._services.permits.ask(session.tenant_id, session.device_id, request)

    async def _session(self, message: Message) -> Any:
        value = read_signed(message.body)
        return await open_session(self._services, _session_request.convert(value), value)

    async def _enrol(self, message: Message) -> Any:
        self._bound_enrolments(message.peer)
        value = read_signed(message.body)
        try:
            return await enrol(self._services, _enrol_request.convert(value), value)
        except NotSignedIn:
            self._refused_enrolments.take(message.peer)
            raise

    def _bound_enrolments(self, peer: str) -> None:
        """Raises TooMany. All enrolments share one bound; who guesses tokens has a much narrower one of his own."""
        wait_s = max(self._enrolments.wait(""), self._refused_enrolments.wait(peer))
        if wait_s > 0:
            detail = f"Too many devices ask to be enrolled just now. Come back in {int(wait_s) + 1} s."
            raise TooMany(detail, kind="too_many_enrolments", retry_after_s=int(wait_s) + 1)
        self._enrolments.take("")


def agent_routes(services: Services) -> list[Route]:
    """The routes, for a process that needs no orderly end (the last second of refusal counts is lost then)."""
    return AgentDoor(services).routes
