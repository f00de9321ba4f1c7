"""docs/api.md says what the program does: its tables are made from it, and no kind of problem is missing."""

import ast
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import patchring
from patchring.api.people import door
from patchring.api.people.kinds import KINDS
from patchring.api.people.manual import MANUAL, TABLES, renewed
from patchring.api.problem import InternalError
from patchring.app import errors
from patchring.app.permissions import ROLES, Permission
from tests.api.route_table import routes

SOURCE = Path(patchring.__file__).parent
# Use cases of devices: their kinds are in docs/wire.md, and no route for people raises them.
FOR_DEVICES = {"check_ins", "enrolment", "reports", "sessions", "signed", "micro_batch", "rate_bound", "refusals"}
# What the framework refuses by itself, under the name of its status.
FRAMEWORK = {"bad_request": 400, "not_found": 404, "method_not_allowed": 405}
CLASSES: dict[str, type[errors.AppError]] = {
    name: value
    for module in (errors, door)
    for name, value in vars(module).items()
    if isinstance(value, type) and issubclass(value, errors.AppError)
} | {"InternalError": InternalError}


def raised() -> Iterator[tuple[str, int]]:
    """Kind and status of everything that is raised in the rooms behind the routes for people."""
    files = [path for path in (SOURCE / "app").glob("*.py") if path.stem not in FOR_DEVICES]
    files += [*(SOURCE / "api/people").glob("*.py"), SOURCE / "api/problem.py"]
    for path in files:
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in CLASSES:
                yield from _kind(node, CLASSES[node.func.id])


def _kind(call: ast.Call, raised_class: type[errors.AppError]) -> Iterator[tuple[str, int]]:
    given = [keyword.value for keyword in call.keywords if keyword.arg == "kind"]
    if not given:
        yield raised_class.kind, raised_class.status
    elif isinstance(given[0], ast.Constant):
        yield str(given[0].value), raised_class.status


def test_every_kind_that_is_raised_is_documented() -> None:
    """With its status; and what is documented is raised somewhere."""
    found: dict[str, int] = {**dict(raised()), **FRAMEWORK}
    assert found == {kind: status for kind, (status, _) in KINDS.items()}


def test_a_kind_has_one_status() -> None:
    """Two classes that raise one kind would make programs guess."""
    by_kind: dict[str, set[int]] = {}
    for kind, status in raised():
        by_kind.setdefault(kind, set()).add(status)
    assert {kind: statuses for kind, statuses in by_kind.items() if len(statuses) > 1} == {}


def test_the_tables_of_the_manual_are_up_to_date() -> None:
    """Renew them with `python -m patchring.api.people.manual --write`."""
    text = MANUAL.read_text(encoding="utf-8")
    assert renewed(text) == text
    assert [name for name in TABLES if f"<!-- {name} -->" not in text] == []


NAMED = [f"`{route.path}`" for route in routes()]
NAMED += [f"`{permission}`" for permission in Permission]
NAMED += [f" {role} |" for role in ROLES]
NAMED += [f"`{kind}`" for kind in KINDS]


@pytest.mark.parametrize("thing", NAMED)
def test_it_is_in_the_manual(thing: str) -> None:
    assert thing in MANUAL.read_text(encoding="utf-8")


def test_every_permission_is_needed_by_a_route_or_a_use_case() -> None:
    """A permission that nothing asks for promises something that is not there."""
    by_routes = {route.permission for route in routes() if route.permission}
    assert set(Permission) - by_routes == {Permission.STOPS_EVERYTHING}  # asked for where the key is understood


def test_only_two_routes_are_for_everybody() -> None:
    """Public: that the process answers. Signed in: the server's own keys. Everything else names a permission."""
    open_to: dict[str, Any] = {route.name: route.public for route in routes() if route.permission is None}
    assert open_to == {"GET /health": True, "GET /server": False}
