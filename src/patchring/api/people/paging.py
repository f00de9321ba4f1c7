"""Lists in pages. A cursor names the place after which the next page begins.

It is base64url over JSON, without a signature, because it opens nothing: every page is read with the asker's rights.
"""

import base64
from collections.abc import Mapping, Sequence
from typing import Annotated, Any, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Query

from patchring.api.people.answers import Answer, Page
from patchring.app.errors import Invalid

PAGE_COUNT = 100
PAGE_COUNT_MAX = 500
CURSOR_CHARACTERS_MAX = 1_000
NUMBER_MAX = 2**31 - 1

Item = TypeVar("Item", bound=Answer)


class Paging:
    """What was asked for. `count` rows are read, one more than shown, to know whether a page follows."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX, description="At most this many items.")] = PAGE_COUNT,
        cursor: Annotated[
            str, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next` of the page before; empty for the first.")
        ] = "",
    ) -> None:
        self.limit = limit
        self.count = limit + 1
        self._cursor = cursor

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The place to go on after, with parts of these kinds; None for the first page. Raises Invalid."""
        return read_cursor(self._cursor, kinds) if self._cursor else None

    def page(self, model: type[Item], rows: Sequence[Mapping[str, Any]], *keys: str) -> Page[Item]:
        """The rows as a page; `keys` are the columns that make a row's place in the order."""
        shown = rows[: self.limit]
        following = write_cursor([shown[-1][key] for key in keys]) if len(rows) > self.limit else None
        return Page(items=[model.model_validate(row) for row in shown], next=following)


Paged = Annotated[Paging, Depends(Paging)]


def write_cursor(parts: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(parts))).rstrip(b"=").decode()


def read_cursor(text: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """The parts again. Raises Invalid (cursor_unknown) for a text that no list of this kind gave."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = msgspec.json.decode(raw, type=list[bool | int | str])
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, msgspec.DecodeError) as error:
        detail = "this cursor is none that this list gave; begin at the first page, without a cursor"
        raise Invalid(detail, kind="cursor_unknown") from error


def _part(part: bool | int | str, kind: type) -> Any:
    """Raises ValueError."""
    if kind is UUID and isinstance(part, str):
        return UUID(part)
    if kind is str and isinstance(part, str) and "\0" not in part:
        return part
    if kind is int and type(part) is int and 0 <= part <= NUMBER_MAX:
        return part
    if kind is bool and isinstance(part, bool):
        return part
    raise ValueError(part)
