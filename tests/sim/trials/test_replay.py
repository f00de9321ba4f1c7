"""Real updates that broke things, let out again."""

import json
import re
from datetime import timedelta

from patchring.core.gate.signals import Signal
from patchring.report.replay import replay_page
from patchring.sim.trials.incidents import REVERSIBLE, incidents
from patchring.sim.trials.replay import Replay, frame_of, replay
from patchring.sim.trials.scenario import FleetSpec, Where, check
from patchring.sim.trials.ways.patchring import FRAME, Frame
from tests.core.builders import policy, ring

FLEET = FleetSpec(devices=2_000, tenants=25, internal=40)
BY_ID = {each.incident_id: each for each in incidents()}


def played(*names: str) -> Replay:
    return replay([BY_ID[name] for name in names], FLEET, FRAME, "standard", "high", 1, lambda done, total: None)


def test_every_incident_can_be_run() -> None:
    """Each breaks something, and can be seen by something."""
    assert len(BY_ID) == 45
    for incident in BY_ID.values():
        for share in ("low", "middle", "high"):
            scenario = incident.scenario(FLEET, share)
            check(scenario)
            assert scenario.patch.defects
            assert all(defect.signals and 0 <= defect.share <= 1 for defect in scenario.patch.defects)


def test_what_is_known_of_one_is_in_its_scenario() -> None:
    """January 2022: domain controllers restarted again and again; taking it back helped; confirmed in two days."""
    incident = BY_ID["W007"]
    scenario = incident.scenario(FLEET)
    (defect,) = scenario.patch.defects
    assert defect.where == Where(role="domain_controller")
    assert defect.share == (0.10 * 0.40) ** 0.5
    assert defect.signals.keys() == {
        Signal.REBOOT_LOOP,
        Signal.MISSING_HEARTBEAT,
        Signal.TICKET,
        Signal.SERVICE_FAILURE,
    }
    assert (defect.onset_h, defect.reversible) == (1, REVERSIBLE["yes"])
    assert (scenario.patch.confirmed_h, scenario.patch.kev) == (48.0, False)
    assert BY_ID["W061"].exploited


def test_rings_break_fewer_and_hold_before_the_vendor_says_so() -> None:
    """W050: laptops asked for their recovery key after a restart."""
    found = played("W050").played[0]
    assert found.ours["broken"] * 5 < found.others["broken"]
    assert found.held_hours_before is not None
    assert found.held_hours_before > 0
    assert sum(broken for _, _, broken in found.ours["stages"]) == found.ours["broken"]
    assert sum(found.ours["roles_broken"].values()) == found.ours["broken"]


def test_the_cost_is_that_of_the_same_rings_with_nothing_wrong() -> None:
    cost = played("W007").cost
    assert cost.at_once_days < 1 < cost.exposure_exploited_days <= cost.exposure_days < 7


def test_a_policy_gives_its_soaks() -> None:
    assert frame_of(None) == FRAME
    rings = [ring(number, time=timedelta(hours=soak)) for number, soak in enumerate((4, 30, 12, 50))]
    assert frame_of(policy(rings=tuple(rings))) == Frame(soaks_h=(4, 30, 12))
    assert frame_of(policy(rings=tuple(rings[:2]))) == Frame(soaks_h=(4, 30, 30)), "the last one serves for those after"


def test_the_page_has_every_number_in_its_table_and_fetches_nothing() -> None:
    told = json.loads(json.dumps(played("W007", "W050").as_json()))
    told["incidents"][0]["title"] = "KB1: <b>bold</b> & more"
    page = replay_page(told)
    assert "<b>bold</b>" not in page
    assert "&lt;b&gt;bold&lt;/b&gt; &amp; more" in page
    for row in told["incidents"]:
        assert f'<td class="n">{row["all_at_once"]["broken"]:,}</td><td class="n">{row["rings"]["broken"]}</td>' in page
    assert re.findall(r"(?:src|href)=|url\(|<script", page) == []
    assert page.count('role="img"') == 2
