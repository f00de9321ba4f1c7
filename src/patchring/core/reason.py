"""Why: the one shape in which every decision, refusal and verdict says what led to it."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Reason:
    """`code` is stable and for programs, `text` is one sentence for people, `numbers` are what the sentence used."""

    code: str
    text: str
    numbers: Mapping[str, str] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The form in which reasons are kept and sent: {"code", "text", "numbers"}."""
        return {"code": self.code, "text": self.text, "numbers": dict(self.numbers)}

    @classmethod
    def from_json(cls, kept: Mapping[str, Any]) -> "Reason":
        return cls(kept["code"], kept["text"], dict(kept.get("numbers", {})))


def reason(code: str, text: str, **numbers: object) -> Reason:
    """`reason("soak", "Ring 1 soaks until 14:05 UTC", ring=1)`."""
    return Reason(code, text, {name: str(value) for name, value in numbers.items()})


def counted(count: int, noun: str) -> str:
    """`1 device`, `2 devices`: for nouns that take an s."""
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def as_json(reasons: Iterable[Reason]) -> list[dict[str, Any]]:
    return [each.as_json() for each in reasons]
