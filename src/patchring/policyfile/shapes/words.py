"""The kinds of values that a text is written with. Editors read YAML their own way, so the schema also takes a number
or a truth where one is written without quotes.

Every scalar arrives as text (reading.py), so each type here says which texts it takes: what pydantic would make of a
number (`start: 22` as 22 seconds after midnight) is never what was meant.
"""

import re
from collections.abc import Callable
from datetime import date, time, timedelta
from typing import TYPE_CHECKING, Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, WithJsonSchema

from patchring.core.policy.match import DEVICE_FIELDS, PATCH_FIELDS, WORDS
from patchring.policyfile.errors import got

DURATION = r"^\d{1,5}\s*(s|m|h|d)$"
DATE = r"^2[01]\d{2}-\d{2}-\d{2}$"
TIME = r"^([01]\d|2[0-3]):[0-5]\d$"
WHOLE = r"^(0|[1-9]\d{0,8})$"
SPAN = r"^([01]\d|2[0-3]):[0-5]\d\s*-\s*([01]\d|2[0-3]):[0-5]\d$"
MAIL = r"^[^\s@]{1,64}@[^\s@.]+(\.[^\s@.]+)+$"
_UNITS = {"s": 1, "m": 60, "h": 3600, "d": 86_400}


def written(pattern: str, expected: str, read: Callable[[str], Any]) -> BeforeValidator:
    """A value that is written in exactly one way; what else comes is refused with an example. Defaults pass as they
    are, because pydantic does not validate them."""
    compiled = re.compile(pattern, re.ASCII)

    def validate(value: Any) -> Any:
        if not isinstance(value, str) or not compiled.fullmatch(value):
            raise ValueError(f"expected {expected}, got {got(value)}")
        return read(value)

    return BeforeValidator(validate)


def seconds(text: str) -> timedelta:
    return timedelta(seconds=int(text[:-1]) * _UNITS[text[-1]])


def listed(value: Any) -> Any:
    """One text is a list of it."""
    return [value] if isinstance(value, str) else value


def text_of(pattern: str) -> WithJsonSchema:
    return WithJsonSchema({"type": "string", "pattern": pattern})


def _span(text: str) -> tuple[time, time]:
    opens, closes = (time.fromisoformat(part.strip()) for part in text.split("-"))
    if closes <= opens:
        raise ValueError(f"expected a span that ends after it begins, such as 08:00-18:00, got {got(text)}")
    return opens, closes


_WORD = {"type": ["string", "number", "boolean"]}

Duration = Annotated[timedelta, written(DURATION, "a duration such as 90s, 30m, 4h or 2d", seconds), text_of(DURATION)]
# Windows and soaks count from dates: near the ends of the calendar there would be no day after.
Day = Annotated[date, written(DATE, "a date from 2000 to 2199 such as 2026-12-21", date.fromisoformat), text_of(DATE)]
TimeOfDay = Annotated[time, written(TIME, "a time of day such as 22:00", time.fromisoformat), text_of(TIME)]
Span = Annotated[
    tuple[time, time], written(SPAN, "hours such as 08:00-18:00, or `[]` for a closed day", _span), text_of(SPAN)
]
Whole = Annotated[int, written(WHOLE, "a whole number of 0 or more", int)]
Limit = Annotated[int, Field(ge=1), written(WHOLE, "a whole number of 1 or more", int)]
Truth = Annotated[bool, WithJsonSchema({"enum": [True, False, "yes", "no"]})]
Name = Annotated[str, Field(min_length=1, max_length=80, pattern=r"\S")]
Sentence = Annotated[str, Field(min_length=8, max_length=500)]
Mail = Annotated[str, written(MAIL, "a mail address such as dana@example.org", str), text_of(MAIL)]
Names = Annotated[
    list[Name],
    BeforeValidator(listed),
    Field(max_length=2000),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}, "maxItems": 2000}]}),
]
Values = Annotated[
    list[Annotated[str, Field(max_length=200)]],
    BeforeValidator(listed),
    Field(min_length=1, max_length=200),
    WithJsonSchema({"anyOf": [_WORD, {"type": "array", "items": _WORD, "minItems": 1, "maxItems": 200}]}),
]
# Every way in which `any_time` and its like are written, which pydantic reads, is right in a condition as well.
_TRUTHS = dict.fromkeys(("yes", "true", "on", "y", "t", "1"), "yes")
_TRUTHS |= dict.fromkeys(("no", "false", "off", "n", "f", "0"), "no")
_TRUE_OR_NOT = frozenset(field for field, words in WORDS.items() if set(words) == {"yes", "no"})


def _conditions(value: Any) -> Any:
    """Truths as core's matchers compare them: `exploited: true` is `yes`."""
    if not isinstance(value, dict):
        return value
    return {field: _truths(said) if field in _TRUE_OR_NOT else said for field, said in value.items()}


def _truths(said: Any) -> Any:
    said = listed(said)
    if not isinstance(said, list):
        return said
    return [_TRUTHS.get(each.lower(), each) if isinstance(each, str) else each for each in said]


if TYPE_CHECKING:
    Devices = dict[str, list[str]]
    Patches = dict[str, list[str]]
else:
    Devices = Annotated[dict[Literal[tuple(DEVICE_FIELDS)], Values], BeforeValidator(_conditions)]
    Patches = Annotated[dict[Literal[tuple(PATCH_FIELDS)], Values], BeforeValidator(_conditions)]
Level = Literal["observe", "recommend", "approve_first", "automatic"]
DutyWord = Literal["first_line", "patch_administrator", "service_desk_lead", "vcio", "client_contact"]


class Shape(BaseModel):
    """Unknown keys are refused: a misspelt rule must not be silently absent."""

    model_config = ConfigDict(extra="forbid", frozen=True)
