"""Every error of every route has the one shape."""

import httpx
import pytest
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from patchring.api.problem import problem_handlers
from patchring.app.errors import AppError, NotAllowed, NotSignedIn, TooMany, Unavailable
from patchring.store.errors import (
    CommitUnknown,
    ConnectionLost,
    ConstraintViolated,
    DatabaseUnavailable,
    StatementTimeout,
    StoreError,
)

pytestmark = pytest.mark.anyio

AWAY = (503, "database_away")
INTERNAL = (500, "internal")


async def answer_to(error: Exception) -> httpx.Response:
    """What a route that raises this gives."""

    async def endpoint(_: Request) -> Response:
        raise error

    app = Starlette(routes=[Route("/", endpoint)], exception_handlers=problem_handlers())
    transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://server") as http:
        return await http.get("/")


async def test_a_use_cases_error_with_its_fields_and_headers() -> None:
    answer = await answer_to(TooMany("Come back later.", kind="too_many_enrolments", retry_after_s=7))
    assert answer.json() == {
        "type": "/problems/too_many_enrolments",
        "title": "Too many of these in too short a time",
        "status": 429,
        "detail": "Come back later.",
        "kind": "too_many_enrolments",
        "retry_after_s": 7,
    }
    assert answer.status_code == 429
    assert answer.headers["content-type"] == "application/problem+json"
    assert answer.headers["retry-after"] == "7"
    assert (await answer_to(NotSignedIn("Who?"))).headers["www-authenticate"] == "Bearer"


@pytest.mark.parametrize(
    ("error", "expected"),
    [
        (NotAllowed("no"), (403, "not_allowed")),
        (Unavailable("away"), (503, "unavailable")),
        (DatabaseUnavailable("x"), AWAY),
        (ConnectionLost("x"), AWAY),
        (StatementTimeout("x"), AWAY),
        (CommitUnknown("x"), (504, "outcome_unknown")),
        (ConstraintViolated("c", "t", "23505"), INTERNAL),
        (StoreError("x"), INTERNAL),
        (HTTPException(404), (404, "not_found")),
        (HTTPException(405), (405, "method_not_allowed")),
        (AssertionError("a secret of ours"), INTERNAL),
        (RuntimeError("a secret of ours"), INTERNAL),
    ],
)
async def test_every_kind_of_error_has_the_one_shape(error: Exception, expected: tuple[int, str]) -> None:
    answer = await answer_to(error)
    problem = answer.json()
    assert (answer.status_code, problem["kind"]) == expected
    assert set(problem) >= {"type", "title", "status", "detail", "kind"}
    assert "secret" not in answer.text


def test_every_error_of_the_use_cases_has_a_kind_of_its_own() -> None:
    kinds = [error.kind for error in AppError.__subclasses__()]
    assert len(set(kinds)) == len(kinds)
    assert all(400 <= error.status < 600 and error.title != AppError.title for error in AppError.__subclasses__())
