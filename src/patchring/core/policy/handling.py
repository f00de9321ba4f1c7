"""How an installation is carried out around the patch itself: restarts, the way back, downloads, people at work, typed
steps, what belongs together, what a newer release does to an older one."""

from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from patchring.core.policy.condition import Condition


class RebootRule(StrEnum):
    NEVER = "never"
    IF_REQUIRED = "if_required"
    ALWAYS = "always"


@dataclass(frozen=True)
class RebootPlan:
    """`warnings` are times before the restart. `deferrals` is how often a person may postpone it; `deadline` when it
    comes anyhow, from the first warning; None: never forced. `order`: lower restarts first; `at_once_max` at the same
    time; a slot is held until the device is healthy, at most `healthy_within`, then somebody is told."""

    name: str
    rule: RebootRule
    warnings: tuple[timedelta, ...] = ()
    deferrals: int = 0
    deadline: timedelta | None = None
    order: int = 0
    at_once_max: int | None = None
    healthy_within: timedelta = timedelta(minutes=15)


class RemedyScope(StrEnum):
    """Which devices are taken back: those that failed, or all that have the patch."""

    FAILED = "failed"
    INSTALLED = "installed"


class RemedyStep(StrEnum):
    """Typed steps of the ladder; each is verified before the next is tried."""

    RETURN_TO_PRIOR = "return_to_prior"
    UNINSTALL = "uninstall"
    VENDOR_WORKAROUND = "vendor_workaround"
    REVERT_SNAPSHOT = "revert_snapshot"
    RESTORE_BACKUP = "restore_backup"


@dataclass(frozen=True)
class Remedy:
    """`way_back_required`: without a way back that is ready the installation is refused (F5). `carried_out_by` is who
    does the steps that need hands, a key of `people` or a duty; empty where no step does."""

    name: str
    steps: tuple[RemedyStep, ...]
    scope: RemedyScope
    way_back_required: bool = True
    carried_out_by: str = ""


class StepKind(StrEnum):
    """Typed steps around a patch (O10). There is no free command."""

    CHECK_BACKUP = "check_backup"
    DRAIN = "drain"
    STOP_SERVICE = "stop_service"
    START_SERVICE = "start_service"
    MAINTENANCE_MODE = "maintenance_mode"


@dataclass(frozen=True)
class AroundStep:
    """`subject` is a service for stop and start, an age such as 24h for a backup, empty for the rest."""

    kind: StepKind
    subject: str = ""


@dataclass(frozen=True)
class RunsOn:
    """A host restarts only as the windows of its guests allow; both are conditions on devices."""

    name: str
    host: tuple[Condition, ...]
    guests: tuple[Condition, ...]


class RelationKind(StrEnum):
    """What binds two patches or a patch and what is installed (R8)."""

    NEEDS = "needs"
    CONFLICTS = "conflicts"
    SHARES = "shares"


@dataclass(frozen=True)
class Relation:
    """A rule of the MSP beside what vendors publish: a patch needs another first, conflicts with something installed
    that is older than `older_than` (empty: any version), or shares a component named by `component`."""

    name: str
    kind: RelationKind
    when: tuple[Condition, ...]
    other: tuple[Condition, ...] = ()
    older_than: str = ""
    component: str = ""
    line: int = 0
    layer: str = ""


class Superseded(StrEnum):
    """What becomes of a rollout when a newer release of the same thing comes in its middle (R10)."""

    FINISH = "finish"
    REPLACE = "replace"
    RESTART = "restart"


@dataclass(frozen=True)
class Releases:
    """`behind_max`: a segment never goes more than so many releases without a verified one; None: no limit."""

    superseded: Superseded = Superseded.FINISH
    behind_max: int | None = None


@dataclass(frozen=True)
class CatchUpCampaign:
    """A backlog goes apart from the monthly flow, oldest exploited first, never more than so many at once."""

    at_once_max: int
    patches_at_once_max: int


@dataclass(frozen=True)
class Downloads:
    """What comes before the window, and what never: `before` is how early; rates in Mbit/s a site (None: no limit);
    `battery_min` in percent; `disk_free_mib_min` in MiB."""

    before: timedelta = timedelta(0)
    metered: bool = False
    site_rate_mbit_max: int | None = None
    battery_min: int = 30
    disk_free_mib_min: int = 2048
