"""The HTTP server on the bridge: the lab's own repository, and Debian's security suite as Debian signed it.

Devices have no way out of their bridge. What they ask of Debian's archive is fetched here by the machine's own
apt (its mirrors, proxies and certificates) and kept, so that the devices check Debian's own signatures.
"""

from __future__ import annotations

import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from lab.errors import CommandFailed
from lab.mirror import APT_HELPER
from lab.programs import run

PORT = 8480
FRESH = 600.0
"""Seconds for which an index of Debian's is not asked for again. Files named by their content never are."""


@dataclass(frozen=True)
class Configuration:
    """`upstream` maps the first part of a path (such as `debian-security`) to the address behind it."""

    address: str
    cgroup: str
    www: str
    cache: str
    upstream: dict[str, str]


class Cache:
    """Files of Debian's archive, fetched when first asked for."""

    def __init__(self, folder: Path, upstream: dict[str, str]) -> None:
        self.folder, self.upstream = folder, upstream
        self._fetched: dict[Path, float] = {}
        self._one_at_a_time = threading.Lock()

    def file(self, path: Path) -> Path:
        """The local copy of `debian-security/dists/...`; it does not exist when the archive has no such file."""
        local = self.folder / path
        with self._one_at_a_time:
            if not self._current(local):
                self._fetch(path, local)
        return local

    def _current(self, local: Path) -> bool:
        if not local.exists():
            return False
        immutable = "pool" in local.parts or "by-hash" in local.parts
        return immutable or time.monotonic() - self._fetched.get(local, -FRESH) < FRESH

    def _fetch(self, path: Path, local: Path) -> None:
        """Leaves the older copy in place when the archive cannot be reached."""
        address = self.upstream[path.parts[0]].rstrip("/") + "/" + "/".join(path.parts[1:])
        local.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=local.parent) as folder:
            fresh = Path(folder) / "file"
            try:
                run([APT_HELPER, "-o", "APT::Sandbox::User=root", "download-file", address, fresh], timeout=300)
            except CommandFailed as failure:
                print(f"{path}: {failure}", flush=True)
            else:
                fresh.replace(local)
                self._fetched[local] = time.monotonic()


class Handler(SimpleHTTPRequestHandler):
    """GET and HEAD of files; anything else is refused by the base class."""

    protocol_version = "HTTP/1.1"
    cache: Cache

    def translate_path(self, path: str) -> str:
        """The file behind a path that the base class has already freed of `..`."""
        local = Path(super().translate_path(path))
        relative = local.relative_to(Path(self.directory))
        if relative.parts and relative.parts[0] in self.cache.upstream:
            return str(self.cache.file(relative))
        return str(local)

    def list_directory(self, path: Any) -> None:
        """Folders are not listed: a package manager asks for files."""
        self.send_error(404)


def serve(configuration: Configuration, listening: Callable[[], None]) -> None:
    """Serves until the process is ended; calls `listening` once the port is open."""
    Handler.cache = Cache(Path(configuration.cache), configuration.upstream)

    def handler(*arguments: Any) -> Handler:
        return Handler(*arguments, directory=configuration.www)

    with ThreadingHTTPServer((configuration.address, PORT), handler) as server:
        listening()
        server.serve_forever()
