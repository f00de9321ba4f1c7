"""Probe specifications, parsed: what is not well formed is refused before anything is asked."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Optional, Union
from urllib.parse import urlsplit

UNIT = re.compile(r"[A-Za-z0-9:_.@\\-]{1,200}\.(service|socket|timer|target|mount|path)")
HOST = re.compile(r"[A-Za-z0-9._-]{1,253}|\[[0-9a-fA-F:.]{2,45}\]")


@dataclass(frozen=True)
class UnitActive:
    unit: str


@dataclass(frozen=True)
class TcpOpen:
    host: str
    port: int


@dataclass(frozen=True)
class HttpAnswers:
    """`status` None: anything below 400. `body` is a text that the answer has to contain."""

    url: str
    status: Optional[int] = None
    body: str = ""


@dataclass(frozen=True)
class BootId:
    """The name of this boot."""


@dataclass(frozen=True)
class NotAProbe:
    why: str


Probe = Union[UnitActive, TcpOpen, HttpAnswers, BootId, NotAProbe]


def parse(spec: str) -> Probe:
    if spec == "boot-id":
        return BootId()
    if spec.startswith("unit:"):
        unit = spec[len("unit:") :]
        return UnitActive(unit) if UNIT.fullmatch(unit) else NotAProbe(f"expected unit:NAME.service, got {spec!r}")
    if spec.startswith("tcp:"):
        return _tcp(spec)
    if spec.startswith(("http://", "https://")):
        return _http(spec)
    return NotAProbe(f"expected unit:, tcp:, http:// or boot-id, got {spec[:80]!r}")


def _tcp(spec: str) -> Probe:
    host, _, port = spec[len("tcp:") :].rpartition(":")
    if HOST.fullmatch(host) is None or not port.isascii() or not port.isdigit() or not 0 < int(port) < 65_536:
        return NotAProbe(f"expected tcp:HOST:PORT, got {spec!r}")
    return TcpOpen(host.strip("[]"), int(port))


def _http(spec: str) -> Probe:
    url, *options = spec.split(" ", 1)
    try:
        parts = urlsplit(url)
        usable = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        usable = False
    found = re.fullmatch(r"(?:status=(\d{3}))? ?(?:body=(.+))?", options[0] if options else "")
    if not usable or found is None:
        return NotAProbe(f"expected http://HOST:PORT/PATH [status=200] [body=TEXT], got {spec[:200]!r}")
    return HttpAnswers(url, int(found[1]) if found[1] else None, found[2] or "")
