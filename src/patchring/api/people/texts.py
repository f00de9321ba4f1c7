"""Texts that requests bring: bounded, one line, in one spelling, and not empty where that would say nothing."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field


def _one_line(text: str) -> str:
    plain = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in plain):
        raise ValueError("expected one line without control characters")
    return plain


def _said(text: str) -> str:
    plain = _one_line(text)
    if len(plain) < 3:
        raise ValueError("expected a few words, got blanks")
    return plain


def _not_blank(text: str) -> str:
    plain = _one_line(text)
    if not plain:
        raise ValueError("expected a name, got blanks")
    return plain


Name = Annotated[str, Field(min_length=1, max_length=120), AfterValidator(_not_blank)]
Word = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_not_blank)]
Thing = Annotated[str, Field(min_length=1, max_length=400), AfterValidator(_not_blank)]
Why = Annotated[
    str, Field(min_length=3, max_length=500, description="Why; it is kept in the record."), AfterValidator(_said)
]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Small letters, digits and dashes.")]
