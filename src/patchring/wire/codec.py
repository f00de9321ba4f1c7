"""Strict conversion between wire's dataclasses and plain JSON values, for the side that has no msgspec.

A message with an unknown field, a missing field, a wrong type or too long a text or list is refused whole.
"""

from __future__ import annotations

import dataclasses
import typing
from typing import Any, TypeVar

TEXT_CHARACTERS_MAX = 65_536
LIST_COUNT_MAX = 20_000

T = TypeVar("T")


class Refused(ValueError):
    """A message that is not what the protocol says; the text names the place, the expectation and what came."""


def encode(message: Any) -> Any:
    """A dataclass (or a list or dict of them) as plain JSON values; field order is kept."""
    if dataclasses.is_dataclass(message) and not isinstance(message, type):
        return {field.name: encode(getattr(message, field.name)) for field in dataclasses.fields(message)}
    if isinstance(message, (list, tuple)):
        return [encode(item) for item in message]
    if isinstance(message, dict):
        return {key: encode(item) for key, item in message.items()}
    return message


def decode(shape: type[T], value: Any) -> T:
    """Build `shape` from plain JSON values; raises Refused."""
    result: T = _decode(shape, value, shape.__name__)
    return result


def _decode(shape: Any, value: Any, place: str) -> Any:
    if shape is Any:
        return value
    origin = typing.get_origin(shape)
    if origin is typing.Union:
        options = [o for o in typing.get_args(shape) if o is not type(None)]
        return None if value is None else _decode(options[0], value, place)
    if origin is list:
        return _decode_list(typing.get_args(shape)[0], value, place)
    if origin is dict:
        item = typing.get_args(shape)[1]
        _expect(isinstance(value, dict), place, "an object", value)
        return {key: _decode(item, entry, f"{place}.{key}") for key, entry in value.items()}
    if dataclasses.is_dataclass(shape):
        return _decode_object(shape, value, place)
    return _decode_scalar(shape, value, place)


def _decode_list(item: Any, value: Any, place: str) -> list[Any]:
    _expect(isinstance(value, list), place, "a list", value)
    if len(value) > LIST_COUNT_MAX:
        raise Refused(f"{place}: expected at most {LIST_COUNT_MAX} entries, got {len(value)}")
    return [_decode(item, entry, f"{place}[{number}]") for number, entry in enumerate(value)]


def _decode_object(shape: Any, value: Any, place: str) -> Any:
    _expect(isinstance(value, dict), place, "an object", value)
    hints = _hints(shape)
    unknown = sorted(set(value) - set(hints))
    if unknown:
        raise Refused(f"{place}: unknown field {unknown[0]!r}; known are {', '.join(sorted(hints))}")
    known: dict[str, Any] = {}
    for field in dataclasses.fields(shape):
        if field.name in value:
            known[field.name] = _decode(hints[field.name], value[field.name], f"{place}.{field.name}")
        elif field.default is dataclasses.MISSING and field.default_factory is dataclasses.MISSING:
            raise Refused(f"{place}: the field {field.name!r} is missing")
    return shape(**known)


def _decode_scalar(shape: Any, value: Any, place: str) -> Any:
    exact = type(value) is shape
    _expect(exact, place, {str: "text", int: "an integer", bool: "true or false"}.get(shape, str(shape)), value)
    if shape is str and len(value) > TEXT_CHARACTERS_MAX:
        raise Refused(f"{place}: expected at most {TEXT_CHARACTERS_MAX} characters, got {len(value)}")
    return value


def _expect(holds: bool, place: str, expected: str, value: Any) -> None:
    if not holds:
        raise Refused(f"{place}: expected {expected}, got {type(value).__name__}")


_HINTS: dict[Any, dict[str, Any]] = {}


def _hints(shape: Any) -> dict[str, Any]:
    if shape not in _HINTS:
        _HINTS[shape] = typing.get_type_hints(shape)
    return _HINTS[shape]
