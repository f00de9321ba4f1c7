"""Trials of a patch on a simulated fleet: the same bytes for the same seed, and the guards that every way keeps."""

import json
import os
import subprocess
import sys
from collections import Counter

import numpy as np
import pytest

from patchring.core.gate.signals import Signal
from patchring.sim.errors import WrongScenario
from patchring.sim.trials import cases
from patchring.sim.trials.catalogue import WAYS, way
from patchring.sim.trials.engine import Course, Hour, Orders, run
from patchring.sim.trials.fleet import TrialFleet, make_fleet
from patchring.sim.trials.kinds import KINDS, ROLES
from patchring.sim.trials.outcome import Outcome, outcome
from patchring.sim.trials.runs import Trial, run_one
from patchring.sim.trials.scenario import Defect, FleetSpec, PatchSpec, Scenario, Where
from patchring.sim.trials.world import NEVER, World, local_time, make_world

SPEC = FleetSpec(devices=2_000, tenants=25, internal=40)
CONTROLLERS = Defect(
    share=0.8, signals={Signal.REBOOT_LOOP: 1.0}, where=Where(role="domain_controller"), onset_h=2, reversible=1.0
)
EVERYWHERE = Defect(share=0.5, signals={Signal.SERVICE_FAILURE: 1.0}, onset_h=2, reversible=1.0)


@pytest.fixture(scope="module")
def fleet() -> TrialFleet:
    return make_fleet(SPEC)


def world(fleet: TrialFleet, *defects: Defect, hours: int = 240, seed: int = 3, **patch: object) -> World:
    spec = PatchSpec(defects=defects, **patch)  # type: ignore[arg-type]
    return make_world(Scenario(name="one", patch=spec, fleet=SPEC, hours=hours), seed, fleet)


def let_out(found: World, name: str) -> Course:
    return run(found, way(name)(found))


def told_of(found: World, name: str) -> tuple[Course, Outcome]:
    chosen = way(name)(found)
    course = run(found, chosen)
    return course, outcome(found, course, chosen.stage)


def test_the_fleet_is_as_large_and_as_mixed_as_it_says(fleet: TrialFleet) -> None:
    assert fleet.size == 2_000
    assert (int(fleet.tenant.max()), int(fleet.internal.sum())) == (25, 40)
    counts = Counter(ROLES[number] for number in fleet.role)
    for name, kind in KINDS.items():
        assert counts[name] == pytest.approx(2_000 * kind.share, abs=6 * (2_000 * kind.share) ** 0.5)
    alone = (fleet.role == ROLES.index("domain_controller")) & (fleet.group < 0) & ~fleet.sensitive
    assert set(fleet.weight[alone]) == {25.0}, "the only one of its tenant"


def test_every_device_is_in_one_facet_of_each_kind(fleet: TrialFleet) -> None:
    for place in range(fleet.member.shape[1]):
        assert set(fleet.facet_kind[np.unique(fleet.member[:, place])]) == {place}
    assert len(set(fleet.facets)) == len(fleet.facets)


@pytest.mark.parametrize("name", WAYS)
def test_the_same_seed_gives_the_same_bytes(name: str) -> None:
    scenario = Scenario(name="same", patch=PatchSpec(defects=(EVERYWHERE,)), fleet=SPEC, hours=96)
    first, again = (json.dumps(run_one(Trial(scenario, 5, name)).as_json()) for _ in range(2))
    assert first == again


def test_neither_hash_seed_nor_process_changes_a_byte() -> None:
    code = (
        "from tests.sim.trials.test_trials import *; import json; "
        "s = Scenario(name='same', patch=PatchSpec(defects=(EVERYWHERE,)), fleet=SPEC, hours=96); "
        "print(json.dumps(run_one(Trial(s, 5, 'standard')).as_json()))"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code], env={**os.environ, "PYTHONHASHSEED": seed}, check=True, capture_output=True
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


class _Watched:
    """Asks another way, and looks at what it is told and what it wants."""

    def __init__(self, inner: object, found: World) -> None:
        self.inner, self.stage = inner, np.zeros(found.fleet.size, dtype=int)
        self.asked = np.zeros(found.fleet.size, dtype=int)

    def look(self, hour: Hour) -> Orders:
        orders: Orders = self.inner.look(hour)  # type: ignore[attr-defined]
        assert hour.open[orders.permits].all(), "only who is on, in the window, without the patch and not held"
        assert len(set(orders.permits.tolist())) == len(orders.permits), "nobody twice"
        self.asked[orders.permits] += 1
        return orders


