"""Ids are UUIDs of version 7 whose order follows time."""

from datetime import UTC, datetime, timedelta, timezone
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.core.ids import uuid7

NOON = datetime(2026, 11, 23, 12, 0, tzinfo=UTC)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
INSTANTS = st.datetimes(min_value=datetime(1970, 1, 1), max_value=datetime(2500, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001
BYTES = st.binary(min_size=8, max_size=8)


def test_the_example_of_the_rfc() -> None:
    """RFC 9562, appendix A.6, has its instant and its random tail in these places."""
    at = datetime(2022, 2, 22, 14, 22, 22, tzinfo=timezone(timedelta(hours=-5)))
    expected = UUID("017F22E2-79B0-7000-98C4-DC0C0C07398F")
    assert uuid7(at, bytes.fromhex("98c4dc0c0c07398f")) == expected


@given(INSTANTS, BYTES)
def test_it_is_a_uuid_of_version_7(at: datetime, randomness: bytes) -> None:
    """Whatever goes in, version and variant are right, and the millisecond can be read back."""
    made = uuid7(at, randomness)
    assert (made.version, made.variant) == (7, RFC_4122)
    assert made.int >> 80 == (at - EPOCH) // timedelta(milliseconds=1)


@given(INSTANTS, INSTANTS, BYTES, BYTES)
def test_earlier_sorts_before_later(one: datetime, other: datetime, first: bytes, second: bytes) -> None:
    """A microsecond is enough to decide the order; chance decides only within it."""
    if one != other:
        assert (uuid7(one, first) < uuid7(other, second)) == (one < other)


def test_a_naive_instant_is_a_bug() -> None:
    """The time zone of an id is never guessed."""
    with pytest.raises(AssertionError, match="aware"):
        uuid7(NOON.replace(tzinfo=None), bytes(8))
