"""What every test may ask for.

`cluster`   a PostgreSQL server for the whole run: the embedded one; --postgres=15 takes Debian's. The tests of the
            store run on every one that is installed (tests/store/conftest.py).
`fresh`     a migrated, empty database of the test's own (about 50 ms)
`database`  the way into it that the programs use; for async tests (`pytestmark = pytest.mark.anyio`)

Hypothesis chooses the same examples at every run, so that a failure is one of the change that shows it; with
`--hypothesis-profile=searching` (./dev test --full) it looks for others.
"""

from collections.abc import AsyncIterator, Iterator

import pytest
from hypothesis import settings

from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from tests.databases import BINARIES, Cluster, FreshDatabase, running_cluster

settings.register_profile("steady", derandomize=True, deadline=None)
settings.register_profile("searching", deadline=None, print_blob=True)
settings.load_profile("steady")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--postgres", choices=list(BINARIES), help="the PostgreSQL to test on (default: embedded; tests/store: all)"
    )


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    return "asyncio"


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    with running_cluster(BINARIES[request.config.getoption("--postgres") or "embedded"]) as running:
        yield running


@pytest.fixture
def fresh(cluster: Cluster) -> Iterator[FreshDatabase]:
    with cluster.fresh() as database:
        yield database


@pytest.fixture
async def database(fresh: FreshDatabase, anyio_backend: str) -> AsyncIterator[Database]:
    async with Database(fresh.admin, fresh.secrets, SystemClock()) as opened:
        yield opened


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Real devices are one thing of the machine: their tests run one after the other, in one process."""
    for item in items:
        if item.get_closest_marker("lab"):
            item.add_marker(pytest.mark.xdist_group("lab"))
