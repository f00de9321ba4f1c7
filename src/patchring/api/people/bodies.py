"""What may come in at all: bounded bodies, and no character that the database cannot keep."""

import msgspec
from starlette.requests import ClientDisconnect, Request
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from patchring.api.problem import problem_response
from patchring.app.errors import AppError, Invalid, Malformed, TooLarge

BODY_BYTES_MAX = 1_048_576
DEPTH_MAX = 40
_ZERO_ESCAPED = b"\\u0000"


class BodyGuard:
    """Reads the whole body before anything else does, up to its bound, and hands it on."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        try:
            body = await _read(Request(scope, receive))
            _check_text(scope, body)
        except ClientDisconnect:
            return
        except AppError as error:
            await problem_response(error)(scope, receive, send)
            return
        await self._app(scope, _replay(body, receive), send)


async def _read(request: Request) -> bytes:
    chunks, size = [], 0
    async for chunk in request.stream():
        size += len(chunk)
        if size > BODY_BYTES_MAX:
            detail = f"At most {BODY_BYTES_MAX} bytes are taken here, more came. Send less at once."
            raise TooLarge(detail, kind="body_too_large", bytes_max=BODY_BYTES_MAX)
        chunks.append(chunk)
    return b"".join(chunks)


def _check_text(scope: Scope, body: bytes) -> None:
    if "\0" in scope["path"] or b"%00" in scope.get("query_string", b""):
        raise _zero_character()
    if _ZERO_ESCAPED in body and _has_zero(_decoded(body), DEPTH_MAX):
        raise _zero_character()


def _decoded(body: bytes) -> object:
    try:
        return msgspec.json.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise Malformed(f"The body is not JSON: {error}.", kind="body_malformed") from error


def _has_zero(value: object, depth: int) -> bool:
    """Whether a text in it holds U+0000; deeper than `depth` nothing is looked at, because nothing is taken there."""
    if isinstance(value, str):
        return "\0" in value
    if depth == 0:
        raise Malformed(f"The body is nested deeper than {DEPTH_MAX} levels.", kind="body_malformed")
    if isinstance(value, list):
        return any(_has_zero(item, depth - 1) for item in value)
    if isinstance(value, dict):
        return any(_has_zero(part, depth - 1) for item in value.items() for part in item)
    return False


def _zero_character() -> Invalid:
    return Invalid("A text holds the character U+0000, which cannot be kept. Leave it out.", kind="zero_character")


def _replay(body: bytes, receive: Receive) -> Receive:
    told = False

    async def again() -> Message:
        nonlocal told
        if told:
            return await receive()
        told = True
        return {"type": "http.request", "body": body, "more_body": False}

    return again
