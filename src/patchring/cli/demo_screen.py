"""What the demo shows in the terminal: a table of rollouts and rings that stays, and lines of what happened above it.

Without a terminal there are only the lines.
"""

from typing import Self

from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.markup import escape
from rich.rule import Rule
from rich.table import Table
from rich.text import Text

from patchring.cli.demo_picture import Picture, SeenRing, SeenRollout
from patchring.web.rings import group_counts
from patchring.web.words import ring_state, rollout_state

STYLES = {
    "verified": "green",
    "failed": "bold red",
    "rolled": "magenta",
    "installing": "blue",
    "offered": "cyan",
    "waiting": "bright_black",
    "soaking": "yellow",
    "aside": "bright_black",
}
MARKS = {
    "verified": "✓",
    "failed": "✗",
    "rolled": "↩",
    "installing": "↓",
    "offered": "◉",
    "waiting": "○",
    "soaking": "◔",
    "aside": "‖",
}
BLOCK = "■"


class Screen:
    """`with Screen(console) as screen:`; `say` adds a line, `show` redraws the table."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self._live = Live(console=console, refresh_per_second=8, transient=True) if console.is_terminal else None

    def __enter__(self) -> Self:
        if self._live is not None:
            self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._live is not None:
            self._live.stop()

    def say(self, text: str, tone: str = "", at: str = "", who: str = "") -> None:
        """One line: when, what, and in which tenant."""
        mark = f"[{STYLES[tone]}]{MARKS[tone]}[/]" if tone else " "
        clock = f"[bright_black]{at}[/] " if at else ""
        place = f"[bright_black]{escape(who)}:[/] " if who else ""
        self.console.print(f"{clock}{mark} {place}{escape(text)}", highlight=False, soft_wrap=True)

    def head(self, text: str) -> None:
        self.console.print(Rule(Text(text, style="bold"), align="left", style="bright_black"))

    def show(self, picture: Picture, doing: str) -> None:
        if self._live is not None:
            self._live.update(Group(table(picture), Text(doing, style="bright_black")))


def table(picture: Picture) -> RenderableType:
    """One line for each rollout, the rings side by side."""
    drawn = Table(box=None, pad_edge=False, header_style="bright_black", expand=False)
    for title in ("patch", "tenant", "ring 0", "ring 1", "ring 2", "ring 3", ""):
        drawn.add_column(title, no_wrap=True, max_width=36 if title == "patch" else None)
    before = ""
    for rollout in picture.rollouts:
        name = rollout.title if rollout.title != before else ""
        before = rollout.title
        cells = {ring.number: _ring(ring) for ring in rollout.rings}
        rings = [cells.get(number, Text()) for number in range(4)]
        drawn.add_row(Text(name, style="bold"), rollout.tenant.name, *rings, _state(rollout))
    return drawn


def _ring(ring: SeenRing) -> Text:
    """A block for each device, the ring's state behind them."""
    shown = ring_state(ring.state)
    text = Text()
    for group in group_counts(ring.counts):
        text.append(BLOCK * group.count, style=STYLES[group.tone])
    if ring.device_count:
        text.append(" ")
    return text.append(f"{MARKS[shown.tone]} {shown.word}", style=STYLES[shown.tone])


def _state(rollout: SeenRollout) -> Text:
    shown = rollout_state(rollout.state)
    return Text(f"{MARKS[shown.tone]} {shown.word}", style=STYLES[shown.tone])