@pytest.mark.parametrize("name", WAYS)
def test_no_way_asks_a_device_that_may_not_be_asked(fleet: TrialFleet, name: str) -> None:
    found = world(fleet, EVERYWHERE)
    watched = _Watched(way(name)(found), found)
    course = run(found, watched)
    assert course.permits == watched.asked.sum() > 0
    assert watched.asked.max() <= 3, "an installation that fails is tried three times at most"


def test_servers_get_it_at_night_only(fleet: TrialFleet) -> None:
    found = world(fleet)
    course = let_out(found, "all_at_once")
    for device in np.flatnonzero(fleet.server & (course.installed_at < NEVER)):
        local, _, _ = local_time(fleet, int(course.installed_at[device]))
        assert local[device] >= 22 or local[device] < 5


def test_what_a_person_stops_is_taken_back(fleet: TrialFleet) -> None:
    """Whatever the way: when the vendor says so. All that can be repaired is whole again."""
    found = world(fleet, EVERYWHERE, confirmed_h=24.0)
    course, told = told_of(found, "all_at_once")
    assert course.stopped_by_person_at == 36
    assert told.broken > 300
    assert (told.left_broken, told.installed_share) == (0, 0.0)


def test_a_defect_of_one_role_holds_that_role_and_lets_the_others_go_on(fleet: TrialFleet) -> None:
    found = world(fleet, CONTROLLERS, hours=400)
    course, held = told_of(found, "standard")
    controllers = fleet.role == ROLES.index("domain_controller")
    assert held.held_at is not None
    assert {"role:domain_controller"} <= {facet for _, facet, _ in held.held_facets}
    assert "all" not in {facet for _, facet, _ in held.held_facets}
    assert "restart followed restart" in held.held_facets[0][2]
    assert held.controllers_broken <= 4
    assert (course.installed_at[~controllers & ~course.held] < NEVER).mean() > 0.9


def test_a_defect_everywhere_breaks_few_by_our_way_and_many_by_others(fleet: TrialFleet) -> None:
    found = world(fleet, EVERYWHERE)
    ours, everything = (told_of(found, name)[1] for name in ("standard", "all_at_once"))
    assert ours.held_at is not None
    assert ours.broken * 20 < everything.broken


def test_a_patch_that_does_nothing_reaches_everybody(fleet: TrialFleet) -> None:
    found = world(fleet, hours=672)
    _, told = told_of(found, "standard")
    assert (told.held_at, told.broken) == (None, 0)
    assert told.installed_share > 0.97


def test_redundancy_is_kept(fleet: TrialFleet) -> None:
    """Never more than half of a group has had the patch for less than it takes to age."""
    found = world(fleet, hours=400)
    course = let_out(found, "standard")
    for group in range(int(fleet.group.max()) + 1):
        at = np.sort(course.installed_at[fleet.group == group])
        half = max(1, len(at) // 2)
        if len(at) > half and at[half] < NEVER:
            assert at[half] - at[half - 1] >= 96


def test_servers_wait_for_their_canaries(fleet: TrialFleet) -> None:
    found = world(fleet, hours=400)
    chosen = way("standard")(found)
    course = run(found, chosen)
    ring = chosen.stage
    assert not fleet.server[ring < 3].any(), "rings 0 to 2 have no servers"
    first = {number: int(course.installed_at[ring == number].min()) for number in range(5)}
    assert first[0] < first[1] < first[2]
    assert first[2] <= first[3] < first[4]
    assert first[4] - first[3] >= 24


def test_what_cannot_be_run_says_why() -> None:
    with pytest.raises(WrongScenario, match="no such way of letting a patch out: best"):
        way("best")


def test_cases_are_drawn_from_their_seed() -> None:
    assert cases.bad(7) == cases.bad(7) != cases.bad(8)
    assert cases.bad(7) != cases.bad(7, other=True)
    assert {cases.bad(seed).name for seed in range(200)} == set(cases.FIRST)
    assert {cases.bad(seed, other=True).name for seed in range(200)} == set(cases.OTHER)
    assert cases.good(7).patch.defects == cases.placebo(7).patch.defects == ()
