"""The agents' routes behind a real HTTP server."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette

from patchring.api.problem import problem_handlers
from tests.api.agent.world import World


@asynccontextmanager
async def listening(world: World) -> AsyncIterator[int]:
    """The port of a server with the agents' routes."""
    app = Starlette(routes=world.door.routes, exception_handlers=problem_handlers())
    config = uvicorn.Config(app, port=0, http="httptools", lifespan="off", log_config=None, timeout_graceful_shutdown=2)
    server = uvicorn.Server(config)
    task = asyncio.create_task(server._serve())
    while not server.started:
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await task
