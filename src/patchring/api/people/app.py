"""Puts the routes of people together: one prefix, one shape of errors, one description."""

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from patchring.api.people import devices, events, patches, policies, rollouts, tenants
from patchring.api.people.door import needs
from patchring.api.problem import problem_handlers, problem_response
from patchring.app.caller import Caller
from patchring.app.errors import Invalid
from patchring.app.services import Services

PREFIX = "/api/v1"
ROUTERS = (tenants.router, devices.router, policies.router, patches.router, rollouts.router, events.router)

about = APIRouter(tags=["about"])


@about.get("/health")
async def health() -> dict[str, str]:
    """That this process answers. Needs no token and says nothing else."""
    return {"state": "ok"}


@about.get("/server")
async def server(who: Annotated[Caller, needs(None)]) -> dict[str, Any]:
    """What a root has to name and an agent has to pin: the signer's public key and the listener's fingerprint."""
    services = who.services
    return {
        "version": version("patchring"),
        "permit_key": services.permit_key,
        "server_fingerprint": services.server_fingerprint,
        "agents_address": services.agents_address,
        "principal": {"name": who.principal.name, "role": who.principal.role},
    }


def people_api(services: Services) -> FastAPI:
    """The application; `services` is what its routes act with."""
    handlers: dict[Any, Any] = {**problem_handlers(), RequestValidationError: _on_invalid}
    app = FastAPI(
        title="Patchring",
        version=version("patchring"),
        docs_url=None,
        redoc_url=None,
        openapi_url=f"{PREFIX}/openapi.json",
        exception_handlers=handlers,
    )
    app.state.services = services
    for router in (about, *ROUTERS):
        app.include_router(router, prefix=PREFIX)
    return app


async def _on_invalid(_: Request, error: Exception) -> Response:
    """What the framework refuses, in our shape: each field with what was expected of it."""
    assert isinstance(error, RequestValidationError)
    fields = [{"place": ".".join(str(part) for part in e["loc"]), "text": e["msg"]} for e in error.errors()]
    first = "; ".join(f"{field['place']}: {field['text']}" for field in fields[:3])
    return problem_response(Invalid(f"the request is not what is expected: {first}", fields=fields))
