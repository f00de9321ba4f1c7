"""What a trial came to, as numbers that can be added up and compared. Plain data, the same bytes for the same seed."""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from patchring.sim.trials.engine import Course
from patchring.sim.trials.fleet import Bools, Ints
from patchring.sim.trials.kinds import ROLES
from patchring.sim.trials.world import NEVER, World

_DOMAIN_CONTROLLER = ROLES.index("domain_controller")
KEV_DUE_H = 14 * 24


@dataclass(frozen=True)
class Outcome:
    """`broken`: devices that the patch ever broke; `left_broken`: those that still were at the end, after what was
    taken back. `servers_broken`, `controllers_broken` (domain controllers) and `weighted` (by what each costs) are of
    `broken`. `held_at`: hour of the first hold of more than one tenant; None: none. `held_facets`: hour, facet and
    sentence of each. `exposure_days`: mean over all devices from the release to the installation, those without it
    counted to the end. `installed_share` at the end. `overdue_share`: devices that got it more than 14 days after the
    release, or not at all. `stages`: for each ring or group its devices, those that ever got the patch, those that it
    broke. `roles_broken`: of `broken`, by role."""

    broken: int
    left_broken: int
    servers_broken: int
    controllers_broken: int
    weighted: float
    held_at: int | None
    held_facets: tuple[tuple[int, str, str], ...]
    tenant_holds: int
    exposure_days: float
    installed_share: float
    overdue_share: float
    permits: int
    stopped_by_person_at: int | None
    stages: tuple[tuple[int, int, int], ...]
    roles_broken: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        lists = {
            "held_facets": [list(each) for each in self.held_facets],
            "stages": [list(each) for each in self.stages],
        }
        return {**asdict(self), **lists}


def outcome(world: World, course: Course, stage: Ints) -> Outcome:
    broken = course.broken_at < NEVER
    fleet, hours = world.fleet, world.scenario.hours
    wide = [(at, hold) for at, hold in course.holds if not hold.tenant_only]
    exposure = np.minimum(course.first_installed_at, hours)
    return Outcome(
        broken=_count(broken),
        left_broken=_count(course.broken_now),
        servers_broken=_count(broken & fleet.server),
        controllers_broken=_count(broken & (fleet.role == _DOMAIN_CONTROLLER)),
        weighted=float(fleet.weight[broken].sum()),
        held_at=min((at for at, _ in wide), default=None),
        held_facets=tuple((at, hold.facet, hold.reason) for at, hold in wide),
        tenant_holds=len(course.holds) - len(wide),
        exposure_days=round(float(exposure.mean()) / 24, 4),
        installed_share=round(float((course.installed_at < NEVER).mean()), 4),
        overdue_share=round(float((exposure > KEV_DUE_H).mean()), 4),
        permits=course.permits,
        stopped_by_person_at=course.stopped_by_person_at,
        stages=_stages(stage, course),
        roles_broken=_roles(fleet.role[broken]),
    )


def _stages(stage: Ints, course: Course) -> tuple[tuple[int, int, int], ...]:
    had, broken = course.first_installed_at < NEVER, course.broken_at < NEVER
    count = int(stage.max()) + 1
    columns = (np.bincount(stage[which], minlength=count).tolist() for which in (slice(None), had, broken))
    return tuple((int(devices), int(got), int(failed)) for devices, got, failed in zip(*columns, strict=True))


def _roles(numbers: Ints) -> dict[str, int]:
    counts = np.bincount(numbers, minlength=len(ROLES)).tolist()
    return {role: count for role, count in zip(ROLES, counts, strict=True) if count}


def _count(which: Bools) -> int:
    return int(which.sum())
