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
from patchring.web.words import RING_STATES, ring_state, rollout_state

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
LEGEND = "  ".join(f"{MARKS[shown.tone]} {shown.word}" for shown in RING_STATES.values())


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
            self._live.update(Group(Text(), table(picture), Text(doing, style="bright_black")))


def table(picture: Picture) -> RenderableType:
    """One line for each rollout, the rings side by side."""
    drawn = Table(box=None, pad_edge=False, header_style="bright_black", caption=LEGEND, caption_justify="left")
    drawn.add_column("patch", no_wrap=True, max_width=30)
    drawn.add_column("tenant", no_wrap=True, max_width=22)
    for number in range(4):
        # As wide as the widest ring: where the terminal is narrow, names give way and devices do not.
        widest = max((_ring(r).cell_len for ro in picture.rollouts for r in ro.rings if r.number == number), default=0)
        drawn.add_column(f"ring {number}", no_wrap=True, min_width=widest)
    drawn.add_column("", no_wrap=True, min_width=13)
    before = ""
    for rollout in picture.rollouts:
        name = rollout.title if rollout.title != before else ""
        before = rollout.title
        cells = {ring.number: _ring(ring) for ring in rollout.rings}
        rings = [cells.get(number, Text()) for number in range(4)]
        drawn.add_row(Text(name, style="bold"), rollout.tenant.name, *rings, _state(rollout))
    return drawn


def _ring(ring: SeenRing) -> Text:
    """The mark of the ring's state, and a block for each device in the colour of its own."""
    shown = ring_state(ring.state)
    text = Text(f"{MARKS[shown.tone]} ", style=STYLES[shown.tone])
    for group in group_counts(ring.counts):
        text.append(BLOCK * group.count, style=STYLES[group.tone])
    return text


def _state(rollout: SeenRollout) -> Text:
    shown = rollout_state(rollout.state)
    return Text(f"{MARKS[shown.tone]} {shown.word}", style=STYLES[shown.tone])
