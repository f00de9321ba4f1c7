"""What to write where something is missing: an example, or the words that are possible."""

from collections.abc import Sequence

from patchring.policyfile.pages import Keys, Location
from patchring.policyfile.shapes.places import words_at

_EXAMPLES = {
    "patchring": "`patchring: 1`",
    "until": "the last day, such as `until: 2027-05-31`; every exception ends",
    "from": "the first day, such as `from: 2026-12-21`",
    "to": "the last day, such as `to: 2027-01-03`",
    "reporting.to": "keys of `people`, such as `to: [ada]`",
    "person": "a key of `people`",
    "deputy": "a key of `people`, somebody else",
    "mail": "a mail address",
    "since": "a day, such as `since: 2026-11-02`",
    "soak": "such as `soak: {time: 1d, verified: 5}`",
    "time": "how long, such as `time: 1d`",
    "verified": "how many devices, such as `verified: 5`",
    "within": "how long, such as `within: 1h`",
    "segments": "rows of a name, a ring and a remedy",
    "rings": "two rows or more, such as `- {name: internal, soak: {time: 4h, verified: 2}}`",
    "approvals": "rows of a name, `when` and `decide`; `approvals: []` has a person decide everything",
    "on_failure": "such as `on_failure: {failed_max: 0, halt: patch}`",
    "remedies": "such as `remedies: {standard: {steps: [return_to_prior]}}`",
    "failed_max": "how many may fail, such as `failed_max: 0`",
    "remedy": "the name of one of `remedies`",
}


def advice(location: Location, rings: Sequence[str]) -> str:
    """`is missing; add ...` for a key that is missing, with the words that it may have."""
    last = str(location[-1]) if location else ""
    if location[0:1] == ("segments",) and last == "ring" and rings:
        return f"is missing; add the number of a ring: {numbered(rings)}"
    if location[0:1] == ("quiet_hours",):
        return f'is missing; add a time of day, such as `{last}: "22:00"`'
    example = _EXAMPLES.get(".".join(map(str, location))) or _EXAMPLES.get(last)
    words = words_at(location)
    if example is None and words:
        return f"is missing; add one of {', '.join(words)}"
    return f"is missing; add {example or 'it'}"


def numbered(rings: Sequence[str]) -> str:
    """`0 internal, 1 low risk`, as `ring` of a segment counts them."""
    return ", ".join(f"{number} {name}" for number, name in enumerate(rings))


def rings_of(root: Keys) -> list[str]:
    """The names of the rings of a text, as far as they are rings already."""
    rows = root.get("rings")
    rows = rows if isinstance(rows, list) else []
    return [str(row["name"]) for row in rows if isinstance(row, Keys) and "name" in row]
