"""The texts that requests bring: bounded, without control characters, not empty where that would say nothing."""

import unicodedata
from typing import Annotated

from pydantic import AfterValidator, Field



def _plain(text: str) -> str:
    """One line; what people type around it goes."""
    stripped = unicodedata.normalize("NFC", text).strip()
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in stripped):
        raise ValueError("expected one line without control characters")
    if not stripped:
        raise ValueError("expected some text, got blanks")
    return stripped


Name = Annotated[str, Field(min_length=1, max_length=80), AfterValidator(_plain)]
Line = Annotated[str, Field(min_length=1, max_length=500), AfterValidator(_plain)]
Because = Annotated[
    str,
    Field(min_length=3, max_length=500, description="Why; it is kept in the record."),
    AfterValidator(_plain),
]
Slug = Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9-]{0,62}$", description="Small letters, digits and hyphens.")]

