"""The tables of docs/api.md, made from what the program does: `python -m patchring.api.people.manual --write`.

Between a line `<!-- NAME -->` and the line `<!-- end -->` stands what `TABLES[NAME]` gives; a test compares.
"""

import re
import sys
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from pathlib import Path

from fastapi.routing import APIRoute

from patchring.api.people.app import ROUTERS
from patchring.api.people.description import permission_of
from patchring.api.people.kinds import KINDS
from patchring.app.permissions import ROLES, Permission

MANUAL = Path(__file__).parents[4] / "docs" / "api.md"
_BLOCK = re.compile(r"<!-- (\w+) -->\n.*?<!-- end -->", re.DOTALL)


def routes_table() -> str:
    rows = ["| route | needs | |", "|---|---|---|"]
    for router in ROUTERS:
        rows += [_route_row(route) for route in router.routes if isinstance(route, APIRoute)]
    return "\n".join(rows)


def roles_table() -> str:
    rows = [f"| permission | {' | '.join(ROLES)} |", "|---" * (len(ROLES) + 1) + "|"]
    for permission in sorted(Permission):
        marks = ["yes" if permission in permissions else "" for permissions in ROLES.values()]
        rows.append(f"| `{permission}` | {' | '.join(marks)} |")
    return "\n".join(rows)


def kinds_table() -> str:
    rows = ["| kind | status | |", "|---|---|---|"]
    by_status = sorted(KINDS.items(), key=lambda item: (item[1][0], item[0]))
    return "\n".join(
        [*rows, *(f"| `{kind}` | {status} {_phrase(status)} | {text} |" for kind, (status, text) in by_status)]
    )


TABLES: Mapping[str, Callable[[], str]] = {"routes": routes_table, "roles": roles_table, "kinds": kinds_table}


def renewed(text: str) -> str:
    """The manual with every table as it is now."""
    return _BLOCK.sub(lambda found: f"<!-- {found[1]} -->\n{TABLES[found[1]]()}\n<!-- end -->", text)


def _route_row(route: APIRoute) -> str:
    methods = " ".join(sorted(route.methods or ()))
    needs = permission_of(route)
    said = needs if " " in needs or needs == "public" else f"`{needs}`"
    return f"| {methods} `{route.path}` | {said} | {_first_sentence(route)} |"


def _first_sentence(route: APIRoute) -> str:
    text = " ".join((route.endpoint.__doc__ or "").split())
    assert text, f"{route.path} has no sentence that says what it is for"
    return next(_sentences(text))


def _sentences(text: str) -> Iterator[str]:
    yield from re.split(r"(?<=[.?!]) ", text)


def _phrase(status: int) -> str:
    return HTTPStatus(status).phrase


if __name__ == "__main__":
    if "--write" in sys.argv:
        MANUAL.write_text(renewed(MANUAL.read_text(encoding="utf-8")), encoding="utf-8")
    elif renewed(MANUAL.read_text(encoding="utf-8")) != MANUAL.read_text(encoding="utf-8"):
        sys.exit("docs/api.md is not what the program does; renew it with --write")
