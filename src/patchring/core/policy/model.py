"""A valid policy as values. Only `policyfile` builds one, so whoever holds a Policy need not check it again.

Rules that hold for every Policy (policyfile refuses the rest, with file and line):

- There are at least two rings, numbered 0, 1, 2, ... without a gap, unless an override named `single_ring` says why.
- A soak is longer than zero, unless an override named `no_soak` says why.
- A segment in ring 2 or above has a window ("any time" is a window).
- Every name that is referred to is there; names are unique.
- An override has two different names and a reason.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, time, timedelta
from enum import StrEnum


class Automation(StrEnum):
    """How far Patchring goes by itself: it only looks; it says what it would do; it prepares a rollout and waits for a
    signed approval; it does what the rules allow."""

    OBSERVE = "observe"
    RECOMMEND = "recommend"
    APPROVE_FIRST = "approve_first"
    AUTOMATIC = "automatic"


class Outcome(StrEnum):
    """What is decided for a patch and a segment. Hold and block beat the others at equal scope."""

    AUTO = "auto"
    EXPEDITE = "expedite"
    REVIEW = "review"
    HOLD = "hold"
    BLOCK = "block"


class RebootRule(StrEnum):
    NEVER = "never"
    IF_REQUIRED = "if_required"
    ALWAYS = "always"


class HaltScope(StrEnum):
    """What an automatic halt stops, from the narrowest."""

    RING = "ring"
    ROLLOUT = "rollout"
    TENANT = "tenant"
    PATCH = "patch"


class RemedyScope(StrEnum):
    """Which devices are taken back: those that failed, or all that have the patch."""

    FAILED = "failed"
    INSTALLED = "installed"


class RemedyStep(StrEnum):
    """Typed steps of the ladder; each is verified before the next is tried."""

    RETURN_TO_PRIOR = "return_to_prior"


@dataclass(frozen=True)
class Condition:
    """One field of the registry (see match.py) and the values of which it has to have one; `*` and `?` are wild."""

    field: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class Soak:
    """Ends when all of it is reached. `device_hours_min` counts hours since verification over all devices."""

    time: timedelta
    verified_min: int
    device_hours_min: int = 0


@dataclass(frozen=True)
class Ring:
    """The first device goes alone; then the batch grows with what was verified, up to `at_once_max`."""

    number: int
    name: str
    soak: Soak
    growth: int
    at_once_max: int


@dataclass(frozen=True)
class Window:
    """A recurrence on local time (RFC 5545 rule, see schedule/rule.py) and an elapsed duration. `rule` empty: any
    time. `zone` empty: the site's. `begins_on` is the first day that INTERVAL counts from; None: a Monday long ago.
    `days_after`: so many days after the day of the rule, for "the Thursday after Patch Tuesday"."""

    name: str
    rule: str
    start: time
    duration: timedelta
    zone: str = ""
    begins_on: date | None = None
    days_after: int = 0

    @property
    def any_time(self) -> bool:
        return not self.rule


@dataclass(frozen=True)
class Blackout:
    """No starts from the morning of `from_on` to the evening of `to_on`, local dates, both included."""

    name: str
    from_on: date
    to_on: date


@dataclass(frozen=True)
class SegmentRule:
    """A row of the table of segments; the first row whose conditions all hold decides. `line` is in the text.
    `automation` None: the policy's."""

    name: str
    when: tuple[Condition, ...]
    ring: int
    window: str
    reboot: RebootRule
    remedy: str
    probes: tuple[str, ...] = ()
    line: int = 0
    automation: Automation | None = None


@dataclass(frozen=True)
class ApprovalRule:
    """A row of the table of approvals. `segments` empty: all. Nearer scope (a row with segments) wins over a row for
    all; at equal scope hold and block win over the rest, then the first row."""

    name: str
    when: tuple[Condition, ...]
    outcome: Outcome
    segments: tuple[str, ...] = ()
    line: int = 0


@dataclass(frozen=True)
class Limits:
    """Installations under way at once; None: no limit of this kind."""

    tenant: int | None = None
    site: int | None = None
    ring: int | None = None
    redundancy_group: int | None = 1


@dataclass(frozen=True)
class OnFailure:
    """More than `failed_max` failed devices in a ring halt it; the first device of a ring halts when it fails."""

    failed_max: int
    halt: HaltScope


@dataclass(frozen=True)
class Remedy:
    name: str
    steps: tuple[RemedyStep, ...]
    scope: RemedyScope
    # F5: without a way back that is ready the installation goes to review instead.
    way_back_required: bool = True


@dataclass(frozen=True)
class Override:
    """A rule that two people set aside, in writing."""

    by: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class Policy:
    """`fingerprint` is that of the text it was read from. `windows` and `remedies` are by name."""

    title: str
    automation: Automation
    rings: tuple[Ring, ...]
    segments: tuple[SegmentRule, ...]
    windows: Mapping[str, Window]
    blackouts: tuple[Blackout, ...]
    approvals: tuple[ApprovalRule, ...]
    limits: Limits
    on_failure: OnFailure
    remedies: Mapping[str, Remedy]
    overrides: Mapping[str, Override] = field(default_factory=dict)
    expected_duration: timedelta = timedelta(minutes=10)
    fingerprint: str = ""

    def ring(self, number: int) -> Ring:
        return self.rings[number]

    def segment(self, name: str) -> SegmentRule | None:
        return next((rule for rule in self.segments if rule.name == name), None)

    def automation_of(self, segment: str) -> Automation:
        """The level of a segment: its own or the policy's."""
        rule = self.segment(segment)
        return rule.automation if rule and rule.automation else self.automation
