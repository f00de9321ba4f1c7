"""Enrolment: from a pasted token to an identity in the state folder. Doing it again changes nothing."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from typing import Optional

from patchring.wire.authority import Root, root_counts
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import EnrolAnswer, EnrolRequest
from patchring.wire.signing import SignedDocument
from patchring.wire.token import EnrolmentToken, TokenMalformed
from patchring_agent import clocks, device
from patchring_agent.client import Client
from patchring_agent.errors import ConfigurationProblem, ServerUntrusted
from patchring_agent.loop.state import Identity, Kept
from patchring_agent.server import signed
from patchring_agent.store import Enrolment, StateFolder


def enrol(folder: StateFolder, server: str, token_text: str, allow_http: bool, replace: bool = False) -> Enrolment:
    """Raises ConfigurationProblem, ServerAway, ServerRefused, ServerUntrusted."""
    token = _token(token_text)
    folder.make()
    before = folder.enrolment()
    if before is not None and folder.kept() is not None and not replace:
        return _same(before, token, server)
    client = Client(server, token.server, allow_http)
    try:
        answer = _ask(client, folder, token)
    finally:
        client.close()
    return _save(folder, server, token, answer)


def _token(text: str) -> EnrolmentToken:
    try:
        return EnrolmentToken.parse(text)
    except TokenMalformed as error:
        raise ConfigurationProblem(str(error)) from error


def _same(before: Enrolment, token: EnrolmentToken, server: str) -> Enrolment:
    """Enrolled already: fine for this tenant and server, a mistake for another."""
    if (before.tenant_id.replace("-", ""), before.server) != (token.tenant_id, server):
        place = f"tenant {before.tenant_id} at {before.server}"
        raise ConfigurationProblem(f"this device is enrolled in {place}; use --replace to move it")
    return before


def _ask(client: Client, folder: StateFolder, token: EnrolmentToken) -> EnrolAnswer:
    key, at_ms = folder.key(), clocks.now().wall_ms
    request = EnrolRequest(token.text(), key.public, secrets.token_hex(16), at_ms, device.facts(), "")
    try:
        return decode(EnrolAnswer, client.post("/agent/v1/enrol", encode(signed(key, "enrol", request)), fresh=True))
    except Refused as error:
        raise ServerUntrusted(f"the answer is not what the protocol says: {error}") from error


def _save(folder: StateFolder, server: str, token: EnrolmentToken, answer: EnrolAnswer) -> Enrolment:
    if answer.tenant_id.replace("-", "") != token.tenant_id:
        raise ServerUntrusted(f"the token is of tenant {token.tenant_id}, the server answers for {answer.tenant_id}")
    root = trusted_root(answer.roots, answer.tenant_id, token.root)
    enrolment = Enrolment(server, token.server, answer.tenant_id, answer.device_id, token.root)
    folder.save_kept(Kept(Identity(answer.tenant_id, answer.device_id, token.root), root))
    folder.save_session(answer.session)
    folder.save_enrolment(enrolment)
    return enrolment


def trusted_root(roots: Sequence[SignedDocument], tenant_id: str, pinned: str) -> Root:
    """The newest root of a chain whose first is signed by the pinned key, and each next by the one before."""
    trusted: Optional[Root] = None
    now_ms = clocks.now().wall_ms
    for document in roots:
        trusted = root_counts(document, tenant_id, pinned, trusted, now_ms)
        if trusted is None:
            raise ServerUntrusted("the tenant's root is not signed by the key that the token names")
    if trusted is None:
        raise ServerUntrusted("the server gave no root of the tenant")
    return trusted
