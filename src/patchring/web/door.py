"""What stands before every page and form: sign-in, the proof of the form, and errors as pages. The outermost loop."""

from collections.abc import Awaitable, Callable
from urllib.parse import parse_qs

import structlog
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from patchring.app.errors import AppError, Invalid, NotSignedIn, TooLarge
from patchring.store.errors import StoreError
from patchring.web.access import Access, is_own
from patchring.web.render import HEADERS, message
from patchring.web.session import COOKIE
from patchring.web.viewer import Viewer

FORM_BYTES_MAX = 16_384
Page = Callable[[Request, Viewer], Awaitable[Response]]
Form = Callable[[Viewer, dict[str, str]], Awaitable[Response]]
Endpoint = Callable[[Request], Awaitable[Response]]

log = structlog.get_logger()


class Door:
    def __init__(self, access: Access) -> None:
        self._access = access

    def page(self, show: Page) -> Endpoint:
        """A page for who is signed in; a key in the address is exchanged for a session first."""

        async def endpoint(request: Request) -> Response:
            if "key" in request.query_params:
                return await self._exchange(request, request.query_params["key"])
            viewer = await self._access.viewer(request)
            if viewer is None:
                return _ask_key()
            if not viewer.tenant_ids:
                return message("No tenant yet", "Make the first one: patchring tenants create --help")
            return await show(request, viewer)

        return guarded(endpoint)

    def form(self, take: Form) -> Endpoint:
        """A form of a page of the same session."""

        async def endpoint(request: Request) -> Response:
            fields = await _fields(request)
            self._access.require_form(request, fields.get("csrf", ""))
            viewer = await self._access.viewer(request)
            if viewer is None:
                raise NotSignedIn("the session is over; sign in again")
            return await take(viewer, fields)

        return guarded(endpoint)

    async def sign_in(self, request: Request) -> Response:
        """The form that asks for a key. It has no session yet, so it is judged by where it comes from."""

        async def endpoint(request: Request) -> Response:
            fields = await _fields(request)
            if not is_own(request):
                raise NotSignedIn("the form came from another site; open this page by its address")
            return await self._exchange(request, fields.get("key", "").strip())

        return await guarded(endpoint)(request)

    async def _exchange(self, request: Request, key: str) -> Response:
        """The way on to the board with a session. A page goes on by itself rather than a redirection: a cookie that is
        strict about its site does not come along when the address was opened from elsewhere."""
        response = message("Signed in", to="/")
        await self._access.open(request, key, response)
        return response


def guarded(endpoint: Endpoint) -> Endpoint:
    """With errors as pages: who is nobody is asked for a key, and a database that is away is waited for."""

    async def answer(request: Request) -> Response:
        try:
            return await endpoint(request)
        except NotSignedIn as error:
            return _ask_key(error.detail)
        except AppError as error:
            return message(error.title, error.detail, status=error.status)
        except StoreError as error:
            log.warning("page_failed", kind=error.kind, detail=str(error))
            text = "The database does not answer just now. Nothing was changed; the page tries again by itself."
            return message("One moment", text, status=503, again=True)

    return answer


def _ask_key(detail: str = "") -> Response:
    """The form to sign in; a cookie that no longer counts is taken away."""
    lines = ["Open the address that `patchring up` printed, or paste its key here."]
    response = message("Sign in", *([detail] if detail else []), *lines, status=401, ask_key=True)
    response.delete_cookie(COOKIE, httponly=True, samesite="strict")
    return response


async def _fields(request: Request) -> dict[str, str]:
    """A small form, each field once. Raises TooLarge, Invalid."""
    body = b""
    async for chunk in request.stream():
        body += chunk
        if len(body) > FORM_BYTES_MAX:
            raise TooLarge(f"a form has at most {FORM_BYTES_MAX} bytes")
    try:
        return {name: values[-1] for name, values in parse_qs(body.decode(), keep_blank_values=True).items()}
    except ValueError as error:
        raise Invalid("the form is not text in UTF-8") from error


def go_to(path: str, done: str = "") -> Response:
    """On to a page of ours after a form. Anything that is not a plain path of ours leads to the board."""
    ours = path.startswith("/") and not path.startswith(("//", "/\\")) and path.isprintable()
    target = path if ours else "/"
    if done:
        base, _, query = target.partition("?")
        kept = [part for part in query.split("&") if part and not part.startswith("done=")]
        target = f"{base}?{'&'.join([*kept, f'done={done}'])}"
    return RedirectResponse(target, 303, headers=HEADERS)
