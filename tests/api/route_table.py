"""The route table of the API for people, read from the application: every test over "every route" walks this one."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from fastapi.dependencies.models import Dependant
from fastapi.routing import APIRoute

from patchring.api.people.app import PREFIX, ROUTERS, about
from patchring.api.people.door import InTenant, Needs
from patchring.app.permissions import Permission


@dataclass(frozen=True)
class Declared:
    """One route. `permission` None: signed in is enough; `public`: nobody is asked for."""

    method: str
    path: str
    permission: Permission | None
    public: bool
    in_tenant: bool
    body: Any

    @property
    def name(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def parameters(self) -> list[str]:
        return re.findall(r"{(\w+)", self.path)

    def url(self, **values: object) -> str:
        return PREFIX + self.path.format(**values)


def routes() -> list[Declared]:
    """Every route, by path."""
    found = [each for router in (about, *ROUTERS) for route in router.routes for each in _declared(route)]
    return sorted(found, key=lambda each: (each.path, each.method))


def _declared(route: Any) -> Iterator[Declared]:
    assert isinstance(route, APIRoute), f"{route} is a route that no test knows how to read"
    doors = [call for call in _calls(route.dependant) if isinstance(call, Needs | InTenant)]
    assert len(doors) <= 1, f"{route.path} stands behind {len(doors)} doors; one says what it needs"
    permission = doors[0].permission if doors else None
    for method in sorted(route.methods):
        inside = bool(doors) and isinstance(doors[0], InTenant)
        yield Declared(method, route.path, permission, not doors, inside, route.body_field)


def _calls(dependant: Dependant) -> Iterator[Any]:
    yield dependant.call
    for inner in dependant.dependencies:
        yield from _calls(inner)
