"""The web process: pages and API for people on one address, the agents' routes on another with TLS.

Started as `python -m patchring.serve.web`. It holds no key that could make an agent act.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import uvicorn
from starlette.applications import Starlette
from starlette.routing import Mount

from patchring.api.agent import AgentDoor
from patchring.api.people import people_api
from patchring.api.problem import problem_handlers
from patchring.app.services import Services
from patchring.serve.child import run_process, say_ready, stop_event
from patchring.serve.clock import SystemClock
from patchring.serve.permit_desk import SignerDesk
from patchring.serve.stores import open_database
from patchring.web import web_routes


async def main(settings: dict[str, Any]) -> None:
    """`settings`: store, session_key, signer_socket, permit_key (public), fingerprint, people and agents (host, port),
    certificate and certificate_key (files, None without TLS), agents_address, check_in_interval and
    check_in_interval_busy (seconds)."""
    async with open_database(settings["store"]) as database:
        services = Services(
            database=database,
            clock=SystemClock(),
            permits=SignerDesk(Path(settings["signer_socket"])),
            session_key=bytes.fromhex(settings["session_key"]),
            server_fingerprint=settings["fingerprint"],
            permit_key=settings["permit_key"],
            agents_address=settings["agents_address"],
            check_in_interval=settings["check_in_interval"],
            check_in_interval_busy=settings["check_in_interval_busy"],
        )
        people = uvicorn.Server(_listener(people_app(services), settings["people"]))
        agents = uvicorn.Server(_listener(agents_app(services), settings["agents"], settings))
        await _serve(people, agents)


def people_app(services: Services) -> Starlette:
    """Pages at /, the API under /api/v1."""
    api = people_api(services)
    return Starlette(routes=[*web_routes(services), Mount("/", app=api)])


def agents_app(services: Services) -> Starlette:
    """What devices talk to, and nothing else. At its end the last refusal counts are written."""
    door = AgentDoor(services)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        yield
        await door.close()

    return Starlette(routes=door.routes, exception_handlers=problem_handlers(), lifespan=lifespan)


def _listener(app: Starlette, address: dict[str, Any], tls: dict[str, Any] | None = None) -> uvicorn.Config:
    files = {}
    if tls and tls["certificate"]:
        files = {"ssl_certfile": tls["certificate"], "ssl_keyfile": tls["certificate_key"]}
    return uvicorn.Config(
        app,
        host=address["host"],
        port=address["port"],
        loop="uvloop",
        http="httptools",
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=5,
        timeout_keep_alive=75,
        **files,
    )


async def _serve(*servers: uvicorn.Server) -> None:
    stop = stop_event()
    async with contextlib.AsyncExitStack() as stack:
        tasks = [await stack.enter_async_context(_running(server)) for server in servers]
        say_ready()
        ended = asyncio.create_task(stop.wait())
        await asyncio.wait([ended, *tasks], return_when=asyncio.FIRST_COMPLETED)
        ended.cancel()


@contextlib.asynccontextmanager
async def _running(server: uvicorn.Server) -> AsyncIterator[asyncio.Task[None]]:
    """A listener without signal handlers of its own, stopped cleanly at the end of the block."""
    task = asyncio.create_task(server._serve())
    while not server.started and not task.done():
        await asyncio.sleep(0.01)
    if task.done():
        await task  # raises what kept it from starting
    try:
        yield task
    finally:
        server.should_exit = True
        await task


if __name__ == "__main__":
    run_process("web", main)
