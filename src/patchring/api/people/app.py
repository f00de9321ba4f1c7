"""Puts the routes of people together: one prefix, one shape of errors, one description."""

from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, FastAPI, Request
from fastapi.exceptions import RequestValidationError
from starlette.responses import Response

from patchring.api.people import (
    calendars,
    devices,
    events,
    exposure,
    findings,
    gate,
    known_issues,
    patches,
    policies,
    policy_comparison,
    policy_documents,
    principals,
    proposals,
    rollouts,
    scanners,
    tenants,
    testing,
)
from patchring.api.people.answers import Asker, Health, Server
from patchring.api.people.bodies import BodyGuard
from patchring.api.people.description import describe
from patchring.api.people.door import needs
from patchring.api.problem import problem_handlers, problem_response
from patchring.app.caller import Caller
from patchring.app.errors import Invalid, Malformed
from patchring.app.permissions import ROLES
from patchring.app.services import Services

PREFIX = "/api/v1"
FIELDS_SHOWN_MAX = 20

about = APIRouter(tags=["about"])


@about.get("/health")
async def health() -> Health:
    """That this process answers. Needs no token and says nothing else."""
    return Health(state="ok")


@about.get("/server")
async def show_server(who: Annotated[Caller, needs(None)]) -> Server:
    """What a root has to name, what an agent has to pin, and who you are."""
    services, principal = who.services, who.principal
    return Server(
        version=version("patchring"),
        permit_key=services.permit_key,
        server_fingerprint=services.server_fingerprint,
        agents_address=services.agents_address,
        principal=Asker(
            name=principal.name,
            role=principal.role,
            permissions=sorted(ROLES[principal.role]),
            all_tenants=principal.tenant_ids is None,
        ),
    )


ROUTERS = (
    about,
    tenants.router,
    devices.router,
    policies.router,
    policy_comparison.router,
    policy_documents.router,
    calendars.router,
    patches.router,
    findings.router,
    proposals.router,
    known_issues.router,
    scanners.router,
    testing.router,
    exposure.router,
    rollouts.router,
    gate.router,
    events.router,
    principals.router,
)


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
        generate_unique_id_function=lambda route: route.name,
    )
    app.state.services = services
    for router in ROUTERS:
        app.include_router(router, prefix=PREFIX)
    app.add_middleware(BodyGuard)
    describe(app, ROUTERS, PREFIX)
    return app


async def _on_invalid(_: Request, error: Exception) -> Response:
    """What the framework refuses, in our shape: each field with what was expected of it."""
    assert isinstance(error, RequestValidationError)
    found = [_field(each) for each in error.errors()][:FIELDS_SHOWN_MAX]
    if any(each["type"] == "json_invalid" for each in error.errors()):
        return problem_response(Malformed("the body is not JSON; send one object in UTF-8", kind="body_malformed"))
    first = "; ".join(f"{field['place']}: {field['text']}" for field in found[:3])
    return problem_response(Invalid(f"the request is not what is expected: {first}", fields=found))


def _field(error: Any) -> dict[str, str]:
    text = str(error["msg"]).removeprefix("Value error, ")
    return {"place": ".".join(str(part)[:80] for part in error["loc"][:8]), "text": text[:300].replace("\n", " ")}
