"""Lists in pages: `{"items": [...], "next": CURSOR or null}`.

A cursor says after which thing the next page begins. It is a text that callers hand back as it came: base64url over
JSON, without a signature, because it opens nothing: every page is read with the caller's own rights.
"""

import base64
import binascii
from collections.abc import Callable, Sequence
from typing import Annotated, Any, Generic, TypeVar
from uuid import UUID

import msgspec
from fastapi import Depends, Query
from pydantic import BaseModel, Field

from patchring.app.errors import Invalid

PAGE_COUNT = 50
PAGE_COUNT_MAX = 200
CURSOR_CHARACTERS_MAX = 600
SEQUENCE_MAX = 2**63 - 1

Item = TypeVar("Item", bound=BaseModel)


class Page(BaseModel, Generic[Item]):
    """`next` is null on the last page."""

    items: list[Item]
    next: str | None = Field(description="Hand it back as `cursor` for the page that follows.")


class Paging:
    """What a list was asked for. One more than `limit` is read, to know whether a page follows."""

    def __init__(
        self,
        limit: Annotated[int, Query(ge=1, le=PAGE_COUNT_MAX, description="At most so many items.")] = PAGE_COUNT,
        cursor: Annotated[str, Query(max_length=CURSOR_CHARACTERS_MAX, description="`next` of the page before.")] = "",
    ) -> None:
        self.limit = limit
        self.cursor = cursor

    @property
    def count(self) -> int:
        return self.limit + 1

    def after(self, *kinds: type) -> tuple[Any, ...] | None:
        """The place in the order, with parts of these kinds (str, int, UUID); None for the first page."""
        return read_cursor(self.cursor, kinds) if self.cursor else None

    def page(
        self, model: type[Item], rows: Sequence[Any], place: Callable[[Any], tuple[Any, ...]]
    ) -> Page[Item]:
        """The rows as a page; `place` gives the parts of a row's place in the order."""
        shown = rows[: self.limit]
        following = write_cursor(place(shown[-1])) if len(rows) > self.limit else None
        return Page(items=[model.model_validate(row) for row in shown], next=following)


Paged = Annotated[Paging, Depends(Paging)]


def write_cursor(parts: Sequence[Any]) -> str:
    return base64.urlsafe_b64encode(msgspec.json.encode(list(parts))).rstrip(b"=").decode()


def read_cursor(text: str, kinds: Sequence[type]) -> tuple[Any, ...]:
    """The parts again. Raises Invalid (cursor_invalid) for a text that this list did not give."""
    try:
        raw = base64.b64decode(text.encode("ascii") + b"=" * (-len(text) % 4), altchars=b"-_", validate=True)
        parts = msgspec.json.decode(raw, type=list[str | int])
        if len(parts) != len(kinds):
            raise ValueError(text)
        return tuple(_part(part, kind) for part, kind in zip(parts, kinds, strict=True))
    except (ValueError, binascii.Error, msgspec.DecodeError) as error:
        raise Invalid(
            "This cursor is none of this list; begin at the first page, without a cursor.", kind="cursor_invalid"
        ) from error


def _part(part: str | int, kind: type) -> Any:
    """Raises ValueError."""
    if kind is UUID and isinstance(part, str):
        return UUID(part)
    if kind is int and type(part) is int and 0 <= part <= SEQUENCE_MAX:
        return part
    if kind is str and isinstance(part, str) and "\0" not in part:
        return part
    raise ValueError(part)
