"""Who may look and act: from the cookie of a request to a viewer, and from a key to a cookie.

A key is a bearer token, brought once in the address that `patchring up` prints or typed into the form. It is exchanged
for a session and never kept in the browser: neither in the cookie nor, after the redirection, in the address.
"""

from typing import Final
from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from patchring.app.errors import NotAllowed, NotSignedIn
from patchring.app.services import Services
from patchring.web.session import COOKIE, LIFETIME, PageSeal, PageSession
from patchring.web.viewer import Viewer

FORM_BYTES_MAX: Final = 16_384


class Access:
    """One for each web process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self._seal = PageSeal(services.session_key)

    def session(self, request: Request) -> PageSession | None:
        """The session that the request's cookie names, when it is ours and not over."""
        return self._seal.read(request.cookies.get(COOKIE, ""), self._services.clock.now())

    async def viewer(self, request: Request) -> Viewer | None:
        """Who looks; None without a session, or when the principal has none of his rights any more."""
        session = self.session(request)
        if session is None:
            return None
        principal = await self._principal(session)
        return None if principal is None else principal

    async def open(self, request: Request, key: str, response: Response) -> None:
        """Put a new session for the bearer of this key into the response. Raises NotSignedIn."""
