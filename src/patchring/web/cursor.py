"""Places in an order, as texts in addresses: where a page of a list goes on. A text that is none is Invalid."""

from dataclasses import dataclass
from typing import Self
from uuid import UUID

from patchring.app.errors import Invalid


def thing(text: str) -> UUID:
    """The id after which a list goes on. Raises Invalid."""
    try:
        return UUID(text)
    except ValueError as error:
        raise Invalid(f"{text[:60]!r} is no place in this list; begin at its first page.") from error


@dataclass(frozen=True)
class DevicePlace:
    """Right after the device of this ring, position and id, in ascending order."""

    ring: int
    position: int
    id: UUID

    def __str__(self) -> str:
        return f"{self.ring}.{self.position}.{self.id.hex}"

    @classmethod
    def parse(cls, text: str) -> Self:
        try:
            ring, position, name = text.split(".")
            return cls(_whole(ring, RING_MAX), _whole(position, POSITION_MAX), UUID(hex=name))
        except ValueError as error:
            raise Invalid(f"{text[:60]!r} is no place in this list; begin at its first page.") from error


RING_MAX = 32_767
POSITION_MAX = 2_147_483_647


def ring_number(text: str) -> int:
    """A ring's number from an address. Raises Invalid."""
    try:
        return _whole(text, RING_MAX)
    except ValueError as error:
        raise Invalid(f"{text[:20]!r} is no ring; expected a number such as 0.") from error


def _whole(text: str, highest: int) -> int:
    """A number that its column in the database can hold. Raises ValueError."""
    if not (text.isascii() and text.isdecimal() and len(text) <= 10 and int(text) <= highest):
        raise ValueError(text)
    return int(text)
