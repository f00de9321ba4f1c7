"""The OpenAPI document is true: whatever it allows or forbids to send, the answer is as described, and never a 5xx.

A bounded run of schemathesis over every operation, with data that fits and data that does not; the same examples at
every run.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest
import schemathesis
from hypothesis import HealthCheck, Phase, given, settings
from schemathesis import GenerationMode
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    response_schema_conformance,
    status_code_conformance,
)

from patchring.api.people import people_api
from patchring.app.permissions import StaffRole
from patchring.app.principals import token_hash
from patchring.store.ids import new_id
from tests.api.live import live_api
from tests.api.route_table import routes
from tests.databases import Cluster
from tests.scene import Scene

TOKEN = "fuzzer-" + "x" * 30
CHECKS = [not_a_server_error, status_code_conformance, content_type_conformance, response_schema_conformance]
EXAMPLES = 10
DOCUMENT: dict[str, Any] = people_api(None).openapi()  # type: ignore[arg-type] # describing itself needs no services
OPERATIONS = [found.ok() for found in schemathesis.openapi.from_dict(DOCUMENT).get_all_operations()]
RUNS = [
    pytest.param(operation, mode, id=f"{mode} {operation.label}")
    for operation in OPERATIONS
    for mode in GenerationMode
    if mode is GenerationMode.POSITIVE or operation.label != "GET /api/v1/health"  # which nothing can be wrong with
]


@pytest.fixture(scope="module")
def address(cluster: Cluster) -> Iterator[str]:
    """A server with one tenant in it, and a principal who may do all."""
    with cluster.fresh() as fresh, psycopg.connect(fresh.admin, autocommit=True) as admin:
        scene = Scene(admin)
        scene.add_devices(3)
        row = {"principal_id": new_id(scene.now), "name": "fuzzer", "kind": "system", "role": StaffRole.OPERATOR.value}
        given_all = {"all_tenants": True, "token_hash": token_hash(TOKEN), "created_at": scene.now}
        scene.insert("principal", [{**row, **given_all}])
        with live_api(fresh, scene.permit_key.public) as url:
            yield url


@pytest.mark.parametrize(("operation", "mode"), RUNS)
def test_whatever_is_sent_is_answered_as_described(address: str, operation: Any, mode: GenerationMode) -> None:
    """No 5xx; status, content type and shape are those of the document; every refusal is a problem.

    Data that fits is sent to a tenant that is there, so that it comes as far as the use case and its statements.
    """

    @settings(
        max_examples=EXAMPLES,
        deadline=None,
        derandomize=True,
        database=None,
        phases=[Phase.explicit, Phase.generate],
        suppress_health_check=list(HealthCheck),
    )
    @given(case=operation.as_strategy(generation_mode=mode))
    def check(case: Any) -> None:
        headers = {"authorization": f"Bearer {TOKEN}"}
        if mode is GenerationMode.POSITIVE and "tenant" in case.path_parameters:
            case.path_parameters["tenant"] = "northwind"
        case.call_and_validate(base_url=address, headers=headers, checks=CHECKS)

    check()


def test_the_document_is_about_every_route() -> None:
    """Nothing is left out of it, and each operation says which permission it needs."""
    described = {
        f"{method.upper()} {path.removeprefix('/api/v1')}": operation["x-permission"]
        for path, operations in DOCUMENT["paths"].items()
        for method, operation in operations.items()
    }
    expected = {route.name: "public" if route.public else str(route.permission or "signed in") for route in routes()}
    assert described == expected


def test_the_document_says_nothing_of_this_machine() -> None:
    assert str(Path(__file__).parents[2]) not in str(DOCUMENT)
