"""Places in lists survive the way through an address; anything else is refused with a sentence."""

from uuid import UUID

import pytest

from patchring.app.errors import Invalid
from patchring.web.cursor import DevicePlace, ring_number, thing


def test_places_come_back_as_they_were() -> None:
    device = DevicePlace(3, 2_147_483_647, UUID(int=9))
    assert (thing(str(UUID(int=5))), DevicePlace.parse(str(device)), ring_number("12")) == (UUID(int=5), device, 12)


@pytest.mark.parametrize("text", ["", "x", "1.2", UUID(int=5).hex + "0"])
def test_what_is_no_place_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        thing(text)


@pytest.mark.parametrize(
    "text", ["", "a.b.c", f"-1.0.{UUID(int=5).hex}", f"0.2147483648.{UUID(int=5).hex}", f"40000.0.{UUID(int=5).hex}"]
)
def test_what_is_no_place_among_devices_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        DevicePlace.parse(text)


@pytest.mark.parametrize("text", ["", "-1", "one", "99999", "１"])
def test_what_is_no_ring_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        ring_number(text)
