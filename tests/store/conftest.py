"""The tests of the store run on every PostgreSQL that is installed, because SQL differs between versions."""

from collections.abc import Iterator

import psycopg
import pytest

from tests.databases import BINARIES, TEMPLATE, Cluster, running_cluster


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "cluster" in metafunc.fixturenames:
        asked = metafunc.config.getoption("--postgres")
        metafunc.parametrize("cluster", [asked] if asked else list(BINARIES), indirect=True, scope="session")


@pytest.fixture(scope="session")
def cluster(request: pytest.FixtureRequest) -> Iterator[Cluster]:
    binaries = BINARIES[request.param]
    if binaries and not binaries.is_dir():
        pytest.skip(f"PostgreSQL {request.param} is not installed in {binaries}")
    with running_cluster(binaries) as running:
        yield running


@pytest.fixture
def template(cluster: Cluster) -> Iterator[psycopg.Connection]:
    """A superuser's open transaction in the migrated template; rolled back, whatever was changed in it."""
    with cluster.connected(TEMPLATE) as connection, connection.transaction(force_rollback=True):
        yield connection
