"""The world that the worker's tests drive."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from patchring.store.database import Database
from patchring.testing.clock import ManualClock
from tests.app.worker.world import World
from tests.databases import FreshDatabase


@pytest.fixture
async def world(database: Database, fresh: FreshDatabase) -> AsyncIterator[World]:
    built = World(database, fresh, ManualClock(datetime(2026, 11, 23, 6, tzinfo=UTC)))
    yield built
    built.connection.close()
