"""A filled world and a browser on its pages."""

from collections.abc import AsyncIterator

import httpx
import pytest
from starlette.applications import Starlette

from patchring.store.database import Database
from patchring.web import web_routes
from tests.databases import FreshDatabase
from tests.web.world import World, browser, fill


@pytest.fixture
def world(database: Database, fresh: FreshDatabase) -> World:
    return fill(World(database, fresh.admin))


@pytest.fixture
async def visitor(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """A browser without a session."""
    async with browser(Starlette(routes=web_routes(world.services()))) as client:
        yield client


@pytest.fixture
async def operator(world: World, visitor: httpx.AsyncClient) -> httpx.AsyncClient:
    """A browser with the session of somebody who may do all."""
    answer = await visitor.get("/", params={"key": world.principal("operator")})
    assert answer.status_code == 200
    return visitor
