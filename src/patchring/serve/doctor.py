"""`patchring doctor`: looks at the installation on this machine and says what to do about what it finds."""

import asyncio
import os
import shutil
import ssl
import stat
from dataclasses import dataclass
from typing import Literal
from urllib.error import URLError
from urllib.request import urlopen

from patchring.serve.frames import FrameBroken, read_frame, write_frame
from patchring.serve.settings import Settings

DISK_FREE_MIB_MIN = 1024


@dataclass(frozen=True)
class Finding:
    """One line of the doctor's: `advice` is empty where nothing has to be done."""

    level: Literal["ok", "note", "wrong"]
    subject: str
    text: str
    advice: str = ""


async def examine(settings: Settings) -> list[Finding]:
    """Every finding, the good ones too, so that one sees what was looked at."""
    return [
        _home(settings),
        *_secrets(settings),
        _disk(settings),
        _separation(),
        await asyncio.to_thread(_people, settings),
        await _signer(settings),
        _agents_listener(settings),
    ]


def _home(settings: Settings) -> Finding:
    if settings.home.is_dir():
        return Finding("ok", "home", str(settings.home))
    return Finding("wrong", "home", f"{settings.home} is not there", "run `patchring up` once, or name it with --home")


def _secrets(settings: Settings) -> list[Finding]:
    folder = settings.home / "secrets"
    if not folder.is_dir():
        return [Finding("note", "secrets", "none yet", "the first `patchring up` makes them")]
    open_files = [f.name for f in folder.iterdir() if stat.S_IMODE(f.stat().st_mode) & 0o077]
    if open_files:
        advice = f"chmod 600 {' '.join(str(folder / name) for name in open_files)}"
        return [Finding("wrong", "secrets", f"others can read {', '.join(open_files)}", advice)]
    return [Finding("ok", "secrets", "readable by this account alone")]


def _disk(settings: Settings) -> Finding:
    place = settings.home if settings.home.exists() else settings.home.parent
    free = shutil.disk_usage(place).free // 2**20 if place.exists() else 0
    if free < DISK_FREE_MIB_MIN:
        advice = "free some: a full disk stops the database"
        return Finding("wrong", "disk", f"{free} MiB free, {DISK_FREE_MIB_MIN} wanted", advice)
    return Finding("ok", "disk", f"{free} MiB free")


def _separation() -> Finding:
    name = "root" if os.geteuid() == 0 else "one account"
    advice = "for production run web, worker and signer under accounts of their own (docs/start.md)"
    return Finding("note", "separation", f"all processes run as {name}: separated by process, not by account", advice)


def _people(settings: Settings) -> Finding:
    address = f"{settings.people_address}/api/v1/health"
    try:
        with urlopen(address, timeout=3) as answer:  # noqa: S310 - our own address, http by construction
            return Finding("ok", "web", f"{address} answers {answer.status}")
    except (URLError, OSError) as error:
        return Finding("wrong", "web", f"{address} does not answer: {error}", "start it with `patchring up`")


async def _signer(settings: Settings) -> Finding:
    socket = settings.home / "run" / "signer.sock"
    advice = f"no permit is granted until it runs; see {settings.home / 'log' / 'signer.log'}"
    try:
        reader, writer = await asyncio.open_unix_connection(socket)
        try:
            await write_frame(writer, {"probe": True})
            answer = await asyncio.wait_for(read_frame(reader), 3)
        finally:
            writer.close()
    except (OSError, TimeoutError, FrameBroken) as error:
        return Finding("wrong", "signer", f"does not answer: {error}", advice)
    if not isinstance(answer, dict) or "unavailable" not in answer:
        return Finding("wrong", "signer", "answers something unknown", advice)
    return Finding("ok", "signer", "answers, and refuses what is not a request")


def _agents_listener(settings: Settings) -> Finding:
    certificate = settings.home / "agents.crt"
    if not settings.agents_tls:
        advice = "put a proxy with TLS before it, or set agents_tls = true"
        return Finding("note", "agents", "the agents' listener speaks plain HTTP", advice)
    if not certificate.exists():
        return Finding("note", "agents", "no certificate yet", "the first `patchring up` makes it")
    ssl.create_default_context(cafile=str(certificate))
    return Finding("ok", "agents", f"{settings.agents_address} with a certificate that tokens pin")
