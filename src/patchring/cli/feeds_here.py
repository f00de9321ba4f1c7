"""Feeds on the server's own machine: with the feeder's access to the database, which knows nothing of any tenant."""

import asyncio
import os
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from difflib import get_close_matches
from pathlib import Path
from typing import Any

import httpx

from patchring.app.catalogue.fetching import Came, fetch_due, settle
from patchring.app.catalogue.parsing import PARSERS
from patchring.cli.errors import CliError
from patchring.core.reason import counted
from patchring.feeds.ecosystems import FAMILIES
from patchring.feeds.fetch import Effort
from patchring.feeds.files import from_path, left_out
from patchring.feeds.guards import Allowed
from patchring.feeds.osv import FEED as OSV
from patchring.feeds.sources import default_sources
from patchring.serve.clock import SystemClock
from patchring.serve.errors import ServeError
from patchring.serve.local import ADDRESS_FILE
from patchring.serve.running import started_with
from patchring.serve.settings import Settings, gather, understand
from patchring.serve.stores import open_database, store_settings
from patchring.store.database import Database
from patchring.store.errors import StoreError
from patchring.store.roles import Role
from patchring.store.secrets import read_secrets

_NO_COUNTS = {"appeared": 0, "changed": 0, "vanished": 0, "rows": 0}


def import_feed(home: Path | None, feed: str, source: Path, part: str, allowed: Allowed) -> list[dict[str, Any]]:
    """What came of each file. Raises CliError."""
    if feed not in PARSERS:
        raise CliError(f"there is no feed {feed!r}; expected {', '.join(PARSERS)}")
    _check_part(feed, part)

    async def do(database: Database) -> list[Came]:
        clock = SystemClock()
        answers = from_path(feed, source, clock, part)
        return [await settle(database, each, clock.now(), allowed) for each in answers]

    came = [_told(each) for each in _run(home, do)]
    return came + [_passed_over(feed, part, name, why) for name, why in left_out(source)]


def _check_part(feed: str, part: str) -> None:
    """Of `osv` one has to be named, as OSV spells it; the others tell their part themselves. Raises CliError."""
    if feed != OSV:
        if part:
            raise CliError(f"{feed} says by itself what part it is of; leave --part {part!r} out")
        return
    if part in FAMILIES:
        return
    known = ", ".join(FAMILIES)
    if not part:
        raise CliError(f"osv comes in parts, and a file does not say which it is; add --part with one of: {known}")
    near = get_close_matches(part.casefold(), [each.casefold() for each in FAMILIES], 1, cutoff=0.5)
    meant = next((f"; did you mean {each!r}" for each in FAMILIES if near == [each.casefold()]), "")
    raise CliError(f"osv has no part {part!r} here{meant}; expected one of: {known}")


def fetch_feeds(home: Path | None) -> list[dict[str, Any]]:
    """What came of each source, asked now. Raises CliError, also where the server was started without fetching."""
    if started_with(_settings(home).home).get("feeds_fetched") == "False":
        raise CliError(
            "this server was started with feeds_fetched = false: bring feeds with `patchring feeds import`, "
            "or start it again with PATCHRING_FEEDS_FETCHED=yes"
        )

    async def do(database: Database) -> list[Came]:
        clock = SystemClock()
        async with httpx.AsyncClient() as http:
            sources = default_sources(clock.now().date())
            return await fetch_due(database, http, clock, Effort(random.random), sources, all_of_them=True)

    return [_told(each) for each in _run(home, do)]


def _run(home: Path | None, do: Any) -> list[Came]:
    async def body() -> list[Came]:
        async with _database(home) as database:
            found: list[Came] = await do(database)
            return found

    try:
        return asyncio.run(body())
    except StoreError as error:
        raise CliError(f"{error}; is the server running? start it with `patchring up`") from error


def _settings(home: Path | None) -> Settings:
    try:
        return understand(gather(os.environ, {"home": home}))
    except ServeError as error:
        raise CliError(str(error)) from error


@asynccontextmanager
async def _database(home: Path | None) -> AsyncIterator[Database]:
    settings = _settings(home)
    file = settings.home / "run" / ADDRESS_FILE
    if not file.is_file():
        raise CliError(f"{file} is not there: start the server with `patchring up`, or name its folder with --home")
    secrets = read_secrets(settings.home / "secrets" / "store.json")
    async with open_database(store_settings(file.read_text(encoding="utf-8"), secrets, [Role.FEEDER])) as database:
        yield database


def _told(came: Came) -> dict[str, Any]:
    taken = came.taken
    counts = dict(_NO_COUNTS)
    if taken is not None:
        counts = {
            "appeared": taken.appeared_count,
            "changed": taken.changed_count,
            "vanished": taken.vanished_count,
            "rows": taken.row_count,
        }
    said = {"problem": came.problem, "text": _text(came)}
    return {"feed": came.feed, "part": came.part, "file": came.file, **counts, **said}


def _passed_over(feed: str, part: str, name: str, why: str) -> dict[str, Any]:
    """Of a folder: no problem, but to be seen."""
    return {"feed": feed, "part": part, "file": name, **_NO_COUNTS, "problem": "", "text": f"not read: {why}"}


def _text(came: Came) -> str:
    taken = came.taken
    if came.problem:
        return f"refused: {came.problem.removeprefix(f'{came.feed}: ').removeprefix(f'{came.file}: ')}"
    if taken is None or not taken.anything:
        return "nothing new"
    changes = f"{taken.appeared_count} new, {taken.changed_count} changed, {taken.vanished_count} gone"
    return f"{counted(taken.row_count, 'line')}: {changes}"
