"""What is not exactly the message is refused whole, and everything that is one comes back unchanged."""

from __future__ import annotations

import dataclasses
import json
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patchring.wire import messages
from patchring.wire.canonical import canonical
from patchring.wire.codec import LIST_COUNT_MAX, TEXT_CHARACTERS_MAX, Refused, decode, encode
from patchring.wire.messages import CheckIn, Progress, Scan
from tests.wire.vectors import facts

SHAPES = [
    value
    for value in vars(messages).values()
    if dataclasses.is_dataclass(value) and isinstance(value, type) and value.__module__ == messages.__name__
]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), max_size=12)


def values(shape: Any) -> st.SearchStrategy[Any]:
    """Any value of a wire type."""
    origin, inner = typing.get_origin(shape), typing.get_args(shape)
    if origin is typing.Union:
        return st.none() | values(inner[0])
    if origin is list:
        return st.lists(values(inner[0]), max_size=2)
    if origin is dict:
        item = st.none() | st.integers(-5, 5) | TEXTS if inner[1] is Any else values(inner[1])
        return st.dictionaries(TEXTS, item, max_size=2)
    if dataclasses.is_dataclass(shape):
        hints = typing.get_type_hints(shape)
        return st.builds(shape, **{f.name: values(hints[f.name]) for f in dataclasses.fields(shape)})
    return {str: TEXTS, int: st.integers(-(2**53) + 1, 2**53 - 1), bool: st.booleans()}[shape]


@given(st.sampled_from(SHAPES).flatmap(values))
def test_every_message_survives_the_way_over_json(message: Any) -> None:
    plain = json.loads(json.dumps(encode(message)))
    assert decode(type(message), plain) == message
    assert canonical(plain) == canonical(encode(message))


CHECK_IN = encode(CheckIn("boot", 1, "0.1.0", ""))


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (CHECK_IN | {"extra": 1}, "CheckIn: unknown field 'extra'"),
        ({k: v for k, v in CHECK_IN.items() if k != "boot_id"}, "CheckIn: the field 'boot_id' is missing"),
        (CHECK_IN | {"uptime_s": True}, "CheckIn.uptime_s: expected an integer, got bool"),
        (CHECK_IN | {"uptime_s": 1.0}, "CheckIn.uptime_s: expected an integer, got float"),
        (CHECK_IN | {"boot_id": None}, "CheckIn.boot_id: expected text, got NoneType"),
        (CHECK_IN | {"boot_id": "x" * (TEXT_CHARACTERS_MAX + 1)}, "CheckIn.boot_id: expected at most 65536"),
        ([], "CheckIn: expected an object, got list"),
        (None, "CheckIn: expected an object, got NoneType"),
    ],
    ids=lambda v: v if isinstance(v, str) else "",
)
def test_a_message_that_is_not_exactly_one_is_refused_with_the_place(value: Any, says: str) -> None:
    with pytest.raises(Refused) as refused:
        decode(CheckIn, value)
    assert str(refused.value).startswith(says)


def test_the_place_of_a_nested_mistake_is_named() -> None:
    scan = encode(Scan(0, "", facts(), [], [], [], False))
    scan["facts"]["disk_free_bytes"] = "much"
    with pytest.raises(Refused, match=r"^Scan\.facts\.disk_free_bytes: expected an integer, got str$"):
        decode(Scan, scan)


def test_lists_have_an_end() -> None:
    progress = encode(Progress("a", "received", 0)) | {"changes": [None] * (LIST_COUNT_MAX + 1)}
    with pytest.raises(Refused, match="expected at most 20000 entries"):
        decode(Progress, progress)


@pytest.mark.parametrize("text", ["", "pr1", "pr2." + "a" * 32, "pr1.a.b.c.d.e", "pr1." + "A" * 32 + ".b"])
def test_what_is_no_token_is_refused_with_what_was_expected(text: str) -> None:
    from patchring.wire.token import EnrolmentToken, TokenMalformed

    with pytest.raises(TokenMalformed, match=r"expected pr1\.TENANT\.TOKEN\.SECRET\.ROOT\.SERVER"):
        EnrolmentToken.parse(text)
