"""What pydantic has to say of a shape, in our words: what was expected, what came, a near name for a misspelt one."""

from collections.abc import Sequence
from difflib import get_close_matches
from typing import Any

from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS
from patchring.policyfile.errors import Problem, Severity, got
from patchring.policyfile.merge import CONDITIONS
from patchring.policyfile.missing import advice, numbered
from patchring.policyfile.pages import Keys, Location, mark_of, path_of
from patchring.policyfile.shapes.places import keys_at


def problem_of(error: dict[str, Any], root: Keys, rings: Sequence[str]) -> Problem:
    """The problem of one of pydantic's errors, at the place that it is about. `rings` are the names of the rings that
    the text has, or the baseline below it."""
    location = tuple(part for part in error["loc"] if part != "[key]")
    return problem_at(root, location, _sentence(error, location, rings) + _comment(error, root, location))


def _comment(error: dict[str, Any], root: Keys, location: Location) -> str:
    """What is shorter than it has to be may go on behind a ` #`."""
    mark = mark_of(root, location)[0]
    if error["type"] not in ("string_too_short", "string_type") or mark.line not in mark.page.commented:
        return ""
    return "; what follows ` #` is a comment: put a text with a # in it between quotes"


def problem_at(root: Keys, location: Location, text: str, severity: Severity = Severity.ERROR) -> Problem:
    """A problem at a location of a text, told by the file, the line and the path that it was written at."""
    mark, left = mark_of(root, location)
    path = path_of(left, mark.path)
    return Problem(mark.line + mark.page.offset, path, text, severity, mark.page.source)


def _sentence(error: dict[str, Any], location: Location, rings: Sequence[str]) -> str:
    last, given = str(location[-1]) if location else "", error.get("input")
    if error["type"] == "extra_forbidden":
        keys = keys_at(location[:-1])
        return f"unknown key {last!r}{_near(last, keys) or _all_of(keys)}"
    if error["type"] == "missing":
        return advice(location, rings)
    if error["type"] == "literal_error" and error["loc"][-1] == "[key]":
        return _unknown_key(error, last)
    if error["type"] == "literal_error":
        return f"expected {error['ctx']['expected']}, got {got(given)}{_near(str(given), _words(error))}"
    if last == "ring" and location[0] == "segments" and rings and isinstance(given, str):
        return f"expected the number of a ring, {numbered(rings)}, got {got(given)}"
    if error["type"] in _EXPECTED:
        return f"{_EXPECTED[error['type']].format(**error.get('ctx', {}))}{_shape(error, location)}, got {got(given)}"
    text = str(error["msg"]).removeprefix("Value error, ")
    return text if "got " in text else f"{text[0].lower()}{text[1:]}, got {got(given)}"


def _shape(error: dict[str, Any], location: Location) -> str:
    """Which keys a mapping has; how the rows of a list begin."""
    if error["type"] in ("model_type", "dict_type") and (keys := keys_at(location, in_order=True)):
        return f" ({', '.join(keys)})"
    rows = error["type"] == "list_type" and isinstance(error.get("input"), dict)
    return ", each of its rows beginning with `- `" if rows else ""


def _unknown_key(error: dict[str, Any], last: str) -> str:
    """A field of a condition, or a key of a mapping that has certain keys."""
    around = next((part for part in reversed(error["loc"][:-2]) if isinstance(part, str)), "")
    if around in CONDITIONS:
        known = [*PATCH_FIELDS] if "provider" in _words(error) else [*DEVICE_FIELDS]
        return f"unknown field {last!r}{_near(last, known)}; there are {', '.join(known)}"
    return f"unknown key {last!r}{_near(last, _words(error))}; expected {error['ctx']['expected']}"


_EXPECTED = {
    "bool_parsing": "expected yes or no",
    "bool_type": "expected yes or no",
    "greater_than_equal": "expected {ge} or more",
    "less_than_equal": "expected {le} or less",
    "string_type": "expected a text",
    "string_too_short": "expected {min_length} characters or more",
    "string_too_long": "expected {max_length} characters or less",
    "string_pattern_mismatch": "expected a text that can be seen",
    "too_short": "expected {min_length} or more",
    "too_long": "expected {max_length} or less",
    "list_type": "expected a list",
    "dict_type": "expected keys with values",
    "model_type": "expected keys with values",
}


def _words(error: dict[str, Any]) -> list[str]:
    return [word.strip("'") for word in str(error["ctx"]["expected"]).replace(" or ", ", ").split(", ")]


def _all_of(keys: list[str]) -> str:
    return f"; there are {', '.join(keys)}" if keys else ""


def _near(word: str, known: list[str]) -> str:
    near = get_close_matches(word, known, 1)
    return f" (did you mean {near[0]!r}?)" if near else ""
