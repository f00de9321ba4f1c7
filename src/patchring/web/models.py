"""What the templates are given. Every text is ready to be shown; nothing here is markup."""

from dataclasses import dataclass, field
from datetime import datetime

from patchring.web.words import Shown


@dataclass(frozen=True)
class Scope:
    """Something that can be halted: its stop key, and what a person calls it."""

    key: str
    label: str
    chosen: bool = False


@dataclass(frozen=True)
class StopView:
    id: str
    key: str
    label: str
    reason: str
    actor: str
    at: datetime
    href: str = ""


@dataclass(frozen=True)
class EventView:
    """`announced`: said to screen readers when it arrives on an open page. `tone` empty: no mark."""

    id: str
    sentence: str
    actor: str
    tenant: str
    at: datetime
    tone: str = ""
    announced: bool = False


@dataclass(frozen=True)
class Group:
    word: str
    tone: str
    count: int


@dataclass(frozen=True)
class Piece:
    """A stretch of a ring's bar on a scale of 0 to 1000."""

    tone: str
    x: int
    width: int


@dataclass(frozen=True)
class RingView:
    number: int
    name: str
    state: Shown
    device_count: int
    verified_count: int
    groups: list[Group]
    pieces: list[Piece]
    why: str
    soak_until_at: datetime | None = None
    soak_left: str = ""


@dataclass(frozen=True)
class PatchView:
    """`meta` is one line: key, KB, type, classification, reboot."""

    id: str
    title: str
    meta: str
    security: bool


@dataclass(frozen=True)
class RolloutView:
    """`to_do` is a command that a person has to run before this can go on; empty when there is none."""

    id: str
    href: str
    tenant: str
    state: Shown
    why: str
    rings: list[RingView]
    to_do: str = ""


@dataclass(frozen=True)
class PatchBoard:
    """A patch on its way through the tenants."""

    id: str
    title: str
    meta: str
    security: bool
    rollouts: list[RolloutView]


@dataclass(frozen=True)
class HeldLine:
    """One tenant in which devices miss a patch that does not come."""

    tenant: str
    devices: str
    why: str


@dataclass(frozen=True)
class HeldPatch:
    """A patch that devices miss and no rollout brings them."""

    id: str
    title: str
    lines: list[HeldLine]


@dataclass(frozen=True)
class Fact:
    """A number in the line on top."""

    count: int
    words: str
    alarm: bool = False


@dataclass(frozen=True)
class DeviceLine:
    href: str
    name: str
    os: str = ""
    pending: str = ""
    last_seen_at: datetime | None = None


@dataclass(frozen=True)
class Filter:
    label: str
    href: str
    chosen: bool


@dataclass(frozen=True)
class DeviceRow:
    """One device in one rollout."""

    id: str
    href: str
    name: str
    kind: str
    ring: int
    segment: str
    state: Shown
    versions: str
    last_seen_at: datetime | None
    why: str


@dataclass(frozen=True)
class PatchRow:
    """One patch on one device."""

    id: str
    href: str
    title: str
    security: bool
    ring: str
    state: Shown
    versions: str
    why: str


@dataclass(frozen=True)
class DeviceView:
    name: str
    tenant: str
    site: str
    kind: str
    last_seen_at: datetime | None
    observe_only: bool


@dataclass(frozen=True)
class Frame:
    """What every page has around it. `version` is the fingerprint of what was shown; `scopes` can be halted here."""

    title: str
    path: str
    version: str
    now: datetime
    who: str
    csrf: str
    may_halt: bool
    may_resume: bool
    scopes: list[Scope]
    stops: list[StopView]
    notice: str
    permit_lifetime: int


@dataclass(frozen=True)
class BoardPage(Frame):
    facts: list[Fact] = field(default_factory=list)
    patches: list[PatchBoard] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    silent: list[DeviceLine] = field(default_factory=list)
    held: list[HeldPatch] = field(default_factory=list)
    observers: list[DeviceLine] = field(default_factory=list)
    observing_more: int = 0
    events: list[EventView] = field(default_factory=list)
    older: str = ""


@dataclass(frozen=True, kw_only=True)
class RolloutPage(Frame):
    patch: PatchView
    rollout: RolloutView
    filters: list[Filter]
    devices: list[DeviceRow]
    first: str
    next: str
    about: list[tuple[str, str]]
    events: list[EventView]


@dataclass(frozen=True, kw_only=True)
class DevicePage(Frame):
    device: DeviceView
    missing: list[PatchRow]
    missing_more: bool
    nothing_missing: str
    rollouts: list[PatchRow]
    about: list[tuple[str, str]]
    events: list[EventView]
