"""Base scores of CVSS vectors, where a feed gives the vector alone."""

from collections.abc import Mapping
from functools import lru_cache
from typing import Any

from cvss import CVSS2, CVSS3, CVSS4, CVSSError  # type: ignore[import-untyped]  # it has no types

_VERSIONS = {"CVSS:3.0": CVSS3, "CVSS:3.1": CVSS3, "CVSS:4.0": CVSS4}


def score_of(row: Mapping[str, Any]) -> int | None:
    """The score that the feed gave, else that of the vector, times ten; None: there is neither."""
    said: int | None = row["cvss_tenths"]
    return said if said is not None else tenths_of(row["vector"])


@lru_cache(maxsize=20_000)
def tenths_of(vector: str) -> int | None:
    """The base score times ten; None for an empty vector and for one that its standard does not know."""
    if not vector:
        return None
    try:
        score = _VERSIONS.get(vector.split("/", 1)[0], CVSS2)(vector).scores()[0]
    except CVSSError:
        return None
    return round(float(score) * 10)
