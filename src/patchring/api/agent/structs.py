"""Strict readers for wire's messages, derived from its dataclasses.

For each dataclass a msgspec Struct is made with the same fields that forbids unknown ones (msgspec ignores the unknown
fields of dataclasses), bounds texts, lists and numbers, and takes only the words that the message's documentation
lists. What passes is handed on as the dataclass itself.
"""

import dataclasses
import types
import typing
from typing import Annotated, Any, Generic, Literal, TypeVar

import msgspec
from msgspec import Meta

from patchring.wire.codec import LIST_COUNT_MAX, TEXT_CHARACTERS_MAX

T = TypeVar("T")

INTEGER_MAX = 2**53 - 1
COUNT_MAX = 2**31 - 1
INSTANT_MS_MAX = 4_102_444_800_000  # the year 2100
_UUID = "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}"

_UUID_FIELDS = {"tenant_id", "device_id", "action_id", "report_id"}
_UUID_OR_EMPTY_FIELDS = {"permit_id", "busy_action_id"}
_HEX_DIGITS = {"public_key": 64, "nonce": 32}
# Texts that become columns or stand in every heartbeat; all others share the wire's own bound.
_SHORT_FIELDS = {
    "boot_id",
    "agent_version",
    "scan_digest",
    "state_digest",
    "token",
    "hostname",
    "os_name",
    "os_version",
}
_SHORT_CHARACTERS_MAX = 512
_ERROR_CHARACTERS_MAX = 300

# The words that `wire.messages` documents, by message and field.
_WORDS: dict[tuple[str, str], tuple[str, ...]] = {
    ("Update", "held_back"): ("", "phased", "held", "kept_back"),
    ("Update", "type"): ("os", "application", "browser", "driver", "firmware"),
    ("Update", "classification"): (
        "security",
        "critical",
        "rollup",
        "feature",
        "preview",
        "optional",
        "definition",
        "unknown",
    ),
    ("Update", "reboot"): ("never", "maybe", "always", "unknown"),
    ("ProbeResult", "outcome"): ("pass", "fail", "unknown"),
    ("Report", "kind"): ("scan", "progress"),
    ("Progress", "state"): (
        "received",
        "downloading",
        "ready",
        "started",
        "installed",
        "failed",
        "rebooting",
        "not_started",
        "finished",
    ),
    ("PermitRequest", "action"): ("install", "downgrade", "reboot"),
}


class Unreadable(ValueError):
    """A message that is not what the protocol says; the text says what was expected, what came, and where."""


class Shape(Generic[T]):
    """Reads one kind of message."""

    def __init__(self, message: type[T]) -> None:
        self._message = message
        self._struct = struct_of(message)
        self._decoder = msgspec.json.Decoder(self._struct)

    def decode(self, raw: bytes) -> T:
        """The message from its JSON bytes. Raises Unreadable."""
        try:
            return msgspec.convert(self._decoder.decode(raw), self._message, from_attributes=True)
        except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
            raise Unreadable(f"{self._message.__name__}: {_one_line(error)}") from error

    def convert(self, value: Any) -> T:
        """The message from plain JSON values. Raises Unreadable."""
        try:
            strict = msgspec.convert(value, self._struct)
            return msgspec.convert(strict, self._message, from_attributes=True)
        except (msgspec.ValidationError, RecursionError) as error:
            raise Unreadable(f"{self._message.__name__}: {_one_line(error)}") from error


def decode_any(raw: bytes) -> Any:
    """Plain JSON values, exactly as they came: what signatures are checked over. Raises Unreadable."""
    try:
        return msgspec.json.decode(raw)
    except (msgspec.DecodeError, RecursionError, UnicodeDecodeError) as error:
        raise Unreadable(f"expected JSON, got {len(raw)} bytes that are not: {_one_line(error)}") from error


def _one_line(error: Exception) -> str:
    """The error's text, printable and short: it may repeat names of fields that somebody made up."""
    text = "".join(letter if letter.isprintable() else "?" for letter in str(error))
    return text if len(text) <= _ERROR_CHARACTERS_MAX else f"{text[:_ERROR_CHARACTERS_MAX]}..."


def has_zero_character(value: Any) -> bool:
    """Whether a text or key in it holds U+0000, which PostgreSQL cannot keep."""
    match value:
        case str():
            return "\0" in value
        case dict():
            return any("\0" in key or has_zero_character(entry) for key, entry in value.items())
        case list():
            return any(has_zero_character(entry) for entry in value)
        case _:
            return False


def struct_of(message: type[Any]) -> type[msgspec.Struct]:
    """The strict Struct with the fields of a dataclass, the nested ones derived as well."""
    hints = typing.get_type_hints(message)
    fields = [_field(message, field, hints[field.name]) for field in dataclasses.fields(message)]
    return msgspec.defstruct(message.__name__, fields, forbid_unknown_fields=True, frozen=True, gc=False)


def _field(message: type[Any], field: dataclasses.Field[Any], hint: Any) -> Any:
    shape = _strict(message.__name__, field.name, hint)
    if field.default_factory is not dataclasses.MISSING:
        return field.name, shape, msgspec.field(default_factory=field.default_factory)
    if field.default is not dataclasses.MISSING:
        return field.name, shape, field.default
    return field.name, shape


def _strict(message: str, field: str, hint: Any) -> Any:
    if hint is str:
        return _text(message, field)
    if hint is int:
        low, high = _bounds(field)
        return Annotated[int, Meta(ge=low, le=high)]
    if dataclasses.is_dataclass(hint):
        return struct_of(typing.cast(type[Any], hint))
    origin, arguments = typing.get_origin(hint), typing.get_args(hint)
    if origin is list:
        return Annotated[list[_strict(message, "", arguments[0])], Meta(max_length=LIST_COUNT_MAX)]  # type: ignore[misc]
    if origin in (typing.Union, types.UnionType):
        return typing.Optional[_strict(message, field, arguments[0])]  # noqa: UP045 - the argument is a value
    assert hint is bool or origin is dict, f"{message}.{field}: no strict form for {hint}"
    return hint


def _text(message: str, field: str) -> Any:
    words = _WORDS.get((message, field))
    if words:
        return Literal[words]
    if field in _UUID_FIELDS:
        return Annotated[str, Meta(pattern=f"^{_UUID}\\Z")]
    if field in _UUID_OR_EMPTY_FIELDS:
        return Annotated[str, Meta(pattern=f"^({_UUID})?\\Z")]
    if field in _HEX_DIGITS:
        return Annotated[str, Meta(pattern=f"^[0-9a-f]{{{_HEX_DIGITS[field]}}}\\Z")]
    return Annotated[str, Meta(max_length=_SHORT_CHARACTERS_MAX if field in _SHORT_FIELDS else TEXT_CHARACTERS_MAX)]


def _bounds(field: str) -> tuple[int, int]:
    if field.endswith("_at_ms") or field == "at_ms":
        return 0, INSTANT_MS_MAX
    if field.endswith("_count"):
        return 0, COUNT_MAX
    if field == "exit_code":
        return -INTEGER_MAX, INTEGER_MAX
    return 0, INTEGER_MAX
