"""What forms do: place a stop, lift it with a reason, sign out. Each goes back to the page that it came from."""

from starlette.responses import Response

from patchring.app.services import Services
from patchring.web.door import go_to
from patchring.web.session import COOKIE
from patchring.web.viewer import Viewer


class Actions:
    def __init__(self, services: Services) -> None:
        self._services = services

    async def halt(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        return go_to(fields.get("back", "/"), "halted")

    async def resume(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        return go_to(fields.get("back", "/"), "resumed")

    async def sign_out(self, viewer: Viewer, fields: dict[str, str]) -> Response:
        response = go_to("/")
        response.delete_cookie(COOKIE, httponly=True, samesite="strict")
        return response
