"""The HTTP API as the command line uses it: address and token are found, errors are one line, lists go to their end."""

import os
import secrets
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import httpx

from patchring.cli.errors import NotConfigured, Refused, ServerAway
from patchring.serve.local import OPERATOR_TOKEN_FILE
from patchring.serve.settings import Settings, default_home

TIMEOUT_S = 30.0


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

    def post(self, path: str, body: Mapping[str, Any] | None = None, repeatable: bool = True) -> Any:
        """A command. `repeatable`: with a key of its own, so that a repeat after a lost answer does nothing twice."""
        headers = {"idempotency-key": secrets.token_hex(16)} if repeatable else {}
        return self._send("POST", path, json=dict(body or {}), headers=headers)

    def patch(self, path: str, body: Mapping[str, Any], row_version: int | None = None) -> Any:
        """A change of the version that was read; without `row_version` of whatever is there."""
        headers = {"if-match": "*" if row_version is None else f'"{row_version}"'}
        return self._send("PATCH", path, json=dict(body), headers=headers)

    def delete(self, path: str) -> Any:
        return self._send("DELETE", path)

    def each(self, path: str, **query: Any) -> Iterator[dict[str, Any]]:
        """Every item of a list, page by page."""
        cursor = ""
        while True:
            page = self.get(path, cursor=cursor, **query)
            yield from page["items"]
            cursor = page["next"]
            if not cursor:
                return

    def _send(self, method: str, path: str, **given: Any) -> Any:
        try:
            answer = self._http.request(method, path, **given)
        except httpx.TransportError as error:
            raise ServerAway(f"{self.url} does not answer ({error}); start it with `patchring up`") from error
        if answer.is_success:
            return answer.json()
        try:
            problem = answer.json()
        except ValueError:
            problem = {"status": answer.status_code, "detail": f"{self.url} answered {answer.status_code}"}
        raise Refused(problem)


def connect(url: str | None = None, token: str | None = None) -> Client:
    """The server of PATCHRING_URL and PATCHRING_TOKEN, or the one on this machine with its operator's token.

    Raises NotConfigured.
    """
    home = Path(os.environ.get("PATCHRING_HOME") or default_home())
    file = home / OPERATOR_TOKEN_FILE
    address = url or os.environ.get("PATCHRING_URL") or Settings(home=home).people_address
    key = token or os.environ.get("PATCHRING_TOKEN")
    if not key:
        try:
            key = file.read_text(encoding="utf-8").strip()
        except OSError as error:
            detail = f"no token: set PATCHRING_URL and PATCHRING_TOKEN, or run `patchring up` here ({file})"
            raise NotConfigured(detail) from error
    return Client(address, key)
