"""The OpenAPI document: FastAPI's, with what it cannot know: the one shape of every error, and who may use a route."""

from collections.abc import Sequence
from typing import Any

from fastapi import APIRouter, FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute

from patchring.api.people.door import InTenant, Needs
from patchring.api.problem import MEDIA_TYPE

PERMISSION = "x-permission"
PROBLEM = {
    "type": "object",
    "description": "RFC 9457. `kind` is stable and for programs, `detail` is one line for people.",
    "required": ["type", "title", "status", "detail", "kind"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "kind": {"type": "string"},
    },
}
_ANY_PROBLEM = {
    "description": "A problem",
    "content": {MEDIA_TYPE: {"schema": {"$ref": "#/components/schemas/Problem"}}},
}


def describe(app: FastAPI, routers: Sequence[APIRouter], prefix: str) -> None:
    """Have the application describe itself with problems and permissions."""

    def openapi() -> dict[str, Any]:
        if app.openapi_schema is None:
            document = get_openapi(title=app.title, version=app.version, routes=app.routes)
            document["components"]["schemas"]["Problem"] = PROBLEM
            for route in (each for router in routers for each in router.routes):
                assert isinstance(route, APIRoute), f"{route} is a route of a kind that is not described"
                _complete(document["paths"][prefix + route.path], route)
            app.openapi_schema = document
        return app.openapi_schema

    app.openapi = openapi  # type: ignore[method-assign]


def _complete(path: dict[str, Any], route: APIRoute) -> None:
    for method in route.methods or ():
        operation = path[method.lower()]
        operation["responses"].pop("422", None)
        operation["responses"]["default"] = _ANY_PROBLEM
        operation[PERMISSION] = permission_of(route)


def permission_of(route: APIRoute) -> str:
    """The permission that a route asks for; `public`, or `signed in` where any principal may."""
    for dependency in route.dependant.dependencies:
        if isinstance(dependency.call, Needs | InTenant):
            permission = dependency.call.permission
            return permission.value if permission else "signed in"
    return "public"
