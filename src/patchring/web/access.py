"""Who may look and act: from the cookie of a request to a viewer, and from a key to a cookie.

A key is a bearer token, brought once in the address that `patchring up` prints, or typed into the form. It is exchanged
for a session and stays nowhere in the browser: it is not in the cookie, and the way on takes it out of the address.
"""

from urllib.parse import urlsplit

from starlette.requests import Request
from starlette.responses import Response

from patchring.app.errors import NotAllowed, NotSignedIn
from patchring.app.permissions import Permission
from patchring.app.principals import Principal, authenticate, load_principal, visible_tenants
from patchring.app.services import Services
from patchring.store.roles import Role
from patchring.web.session import COOKIE, LIFETIME, PageSeal, PageSession
from patchring.web.viewer import Viewer


class Access:
    """One for each web process."""

    def __init__(self, services: Services) -> None:
        self._database = services.database
        self._clock = services.clock
        self._seal = PageSeal(services.session_key)

    async def viewer(self, request: Request) -> Viewer | None:
        """Who looks; None without a session, and as soon as the principal is revoked or expired.

        Raises NotAllowed for a principal whose role may not read rollouts.
        """
        session = self._session(request)
        if session is None:
            return None
        principal = await load_principal(self._database, session.principal_id, self._clock.now())
        if principal is None:
            return None
        principal.require(Permission.ROLLOUTS_READ)
        return await self._viewer(principal, session)

    async def open(self, request: Request, key: str, response: Response) -> None:
        """Put a new session of the bearer of this key into the response. Raises NotSignedIn."""
        now = self._clock.now()
        principal = await authenticate(self._database, key, now)
        response.set_cookie(
            COOKIE,
            self._seal.issue(principal.principal_id, now),
            max_age=int(LIFETIME.total_seconds()),
            httponly=True,
            samesite="strict",
            secure=request.url.scheme == "https",
        )

    def require_form(self, request: Request, token: str) -> None:
        """Raises NotAllowed for a form that did not come from a page of this session, NotSignedIn without one."""
        session = self._session(request)
        if session is None:
            raise NotSignedIn("the session is over; sign in again")
        if not is_own(request) or not self._seal.form_token_holds(session, token):
            raise NotAllowed("this form did not come from a page of your session; reload the page and try again")

    def _session(self, request: Request) -> PageSession | None:
        return self._seal.read(request.cookies.get(COOKIE, ""), self._clock.now())

    async def _viewer(self, principal: Principal, session: PageSession) -> Viewer:
        async with self._database.operator(Role.WEB, read_only=True) as tx:
            tenant_ids = await visible_tenants(tx, principal)
        return Viewer(principal, tuple(tenant_ids), self._seal.form_token(session))


def is_own(request: Request) -> bool:
    """Whether the browser says that our own page sent this; one that says nothing is judged by the form's MAC alone."""
    origin = request.headers.get("origin")
    if origin is not None:
        return urlsplit(origin).netloc == request.headers.get("host")
    return request.headers.get("sec-fetch-site", "same-origin") in ("same-origin", "none")
