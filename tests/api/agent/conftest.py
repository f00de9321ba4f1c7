"""A world for each test: a fresh database, the agents' routes, a clock that stands still."""

from collections.abc import AsyncIterator

import pytest

from patchring.store.database import Database
from tests.api.agent.world import World, make_world
from tests.databases import FreshDatabase


@pytest.fixture
async def world(database: Database, fresh: FreshDatabase) -> AsyncIterator[World]:
    made = make_world(database, fresh.admin)
    async with made.http:
        yield made
    await made.door.close()
