"""One route for devices as a bare ASGI application: read a bounded body, handle it, answer in JSON.

The outermost loop of the agents' routes. Whatever is wrong with a message becomes a problem with a kind, and is
counted; the database's absence becomes a 503 with Retry-After; a bug goes on to the server's own handler.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from starlette.types import Receive, Scope, Send

from patchring.api.agent.structs import Unreadable
from patchring.api.problem import MEDIA_TYPE, from_store_error, problem, problem_headers
from patchring.app.errors import AppError, Invalid, TooLarge
from patchring.app.refusals import Refusals
from patchring.core.clock import Clock
from patchring.store.errors import StoreError

_encode = msgspec.json.encode
_CLIENT_ERRORS = range(400, 500)


@dataclass(slots=True)
class Message:
    """What came: the whole body, the headers as the server gives them (names in small letters), and who sent it."""

    body: bytes
    headers: list[tuple[bytes, bytes]]
    peer: str
    now: datetime


Handler = Callable[[Message], Awaitable[Any]]


class Endpoint:
    """`handle` gives a message of wire or raises AppError, Unreadable or StoreError."""

    def __init__(self, name: str, bytes_max: int, handle: Handler, refusals: Refusals, clock: Clock) -> None:
        self.name = name
        self._bytes_max = bytes_max
        self._handle = handle
        self._refusals = refusals
        self._clock = clock

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        try:
            body = await self._read(scope, receive)
            if body is None:
                return
            message = Message(body, scope["headers"], _peer(scope), self._clock.now())
            answer = _encode(await self._handle(message))
        except Unreadable as error:
            await self._refuse(send, Invalid(str(error), kind="message_invalid"))
        except AppError as error:
            await self._refuse(send, error)
        except StoreError as error:
            await self._refuse(send, from_store_error(error))
        else:
            await _send(send, 200, b"application/json", answer, [])

    async def _read(self, scope: Scope, receive: Receive) -> bytes | None:
        """The whole body; None when the sender went away. Raises TooLarge before more than the bound is kept."""
        for name, value in scope["headers"]:
            if name == b"content-length" and int(value) > self._bytes_max:  # the server has checked that it is a number
                raise self._too_large(f"{int(value)}")
        event = await receive()
        body: bytes = event.get("body", b"")
        if event["type"] == "http.request" and not event.get("more_body", False) and len(body) <= self._bytes_max:
            return body
        return await self._read_on(event, receive)

    async def _read_on(self, event: Any, receive: Receive) -> bytes | None:
        chunks: list[bytes] = []
        size = 0
        while event["type"] == "http.request":
            chunks.append(event.get("body", b""))
            size += len(chunks[-1])
            if size > self._bytes_max:
                raise self._too_large(f"more than {self._bytes_max}")
            if not event.get("more_body", False):
                return b"".join(chunks)
            event = await receive()
        return None

    def _too_large(self, came: str) -> TooLarge:
        detail = f"At most {self._bytes_max} bytes are taken here, {came} came. Send less at once."
        return TooLarge(detail, kind="message_too_large", bytes_max=self._bytes_max)

    async def _refuse(self, send: Send, error: AppError) -> None:
        if error.status in _CLIENT_ERRORS:
            self._refusals.count(self.name, error.kind)
        headers = [(name.encode(), value.encode()) for name, value in problem_headers(error).items()]
        await _send(send, error.status, MEDIA_TYPE.encode(), _encode(problem(error)), headers)


def _peer(scope: Scope) -> str:
    client = scope.get("client")
    return str(client[0]) if client else ""


async def _send(send: Send, status: int, media_type: bytes, body: bytes, headers: list[tuple[bytes, bytes]]) -> None:
    own = [(b"content-type", media_type), (b"content-length", b"%d" % len(body))]
    await send({"type": "http.response.start", "status": status, "headers": own + headers})
    await send({"type": "http.response.body", "body": body})
