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
from datetime import date, timedelta
from enum import StrEnum

from patchring.core.policy.calendar import Blackout, Hours, Staffing, Window
from patchring.core.policy.condition import Condition, Source
from patchring.core.policy.handling import (
    AroundStep,
    CatchUpCampaign,
    Downloads,
    RebootPlan,
    RebootRule,
    Relation,
    Releases,
    Remedy,
    RunsOn,
)
from patchring.core.policy.people import PeopleRules
from patchring.core.policy.reception import ProposalRules
from patchring.core.policy.testing import Case
from patchring.core.risk.tables import DueTable


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


class HaltScope(StrEnum):
    """What an automatic halt stops, from the narrowest."""

    RING = "ring"
    ROLLOUT = "rollout"
    TENANT = "tenant"
    PATCH = "patch"


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
class SegmentRule:
    """A row of the table of segments; the first row whose conditions all hold decides. `line` is in the text of
    `layer`. `automation` None: the policy's. `reboot_plan` is the name of a plan; empty: nothing but the rule.

    A layer of a site or group that changes a segment of a wider layer makes a row of its own just before it, with the
    site or group among its conditions; `base` is the name of the row that it was made from, else its own name.
    `tests` have to be passed, on record, before a patch goes to the segment; none: no record is asked for.
    """

    name: str
    when: tuple[Condition, ...]
    ring: int
    window: str
    reboot: RebootRule
    remedy: str
    probes: tuple[str, ...] = ()
    line: int = 0
    automation: Automation | None = None
    layer: str = ""
    base: str = ""
    reboot_plan: str = ""
    staffing: Staffing = Staffing.NONE
    around: tuple[AroundStep, ...] = ()
    tests: tuple[Case, ...] = ()


class Authority(StrEnum):
    """On whose word a rule stands."""

    MSP = "msp"
    CLIENT = "client"
    VENDOR = "vendor"
    SCANNER = "scanner"


@dataclass(frozen=True)
class Asked:
    """What a review asks for: how many different persons, whether the client has to agree, who owns the review (a
    duty; empty: the patch administrator) and how long they have (None: the policy says nothing)."""

    people_min: int = 1
    consent: bool = False
    owner: str = ""
    due_within: timedelta | None = None


@dataclass(frozen=True)
class ApprovalRule:
    """A row of the table of approvals. `segments` empty: all. The nearer layer wins (`nearness`, larger is nearer);
    in a layer a row with segments wins over a row for all; at equal scope hold and block win, then the first row."""

    name: str
    when: tuple[Condition, ...]
    outcome: Outcome
    segments: tuple[str, ...] = ()
    line: int = 0
    layer: str = ""
    nearness: int = 0
    authority: Authority = Authority.MSP
    asked: Asked = Asked()
    reason: str = ""


@dataclass(frozen=True)
class UrgencyRule:
    """A row of the urgency table, for what is expedited; the first row whose conditions hold counts (A8).

    `soak_max` and `verified_max` cap the soak of every ring (None: as it is); `window` is opened besides the segment's
    own (empty: none); `in_blackout` lets it begin in a blackout; `told` are the duties that are told at once. Ring 0,
    permits and verification are never left out.
    """

    name: str
    when: tuple[Condition, ...]
    segments: tuple[str, ...] = ()
    soak_max: timedelta | None = None
    verified_max: int | None = None
    window: str = ""
    in_blackout: bool = False
    told: tuple[str, ...] = ()
    line: int = 0
    layer: str = ""


class ExceptionKind(StrEnum):
    """Deferral: not before a date. Exception: not at all, until it expires."""

    DEFERRAL = "deferral"
    EXCEPTION = "exception"


@dataclass(frozen=True)
class PolicyException:
    """Patches that some devices do not get until a date (A10). `owner` and `accepted_by` are keys of `people`.

    `due_on` is the day on which the finding was due without it: it is kept when the exception is renewed. `renewals`
    counts how often that was. Reopens at once for a patch that is known to be exploited.
    """

    name: str
    kind: ExceptionKind
    patches: tuple[Condition, ...]
    devices: tuple[Condition, ...]
    owner: str
    accepted_by: str
    reason: str
    control: str
    until_on: date
    due_on: date | None = None
    renewals: int = 0
    line: int = 0
    layer: str = ""


@dataclass(frozen=True)
class Limits:
    """Installations under way at once; None: no limit of this kind. `at_sites` are the limits of single sites by name,
    instead of `site`."""

    tenant: int | None = None
    site: int | None = None
    ring: int | None = None
    redundancy_group: int | None = 1
    at_sites: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class OnFailure:
    """More than `failed_max` failed devices in a ring halt it; the first device of a ring halts when it fails."""

    failed_max: int
    halt: HaltScope


@dataclass(frozen=True)
class Override:
    """A rule that two people set aside, in writing."""

    by: tuple[str, str]
    reason: str


@dataclass(frozen=True)
class Policy:
    """`fingerprint` is that of the text it was read from. Windows, remedies and reboot plans are by name.

    `layers` are the layers of the text from the widest to the nearest. `sources` says for each value that the text sets
    which layer and line set it, by the value's path: `windows.after close.start`, `segments.kiosks.ring`.
    `due_dates` is the table by which findings are due (C4).
    """

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
    urgency: tuple[UrgencyRule, ...] = ()
    exceptions: tuple[PolicyException, ...] = ()
    reboots: Mapping[str, RebootPlan] = field(default_factory=dict)
    hours: Hours | None = None
    people: PeopleRules = field(default_factory=PeopleRules)
    relations: tuple[Relation, ...] = ()
    runs_on: tuple[RunsOn, ...] = ()
    releases: Releases = field(default_factory=Releases)
    catch_up_campaign: CatchUpCampaign | None = None
    downloads: Downloads | None = None
    proposals: ProposalRules = field(default_factory=ProposalRules)
    due_dates: DueTable = DueTable.BOD_26_04
    layers: tuple[str, ...] = ()
    sources: Mapping[str, Source] = field(default_factory=dict)

    def ring(self, number: int) -> Ring:
        return self.rings[number]

    def segment(self, name: str) -> SegmentRule | None:
        return next((rule for rule in self.segments if rule.name == name), None)

    def automation_of(self, segment: str) -> Automation:
        """The level of a segment: its own or the policy's."""
        rule = self.segment(segment)
        return rule.automation if rule and rule.automation else self.automation
