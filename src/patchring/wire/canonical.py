"""Canonical bytes: the one spelling of a document that signatures and digests are made over.

The rules, all of them (docs/wire.md states them for other languages, docs/wire-vectors.json has examples):

* JSON, UTF-8, no white space, object keys in ascending order of their Unicode code points.
* Values are objects, arrays, strings, integers, true, false and null. There are no floats.
* Integers lie within plus or minus 2**53 - 1, so that every JSON reader sees the same number.
* Strings are written as they are; only `"`, `\\` and the control characters below U+0020 are escaped
  (the two-letter forms where JSON has one, else `\\u00xx`). Lone surrogates are refused.
* What is signed is `patchring/v1/KIND` + a zero byte + these bytes, so that a signature
  over one kind of document never counts for another.
"""

from __future__ import annotations

import hashlib
import json
from typing import Any

INTEGER_MAX = 2**53 - 1
DEPTH_MAX = 32


class NotCanonical(ValueError):
    """The value has no canonical bytes; the message names the place and what was expected there."""


def canonical(value: Any) -> bytes:
    """The canonical bytes of a JSON value made of dict, list, str, int, bool and None.

    Raises NotCanonical for anything else: floats, integers out of range, keys that are not strings.
    """
    if not _fits(value, 0):
        _name_what_does_not(value, "$", 0)
    try:
        return _ENCODER.encode(value).encode("utf-8")
    except UnicodeEncodeError:
        _name_what_does_not(value, "$", 0)
        raise


def digest(value: Any) -> str:
    """SHA-256 over the canonical bytes, as 64 lower-case hexadecimal digits."""
    return hashlib.sha256(canonical(value)).hexdigest()


def signed_bytes(kind: str, value: Any) -> bytes:
    """What a signature of a document of this kind is made over."""
    return b"patchring/v1/" + kind.encode("ascii") + b"\0" + canonical(value)


_ENCODER = json.JSONEncoder(ensure_ascii=False, sort_keys=True, separators=(",", ":"), allow_nan=False)


def _fits(value: Any, depth: int) -> bool:
    """Whether all of it has a form, but for lone surrogates, which the encoding finds. Most of the time, it has."""
    if isinstance(value, str) or value is None:
        return depth <= DEPTH_MAX
    if isinstance(value, int):
        return depth <= DEPTH_MAX and -INTEGER_MAX <= value <= INTEGER_MAX
    if isinstance(value, dict):
        inner = depth + 1
        return depth <= DEPTH_MAX and all(isinstance(k, str) and _fits(v, inner) for k, v in value.items())
    if isinstance(value, (list, tuple)):
        inner = depth + 1
        return depth <= DEPTH_MAX and all(_fits(item, inner) for item in value)
    return False


def _name_what_does_not(value: Any, place: str, depth: int) -> None:
    """Raises NotCanonical with the first place that has no form."""
    if depth > DEPTH_MAX:
        raise NotCanonical(f"{place}: nested deeper than {DEPTH_MAX} levels")
    if value is None or isinstance(value, bool):
        return
    if isinstance(value, int):
        if abs(value) > INTEGER_MAX:
            raise NotCanonical(f"{place}: expected an integer within 2**53 - 1, got {value}")
    elif isinstance(value, str):
        _name_a_surrogate(value, place)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not isinstance(key, str):
                raise NotCanonical(f"{place}: expected text as a key, got {type(key).__name__}")
            _name_a_surrogate(key, place)
            _name_what_does_not(item, f"{place}.{key}", depth + 1)
    elif isinstance(value, (list, tuple)):
        for number, item in enumerate(value):
            _name_what_does_not(item, f"{place}[{number}]", depth + 1)
    else:
        raise NotCanonical(f"{place}: {type(value).__name__} has no canonical form")


def _name_a_surrogate(text: str, place: str) -> None:
    try:
        text.encode("utf-8")
    except UnicodeEncodeError as error:
        raise NotCanonical(f"{place}: the text holds a lone surrogate") from error
