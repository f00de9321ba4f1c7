"""The five routes of `/agent/v1`, each as one method: signs, sends, and gives back the loop's events."""

from __future__ import annotations

import secrets
from dataclasses import replace
from typing import Any, Optional

from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import (
    CheckIn,
    CheckInAnswer,
    PermitAnswer,
    PermitRequest,
    Plan,
    Report,
    Reports,
    ReportsAnswer,
    Scan,
    SessionAnswer,
    SessionRequest,
)
from patchring.wire.signing import SigningKey
from patchring_agent import clocks
from patchring_agent.client import Client
from patchring_agent.errors import AgentError, ServerAway, ServerRefused
from patchring_agent.loop import events
from patchring_agent.loop.state import Entry
from patchring_agent.store import Enrolment, StateFolder

REFUSED_WAIT_S = 300
UNTRUSTED_WAIT_S = 300


def signed(key: SigningKey, kind: str, message: Any) -> Any:
    """The dataclass with its `signature` made over all its other fields."""
    fields = encode(message)
    del fields["signature"]
    return replace(message, signature=key.sign(kind, fields))


class Server:
    def __init__(self, client: Client, folder: StateFolder, enrolment: Enrolment, key: SigningKey) -> None:
        self._client, self._folder, self._enrolment, self._key = client, folder, enrolment, key
        self._session = folder.session()

    def check_in(self, message: CheckIn, state_digest: str) -> events.Event:
        try:
            answer = decode(CheckInAnswer, self._ask("/agent/v1/check-in", encode(message)))
        except (AgentError, Refused) as error:
            return _away(error)
        return events.CheckInAnswered(answer, state_digest)

    def reports(self, entries: list[Entry], scan: Optional[Scan]) -> events.Event:
        reports = Reports([self._report(entry, scan) for entry in entries])
        try:
            answer = decode(ReportsAnswer, self._ask("/agent/v1/reports", encode(reports)))
        except ServerRefused as error:
            if error.status in (400, 413, 422):
                return events.ReportsRefused([entry.report_id for entry in entries], str(error))
            return _away(error)
        except (AgentError, Refused) as error:
            return _away(error)
        return events.ReportsAnswered(answer)

    def _report(self, entry: Entry, scan: Optional[Scan]) -> Report:
        body = encode(scan) if entry.kind == "scan" else entry.body
        who = (self._enrolment.tenant_id, self._enrolment.device_id)
        report = Report(*who, entry.report_id, entry.sequence, entry.kind, entry.made_at_ms, body, "")
        message: Report = signed(self._key, "report", report)
        return message

    def permit(self, action_id: str, action: str, plan: Plan, number: int) -> events.Event:
        """The boot clock is read before anything is sent: the permit's lifetime runs from there."""
        sent = clocks.now()
        request = PermitRequest(
            self._enrolment.tenant_id,
            self._enrolment.device_id,
            action_id,
            action,
            secrets.token_hex(16),
            number,
            sent.wall_ms,
            clocks.boot_id(),
            plan,
            "",
        )
        request = signed(self._key, "permit-request", request)
        try:
            answer = decode(PermitAnswer, self._ask("/agent/v1/permit", encode(request), fresh=True))
        except (AgentError, Refused) as error:
            return _away(error)
        return events.PermitAnswered(request, answer, sent.boot_ms)

    def _ask(self, path: str, body: Any, fresh: bool = False) -> Any:
        """With the session; a session that has run out is renewed once."""
        if self._session:
            try:
                return self._client.post(path, body, self._session, fresh)
            except ServerRefused as error:
                if error.status != 401:
                    raise
        self._renew()
        return self._client.post(path, body, self._session, fresh)

    def _renew(self) -> None:
        at_ms = clocks.now().wall_ms
        who = (self._enrolment.tenant_id, self._enrolment.device_id)
        request = signed(self._key, "session", SessionRequest(*who, secrets.token_hex(16), at_ms, ""))
        answer = decode(SessionAnswer, self._client.post("/agent/v1/session", encode(request)))
        self._session = answer.session
        self._folder.save_session(answer.session)


def _away(error: Exception) -> events.ServerUnreachable:
    if isinstance(error, ServerAway):
        return events.ServerUnreachable(str(error), error.retry_after_s, error.may_have_arrived)
    if isinstance(error, ServerRefused):
        return events.ServerUnreachable(f"the server refused: {error}", REFUSED_WAIT_S, may_have_arrived=False)
    if isinstance(error, AgentError):
        return events.ServerUnreachable(str(error), UNTRUSTED_WAIT_S, may_have_arrived=False)
    return events.ServerUnreachable(f"the answer is not what the protocol says: {error}")
