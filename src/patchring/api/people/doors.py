"""How a route is declared: with the permission that it needs, readable from the route table.

    door = Door("sites")

    @door.get("/tenants/{tenant}/sites", Permission.SITES_READ)
    async def list_sites(ask: Ask, tenant: Tenant) -> Page[Site]: ...

`PUBLIC` is for what anybody may ask; `SIGNED_IN` for what every principal may ask about himself.
"""

from collections.abc import Callable
from enum import Enum
from typing import Any, TypeVar

from fastapi import APIRouter, Depends

from patchring.api.people.callers import may
from patchring.app.permissions import Permission

PROBLEM = {"default": {"description": "A problem", "content": {"application/problem+json": {"schema": {}}}}}
PERMISSION = "x-permission"

Endpoint = TypeVar("Endpoint", bound=Callable[..., Any])


class Anybody(Enum):
    """Who may ask where no permission is needed."""

    PUBLIC = "public"
    SIGNED_IN = "signed in"


PUBLIC, SIGNED_IN = Anybody.PUBLIC, Anybody.SIGNED_IN
Needed = Permission | Anybody


class Door:
    """The routes of one subject."""

    def __init__(self, tag: str) -> None:
        self.router = APIRouter(tags=[tag])

    def get(self, path: str, needs: Needed) -> Callable[[Endpoint], Endpoint]:
        return self._route("GET", path, needs, 200)

    def post(self, path: str, needs: Needed, status: int = 200) -> Callable[[Endpoint], Endpoint]:
        """A command; it takes an Idempotency-Key."""
        return self._route("POST", path, needs, status)

    def patch(self, path: str, needs: Needed) -> Callable[[Endpoint], Endpoint]:
        """A change of fields; it asks for If-Match."""
        return self._route("PATCH", path, needs, 200)

    def _route(self, method: str, path: str, needs: Needed, status: int) -> Callable[[Endpoint], Endpoint]:
        def declare(endpoint: Endpoint) -> Endpoint:
            self.router.add_api_route(
                path,
                endpoint,
                methods=[method],
                status_code=status,
                dependencies=[] if needs is PUBLIC else [Depends(may(needs))],
                responses=PROBLEM,
                openapi_extra={PERMISSION: needs.value},
                operation_id=endpoint.__name__,
                response_model_by_alias=True,
            )
            return endpoint

        return declare
