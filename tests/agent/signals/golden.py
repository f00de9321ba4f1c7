"""Captured outputs of tests/agent/golden, as the collectors read them."""

from __future__ import annotations

from pathlib import Path

from patchring_agent.signals.journald import Line, Span, parse

GOLDEN = Path(__file__).parents[1] / "golden"
FOR_EVER = Span(0, 4_000_000_000_000, 0)


def captured(name: str) -> str:
    return (GOLDEN / name).read_text(encoding="utf-8")


def journal(name: str, span: Span = FOR_EVER) -> list[Line]:
    return parse(captured(name).splitlines(), span)
