"""The pages and what they need, as routes.

    GET  /                              the board                  GET  /live       what changed, as events
    GET  /rollouts/{tenant}/{rollout}   one rollout                POST /halt       place a stop
    GET  /devices/{tenant}/{device}     one device                 POST /resume     lift a stop, with a reason
    GET  /static/...                    style, script, icon        POST /sign-in, /sign-out

Whoever has no session gets the form to sign in, on every page the same way, so that nobody learns what exists.
"""

from uuid import UUID

from starlette.requests import Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from patchring.app.errors import NotFound
from patchring.app.services import Services
from patchring.core.ids import DeviceId, RolloutId, TenantId
from patchring.store.roles import Role
from patchring.web import board, device, rollout
from patchring.web.access import Access
from patchring.web.actions import Actions
from patchring.web.census import CensusTaker
from patchring.web.cursor import DevicePlace, ring_number, thing
from patchring.web.door import Door, guarded
from patchring.web.frame import load_frame
from patchring.web.live import Versions, stream
from patchring.web.render import HEADERS, assets_folder, html
from patchring.web.viewer import Viewer
from patchring.web.words import GROUPS

SILENT_INTERVALS = 3
SILENT_GRACE_S = 30
ASSET_HEADERS = {"cache-control": "public, max-age=31536000, immutable", "x-content-type-options": "nosniff"}


def web_routes(services: Services) -> list[BaseRoute]:
    """Everything that a browser asks for; the API is mounted beside it."""
    pages = Pages(services)
    actions = Actions(services)
    door = Door(pages.access)
    return [
        Route("/", door.page(pages.board)),
        Route("/rollouts/{tenant:uuid}/{rollout:uuid}", door.page(pages.rollout)),
        Route("/devices/{tenant:uuid}/{device:uuid}", door.page(pages.device)),
        Route("/live", guarded(pages.live)),
        Route("/sign-in", door.sign_in, methods=["POST"]),
        Route("/sign-out", door.form(actions.sign_out), methods=["POST"]),
        Route("/halt", door.form(actions.halt), methods=["POST"]),
        Route("/resume", door.form(actions.resume), methods=["POST"]),
        Mount("/static", Assets(directory=assets_folder()), name="static"),
    ]


class Pages:
    """What pages share: the way to the database, and what is remembered for a few seconds."""

    def __init__(self, services: Services) -> None:
        self.access = Access(services)
        self._database = services.database
        self._clock = services.clock
        self._census = CensusTaker(services.database, services.check_in_interval * SILENT_INTERVALS + SILENT_GRACE_S)
        self._versions = Versions(services.database)

    async def board(self, request: Request, viewer: Viewer) -> Response:
        before = request.query_params.get("before")
        place = RolloutId(thing(before)) if before else None
        now = self._clock.now()
        census = await self._census.take(viewer.tenant_ids, now)
        async with self._database.tenant(Role.STAFF, viewer.tenant_ids, read_only=True) as tx:
            found = await board.load(tx, viewer.tenant_ids, place, now)
            framed = await load_frame(tx, viewer, _path(request), now, found.rollouts, _notice(request))
        return html("board.html", page=board.board_page(framed, found, census, self._census.silent_after_s))

    async def rollout(self, request: Request, viewer: Viewer) -> Response:
        tenant_id, rollout_id = _ids(request, viewer, "rollout")
        asked = _asked(request)
        now = self._clock.now()
        async with self._database.tenant(Role.STAFF, viewer.tenant_ids, read_only=True) as tx:
            found = await rollout.load(tx, tenant_id, RolloutId(rollout_id), asked)
            if found is None:
                raise NotFound("there is no such rollout among the tenants you were given")
            framed = await load_frame(tx, viewer, _path(request), now, [found.row], _notice(request))
        return html("rollout.html", page=rollout.rollout_page(framed, found, asked))

    async def device(self, request: Request, viewer: Viewer) -> Response:
        tenant_id, device_id = _ids(request, viewer, "device")
        now = self._clock.now()
        async with self._database.tenant(Role.STAFF, viewer.tenant_ids, read_only=True) as tx:
            found = await device.load(tx, tenant_id, DeviceId(device_id))
            if found is None:
                raise NotFound("there is no such device among the tenants you were given")
            rollouts = [{**row, "tenant_id": tenant_id} for row in found.rollouts]
            framed = await load_frame(tx, viewer, _path(request), now, rollouts, _notice(request))
        return html("device.html", page=device.device_page(framed, found))

    async def live(self, request: Request) -> Response:
        """The events of one page; who has no session gets 401, which ends the browser's tries."""

        async def look() -> Viewer | None:
            viewer = await self.access.viewer(request)
            return viewer if viewer is not None and viewer.tenant_ids else None

        if await look() is None:
            return Response(status_code=401, headers=HEADERS)
        headers = {**HEADERS, "x-accel-buffering": "no"}
        return StreamingResponse(stream(self._versions, look), media_type="text/event-stream", headers=headers)


class Assets(StaticFiles):
    """Style and script: their address changes with their content, so they are kept for ever."""

    def file_response(self, *args: object, **kwargs: object) -> Response:
        response = super().file_response(*args, **kwargs)  # type: ignore[arg-type]
        response.headers.update(ASSET_HEADERS)
        return response


def _ids(request: Request, viewer: Viewer, thing: str) -> tuple[TenantId, UUID]:
    """Tenant and thing of the address. A tenant that was not given to the viewer has nothing."""
    tenant_id = TenantId(request.path_params["tenant"])
    if tenant_id not in viewer.tenant_ids:
        raise NotFound(f"there is no such {thing} among the tenants you were given")
    return tenant_id, request.path_params[thing]


def _asked(request: Request) -> rollout.Asked:
    given = request.query_params
    group = given.get("state", "")
    if group not in ("", *(shown.tone for shown in GROUPS)):
        raise NotFound(f"there is no group of states {group[:20]!r}")
    ring = ring_number(given["ring"]) if "ring" in given else None
    after = DevicePlace.parse(given["after"]) if "after" in given else None
    return rollout.Asked(ring, group, after)


def _path(request: Request) -> str:
    query = request.url.query
    return f"{request.url.path}?{query}" if query else request.url.path


NOTICES = {
    "halted": "Halted. No permit is granted there any more.",
    "halted-before": "It was halted before; that stop stays.",
    "resumed": "Resumed. The reason is part of the record.",
    "resumed-before": "There was no such stop in force any more.",
}


def _notice(request: Request) -> str:
    """What the last form did, said once: only known words, never a text from the address."""
    return NOTICES.get(request.query_params.get("done", ""), "")
