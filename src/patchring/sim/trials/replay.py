"""The past again: real updates that broke things, let out under a policy's rings, beside everybody at once.

For each: what each ring would have met, when it would have been held and by what, how many of which role would have
broken. And what waiting would have cost: the same updates without their fault, as days without what they mend.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from patchring.core.policy.model import Policy
from patchring.sim.trials.incidents import Incident
from patchring.sim.trials.outcome import KEV_DUE_H
from patchring.sim.trials.runs import Progress, Result, Trial, run_all
from patchring.sim.trials.scenario import FleetSpec, PatchSpec, Scenario
from patchring.sim.trials.ways.patchring import FRAME, Frame, Maker

BASELINE = "all_at_once"


@dataclass(frozen=True)
class Played:
    """One incident. `ours` and `others`: outcomes (outcome.py) by the policy's rings and with everybody at once.
    `held_hours_before`: so long before the vendor's word the hold came; None: there was no hold, or no word."""

    incident: Incident
    ours: Mapping[str, Any]
    others: Mapping[str, Any]

    @property
    def held_hours_before(self) -> float | None:
        held, days = self.ours["held_at"], self.incident.confirmed_days
        return None if held is None or days is None else days * 24 - held

    def as_json(self) -> dict[str, Any]:
        incident = self.incident
        return {
            "incident": incident.incident_id,
            "title": incident.title,
            "released_on": incident.released_on,
            "symptom": incident.symptom,
            "roles": incident.roles,
            "exploited": list(incident.exploited),
            "confirmed_days": incident.confirmed_days,
            "held_hours_before": self.held_hours_before,
            "rings": dict(self.ours),
            "all_at_once": dict(self.others),
        }


@dataclass(frozen=True)
class Cost:
    """What the rings cost when nothing is wrong, of an update that is exploited and of one that is not: mean days from
    the release to the installation, and the share of devices that waited for more than `due_days`."""

    exposure_days: float
    exposure_exploited_days: float
    at_once_days: float
    overdue_exploited_share: float
    due_days: int = KEV_DUE_H // 24


@dataclass(frozen=True)
class Replay:
    played: tuple[Played, ...]
    cost: Cost
    frame: Frame
    share: str

    def as_json(self) -> dict[str, Any]:
        return {
            "soaks_h": list(self.frame.soaks_h),
            "share": self.share,
            "cost": vars(self.cost),
            "incidents": [each.as_json() for each in self.played],
        }


def frame_of(policy: Policy | None) -> Frame:
    """The soaks of a policy's first three rings; None: the frame that the simulator has."""
    if policy is None:
        return FRAME
    hours = [max(1, round(ring.soak.time.total_seconds() / 3600)) for ring in policy.rings]
    first, second, *rest = [*hours, hours[-1], hours[-1]]
    return Frame(soaks_h=(first, second, rest[0]))


def replay(
    incidents: Sequence[Incident], fleet: FleetSpec, frame: Frame, pace: str, share: str, jobs: int, progress: Progress
) -> Replay:
    """`share`: low, middle or high of what the record assumes. `pace`: a name of PACES."""
    ours = f"rings {'/'.join(map(str, frame.soaks_h))} {pace}"
    make = Maker(pace, frame)
    scenarios = [each.scenario(fleet, share) for each in incidents]
    fine = [Scenario(name=f"fine-{kev}", patch=PatchSpec(kev=kev), fleet=fleet) for kev in (False, True)]
    trials = [Trial(each, 1, ours, make) for each in [*scenarios, *fine]]
    trials += [Trial(each, 1, BASELINE) for each in [*scenarios, fine[0]]]
    results = run_all(trials, jobs, progress=progress)
    n = len(scenarios)
    found = [_played(*each) for each in zip(incidents, results[:n], results[n + 2 : 2 * n + 2], strict=True)]
    ordinary, exploited, at_once = (each.outcome for each in (results[n], results[n + 1], results[-1]))
    cost = Cost(
        ordinary["exposure_days"],
        exploited["exposure_days"],
        at_once["exposure_days"],
        exploited["overdue_share"],
    )
    return Replay(tuple(found), cost, frame, share)


def _played(incident: Incident, ours: Result, others: Result) -> Played:
    return Played(incident, ours.outcome, others.outcome)
