"""The feeder process: fetches feeds that are due. `python -m patchring.serve.feeder`.

It alone talks to the internet and reads what comes from there; its database role knows nothing of any tenant.
"""

import asyncio
import random
from contextlib import suppress
from datetime import timedelta
from typing import Any

import httpx
import structlog

from patchring.app.catalogue.fetching import fetch_due
from patchring.feeds.fetch import Effort
from patchring.feeds.sources import default_sources
from patchring.serve.child import run_process, say_ready, stop_event
from patchring.serve.clock import SystemClock
from patchring.serve.stores import open_database
from patchring.store.errors import StoreError

LOOK_EVERY = timedelta(minutes=5)
_log = structlog.get_logger()


async def main(settings: dict[str, Any]) -> None:
    """`settings`: store (address and secrets of the feeder)."""
    stop, clock = stop_event(), SystemClock()
    async with open_database(settings["store"]) as database, httpx.AsyncClient() as http:
        say_ready()
        while not stop.is_set():
            looking = asyncio.create_task(
                fetch_due(database, http, clock, Effort(random.random), default_sources(clock.now().date()))
            )
            await _first(looking, stop)
            if looking.done():
                _say(looking)
            else:
                looking.cancel()
            with suppress(TimeoutError):
                await asyncio.wait_for(stop.wait(), LOOK_EVERY.total_seconds())


async def _first(looking: asyncio.Task[Any], stop: asyncio.Event) -> None:
    """Until it is done, or the process is asked to end."""
    stopping = asyncio.create_task(stop.wait())
    await asyncio.wait({looking, stopping}, return_when=asyncio.FIRST_COMPLETED)
    stopping.cancel()


def _say(looking: asyncio.Task[Any]) -> None:
    try:
        for came in looking.result():
            _log.info("feed", feed=came.feed, part=came.part, problem=came.problem, taken=came.taken is not None)
    except StoreError as error:
        _log.warning("feeds_not_written", problem=str(error))


if __name__ == "__main__":
    run_process("feeder", main)
