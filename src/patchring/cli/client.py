"""The HTTP API as the command line uses it: address and token are found, errors are one line, lists go to their end."""

import os
import secrets
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import quote

import click
import httpx

from patchring.cli.configuration import find_server
from patchring.cli.errors import CliError, NotConfigured, Refused, ServerAway

TIMEOUT_S = 30.0
TRIES = 2


def path(*parts: str) -> str:
    """`path("tenants", tenant, "devices", name)`: each part as it is, whatever characters are in it.

    Raises CliError for what an address would not keep as a part of its own.
    """
    for part in parts:
        if part in ("", ".", ".."):
            raise CliError(f"{part!r} is no name or id of anything")
    return "".join(f"/{quote(part, safe='')}" for part in parts)


class Client:
    """One server, one principal."""

    def __init__(self, url: str, token: str) -> None:
        self.url = url.rstrip("/")
        self._http = httpx.Client(
            base_url=f"{self.url}/api/v1",
            headers={"authorization": f"Bearer {token}"},
            timeout=TIMEOUT_S,
            trust_env=False,
        )

    def close(self) -> None:
        self._http.close()

    def get(self, path: str, **query: Any) -> Any:
        return self._send("GET", path, params={name: value for name, value in query.items() if value is not None})

    def content(self, path: str, **query: Any) -> bytes:
        """What is no JSON: a document, as it is to be written."""
        given = {name: value for name, value in query.items() if value is not None}
        return self._answer("GET", path, params=given).content

    def post(self, path: str, body: Mapping[str, Any] | None = None, repeatable: bool = True) -> Any:
        """A command. `repeatable`: with a key of its own, so that a repeat after a lost answer does nothing twice."""
        return self._command("POST", path, {"json": dict(body or {})}, {}, repeatable)

    def patch(self, path: str, body: Mapping[str, Any], row_version: int | None = None) -> Any:
        """A change of the version that was read; without `row_version` of whatever is there."""
        headers = {"if-match": "*" if row_version is None else f'"{row_version}"'}
        return self._command("PATCH", path, {"json": dict(body)}, headers, True)

    def delete(self, path: str) -> Any:
        return self._command("DELETE", path, {}, {}, True)

    def each(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor = ""
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if not cursor:
                return

    def _command(
        self, method: str, path: str, given: Mapping[str, Any], headers: Mapping[str, str], repeatable: bool
    ) -> Any:
        """Sent again once when the answer was lost: with its key the server does it once."""
        key = {"idempotency-key": secrets.token_hex(16)} if repeatable else {}
        for last in range(1 if repeatable else TRIES, TRIES + 1):
            try:
                return self._send(method, path, headers={**headers, **key}, **given)
            except ServerAway:
                if last == TRIES:
                    raise
        raise AssertionError("unreachable: the last try returns or raises")

    def _send(self, method: str, path: str, **given: Any) -> Any:
        answer = self._answer(method, path, **given)
        body = _json(answer)
        if body is None:
            raise self._no_api(answer)
        return body

    def _answer(self, method: str, path: str, **given: Any) -> httpx.Response:
        """The answer of a request that was done; raises CliError."""
        try:
            answer = self._http.request(method, path, **given)
        except httpx.ConnectError as error:
            raise ServerAway(f"{self.url} does not answer ({error}); start it with `patchring up`") from error
        except httpx.TransportError as error:
            raise ServerAway(
                f"{self.url} went away ({type(error).__name__}: {error}); look before trying again"
            ) from error
        except httpx.InvalidURL as error:
            raise NotConfigured(f"{self.url!r} is no address of a server: {error}") from error
        if answer.is_success:
            return answer
        body = _json(answer)
        if body is None:
            raise self._no_api(answer)
        raise Refused(body if isinstance(body, dict) else {"detail": str(body)})

    def _no_api(self, answer: httpx.Response) -> Refused:
        detail = f"{self.url} answered {answer.status_code}, and not as Patchring does; is it the right address?"
        return Refused({"kind": "no_api", "detail": detail})


def _json(answer: httpx.Response) -> Any:
    try:
        return answer.json()
    except ValueError:
        return None


def connect(url: str | None = None, token: str | None = None) -> Client:
    """The server that is configured, or the one on this machine with its operator's token; closed when the command that
    asked for it ends. Raises NotConfigured."""
    found = find_server(os.environ)
    key = token or (found.token.value if found.token else None)
    if not key:
        detail = f"no token in {found.looked_in}; run `patchring up` here, or name a server (`patchring config show`)"
        raise NotConfigured(detail)
    client = Client(url or found.url.value, key)
    command = click.get_current_context(silent=True)
    if command is not None:
        command.call_on_close(client.close)
    return client
