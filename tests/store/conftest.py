"""The tests of the store run on every PostgreSQL that is installed, because SQL differs between versions."""

from collections.abc import Iterator

import pytest

from tests.databases import BINARIES, Cluster, running_cluster


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
