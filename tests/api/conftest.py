"""Two tenants side by side behind the API for people."""

from collections.abc import AsyncIterator

import psycopg
import pytest

from patchring.store.database import Database
from tests.api.twins import Twins, make_twins
from tests.databases import FreshDatabase


@pytest.fixture
async def twins(database: Database, fresh: FreshDatabase) -> AsyncIterator[Twins]:
    with psycopg.connect(fresh.admin, autocommit=True) as admin:
        made = await make_twins(database, admin)
        async with made.http:
            yield made
