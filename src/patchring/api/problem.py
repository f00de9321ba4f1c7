"""The one JSON shape of every error (RFC 9457, `application/problem+json`).

    {"type": "/problems/session_expired", "title": ..., "status": 401, "detail": ..., "kind": "session_expired", ...}

`kind` is stable and for programs, `detail` is one line for people that says what was expected, what came and what to
do. The typed fields of the error stand beside them. `retry_after_s` becomes the Retry-After header as well.
"""

import itertools
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import msgspec
import structlog
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ExceptionHandler

from patchring.app.errors import AppError, OutcomeUnknown, Unavailable
from patchring.store.errors import CommitUnknown, StatementTimeout, StoreError

MEDIA_TYPE = "application/problem+json"
_RETRY_AFTER_S = itertools.cycle(range(5, 15))


log = structlog.get_logger()


class InternalError(AppError):
    kind, status, title = "internal", 500, "This is a fault of the server"


def problem(error: AppError) -> dict[str, Any]:
    """The error as a JSON value."""
    shape = {"type": f"/problems/{error.kind}", "title": error.title, "status": error.status}
    return {**shape, "detail": error.detail, "kind": error.kind, **error.fields}


def problem_headers(error: AppError) -> dict[str, str]:
    headers: dict[str, str] = {}
    if error.status == HTTPStatus.UNAUTHORIZED:
        headers["www-authenticate"] = "Bearer"
    if "retry_after_s" in error.fields:
        headers["retry-after"] = str(error.fields["retry_after_s"])
    return headers


def problem_response(error: AppError, headers: Mapping[str, str] | None = None) -> Response:
    """The error as a response. The fields of the error have to be JSON values, ids or instants."""
    body = msgspec.json.encode(problem(error))
    return Response(body, error.status, {**problem_headers(error), **(headers or {})}, MEDIA_TYPE)


def from_store_error(error: StoreError) -> AppError:
    """What the database's error means to who asked: try again later, or a fault of ours that says nothing more."""
    if isinstance(error, CommitUnknown):
        detail = "The database went away while this was being saved; it was kept or not. Look before doing it again."
        return OutcomeUnknown(detail, retry_after_s=_retry_after_s())
    if error.transient or isinstance(error, StatementTimeout):
        detail = "The database is away or busy for the moment; nothing was changed. Try again."
        return Unavailable(detail, kind="database_away", retry_after_s=_retry_after_s())
    return InternalError("The server did something that its database refuses. Nothing was changed; its log says more.")


def _retry_after_s() -> int:
    """Different from answer to answer, so that a herd that met the same outage does not come back as one."""
    return next(_RETRY_AFTER_S)


def from_http_exception(error: HTTPException) -> AppError:
    """The framework's own refusals: no such path (404), not with this method (405), and the like."""
    status = HTTPStatus(error.status_code)
    made = AppError(error.detail or status.phrase, kind=status.name.lower())
    made.status, made.title = status, status.phrase
    return made


async def _on_app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return problem_response(error)


async def _on_store_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, StoreError)
    made = from_store_error(error)
    if isinstance(made, InternalError):
        log.error("database_refused", method=request.method, path=request.url.path, exc_info=error)
    return problem_response(made)


async def _on_http_exception(_: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return problem_response(from_http_exception(error), error.headers)


async def _on_bug(_: Request, __: Exception) -> Response:
    return problem_response(InternalError("The server met a fault of its own. Nothing was changed; its log says more."))


def problem_handlers() -> dict[int | type[Exception], ExceptionHandler]:
    """For `exception_handlers=` of the application: with them every error has the one shape."""
    return {
        AppError: _on_app_error,
        StoreError: _on_store_error,
        HTTPException: _on_http_exception,
        Exception: _on_bug,
    }
