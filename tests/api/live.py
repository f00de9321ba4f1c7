"""The API for people on a real listener, for clients without our event loop: the command line and the fuzzer."""

import asyncio
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import uvicorn

from patchring.api.people import people_api
from patchring.app.services import Services
from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from tests.api.twins import NoDesk
from tests.databases import FreshDatabase

START_TRIES = 500


@contextmanager
def live_api(fresh: FreshDatabase, permit_key: str, server_fingerprint: str = "-") -> Iterator[str]:
    """The address of a server on loopback, in a thread and event loop of its own; stopped at the end."""

    def services(database: Database) -> Services:
        return Services(database, SystemClock(), NoDesk(), b"s" * 32, server_fingerprint, permit_key)

    with running(fresh, services) as server:
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"


@contextmanager
def running(fresh: FreshDatabase, services: Callable[[Database], Services]) -> Iterator[uvicorn.Server]:
    made: list[uvicorn.Server] = []
    started = threading.Event()

    async def serve() -> None:
        async with Database(fresh.admin, fresh.secrets, SystemClock()) as database:
            config = uvicorn.Config(people_api(services(database)), port=0, log_config=None, access_log=False)
            made.append(uvicorn.Server(config))
            task = asyncio.create_task(made[0]._serve())
            while not made[0].started and not task.done():
                await asyncio.sleep(0.01)
            started.set()
            await task

    thread = threading.Thread(target=lambda: asyncio.run(serve()), name="live api")
    thread.start()
    try:
        assert started.wait(30), "the listener did not start"
        yield made[0]
    finally:
        made[0].should_exit = True
        thread.join(30)
        assert not thread.is_alive(), "the listener did not stop"
