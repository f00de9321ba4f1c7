"""Strict conversion between wire's dataclasses and plain JSON values, for the side that has no msgspec.

A message with an unknown field, a missing field, a wrong type or too long a text or list is refused whole.
"""

from __future__ import annotations

import dataclasses
import functools
import typing
from collections.abc import Callable
from typing import Any, TypeVar

TEXT_CHARACTERS_MAX = 65_536
LIST_COUNT_MAX = 20_000

T = TypeVar("T")


class Refused(ValueError):
    """A message that is not what the protocol says; the text names the place, the expectation and what came."""


def encode(message: Any) -> Any:
    """A dataclass (or a list or dict of them) as plain JSON values; field order is kept."""
    shape: Any = type(message)
    if shape in _PLAIN:
        return message
    if shape is dict:
        return {key: encode(item) for key, item in message.items()}
    if isinstance(message, (list, tuple)):
        return [encode(item) for item in message]
    if dataclasses.is_dataclass(message) and not isinstance(message, type):
        return {name: encode(getattr(message, name)) for name in _names(shape)}
    return message


_PLAIN = frozenset((str, int, bool, type(None)))


@functools.cache
def _names(shape: Any) -> tuple[str, ...]:
    return tuple(field.name for field in dataclasses.fields(shape))


def decode(shape: type[T], value: Any) -> T:
    """Build `shape` from plain JSON values; raises Refused."""
    wanted: Any = shape
    result: T = _reader(wanted)(value, shape.__name__)
    return result


# A value and the place where it stands, for the refusal; gives what the shape wants.
Reader = Callable[[Any, str], Any]


@functools.cache
def _reader(shape: Any) -> Reader:
    """How values of a shape are read, worked out once for each shape."""
    if shape is Any:
        return lambda value, place: value
    origin = typing.get_origin(shape)
    if origin is typing.Union:
        return _optional_reader(next(o for o in typing.get_args(shape) if o is not type(None)))
    if origin is list:
        return _list_reader(typing.get_args(shape)[0])
    if origin is dict:
        return _dict_reader(typing.get_args(shape)[1])
    if dataclasses.is_dataclass(shape):
        return _object_reader(shape)
    return _scalar_reader(shape)


def _optional_reader(shape: Any) -> Reader:
    read = _reader(shape)
    return lambda value, place: None if value is None else read(value, place)


def _list_reader(shape: Any) -> Reader:
    read = _reader(shape)

    def read_list(value: Any, place: str) -> list[Any]:
        _expect(isinstance(value, list), place, "a list", value)
        if len(value) > LIST_COUNT_MAX:
            raise Refused(f"{place}: expected at most {LIST_COUNT_MAX} entries, got {len(value)}")
        return [read(entry, f"{place}[{number}]") for number, entry in enumerate(value)]

    return read_list


def _dict_reader(shape: Any) -> Reader:
    read = _reader(shape)

    def read_dict(value: Any, place: str) -> dict[str, Any]:
        _expect(isinstance(value, dict), place, "an object", value)
        return {key: read(entry, f"{place}.{key}") for key, entry in value.items()}

    return read_dict


def _object_reader(shape: Any) -> Reader:
    hints, fields = typing.get_type_hints(shape), dataclasses.fields(shape)
    readers = {field.name: _reader(hints[field.name]) for field in fields}
    required = [field.name for field in fields if _is_required(field)]

    def read_object(value: Any, place: str) -> Any:
        _expect(isinstance(value, dict), place, "an object", value)
        unknown = sorted(set(value) - set(readers))
        if unknown:
            raise Refused(f"{place}: unknown field {unknown[0]!r}; known are {', '.join(sorted(readers))}")
        known = {name: readers[name](entry, f"{place}.{name}") for name, entry in value.items()}
        for name in required:
            if name not in known:
                raise Refused(f"{place}: the field {name!r} is missing")
        return shape(**known)

    return read_object


def _is_required(field: dataclasses.Field[Any]) -> bool:
    return field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING


def _scalar_reader(shape: Any) -> Reader:
    expected = {str: "text", int: "an integer", bool: "true or false"}.get(shape, str(shape))

    def read_scalar(value: Any, place: str) -> Any:
        if type(value) is not shape:
            _expect(False, place, expected, value)
        if shape is str and len(value) > TEXT_CHARACTERS_MAX:
            raise Refused(f"{place}: expected at most {TEXT_CHARACTERS_MAX} characters, got {len(value)}")
        return value

    return read_scalar


def _expect(holds: bool, place: str, expected: str, value: Any) -> None:
    if not holds:
        raise Refused(f"{place}: expected {expected}, got {type(value).__name__}")
