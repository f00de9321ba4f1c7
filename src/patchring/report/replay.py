"""The past again, as a page to show to a client: why there are rings, in pictures with a table behind them.

Takes the JSON of `patchring replay`, so a page can be made again from a kept result.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

from jinja2 import Environment, PackageLoader, StrictUndefined, Template

ROW_HEIGHT, LABEL_WIDTH, PLOT_WIDTH = 22, 330, 420
LABEL_LENGTH = 44


@dataclass(frozen=True)
class Bar:
    """A row of a picture: two lengths in pixels, and the numbers that they stand for."""

    label: str
    title: str
    top: int
    first: float
    second: float
    first_told: str
    second_told: str


@dataclass(frozen=True)
class Picture:
    bars: tuple[Bar, ...]
    height: int
    most: float


@cache
def _template() -> Template:
    environment = Environment(
        loader=PackageLoader("patchring.report"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        keep_trailing_newline=True,
    )
    return environment.get_template("replay.html")


def replay_page(found: Mapping[str, Any]) -> str:
    """`found`: what `Replay.as_json` gives. Every text is escaped; nothing is fetched."""
    rows = list(found["incidents"])
    return _template().render(
        found=found,
        rows=rows,
        broken=_broken(rows),
        times=_times(rows),
        total_at_once=sum(row["all_at_once"]["broken"] for row in rows),
        total_rings=sum(row["rings"]["broken"] for row in rows),
        before=sum((row["held_hours_before"] or 0) > 0 for row in rows),
        label_width=LABEL_WIDTH,
        width=LABEL_WIDTH + PLOT_WIDTH + 90,
    )


def _broken(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Devices broken: everybody at once, and by the rings; the longest first."""
    ordered = sorted(rows, key=lambda row: (-row["all_at_once"]["broken"], row["incident"]))
    return _picture(
        [
            (row, float(row["all_at_once"]["broken"]), float(row["rings"]["broken"]))
            for row in ordered
            if row["all_at_once"]["broken"]
        ],
        "{:,.0f}",
    )


def _times(rows: Sequence[Mapping[str, Any]]) -> Picture:
    """Days from the release: to the vendor's word, and to the hold."""
    known = [row for row in rows if row["rings"]["held_at"] is not None and row["confirmed_days"]]
    ordered = sorted(known, key=lambda row: (-row["confirmed_days"], row["incident"]))
    return _picture([(row, row["confirmed_days"], row["rings"]["held_at"] / 24) for row in ordered], "{:,.1f} d")


def _short(text: str) -> str:
    return text if len(text) <= LABEL_LENGTH else f"{text[: LABEL_LENGTH - 1].rstrip()}…"


def _picture(rows: Sequence[tuple[Mapping[str, Any], float, float]], told: str) -> Picture:
    most = max((max(first, second) for _, first, second in rows), default=1.0)
    bars = [
        Bar(
            label=_short(f"{row['incident']} {row['title'].partition(': ')[2]}"),
            title=f"{row['title']} ({row['released_on']})",
            top=number * ROW_HEIGHT,
            first=round(first / most * PLOT_WIDTH, 1),
            second=round(second / most * PLOT_WIDTH, 1),
            first_told=told.format(first),
            second_told=told.format(second),
        )
        for number, (row, first, second) in enumerate(rows)
    ]
    return Picture(tuple(bars), max(1, len(bars)) * ROW_HEIGHT, most)
