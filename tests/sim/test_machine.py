"""A simulated machine behaves as a package manager does: all or nothing, with a way back, and tells what it is."""

import pytest

from patchring.sim.catalogue import DISPLAY_DRIVER, FRAMEWORK, SERVER_CUMULATIVE, UPDATES, WEBVIEW, SimUpdate
from patchring.sim.kinds import KINDS
from patchring.sim.machine import Machine
from patchring.sim.roster import Place
from patchring.wire.messages import Offer, Package, Plan


def machine(kind: str) -> Machine:
    made = Machine(Place("TEST-01", KINDS[kind]), "0.1.0+sim")
    made.prepare(UPDATES)
    for update in UPDATES:
        made.publish(update)
    return made


def planned(on: Machine, update: SimUpdate, version: str) -> Plan:
    plan, problem, _ = on.plan(Offer("a", "install", [Package("windows_update", update.product, version)]))
    assert plan is not None, problem
    return plan


@pytest.mark.parametrize(
    ("kind", "updates"),
    [
        ("kiosk", [FRAMEWORK, WEBVIEW]),
        ("cad", [FRAMEWORK, WEBVIEW, DISPLAY_DRIVER]),
        ("dc", [FRAMEWORK, SERVER_CUMULATIVE]),
    ],
)
def test_each_kind_is_offered_what_is_meant_for_it(kind: str, updates: list[SimUpdate]) -> None:
    assert machine(kind).pending() == updates


def test_a_plan_names_both_versions_its_origin_and_the_way_back() -> None:
    plan = planned(machine("workstation"), FRAMEWORK, FRAMEWORK.after)
    forward, back = plan.changes[0], plan.way_back[0]
    assert (forward.from_version, forward.to_version, forward.origin) == ("8.0.28", "8.0.29", "Microsoft")
    assert (back.from_version, back.to_version, back.origin) == ("8.0.29", "8.0.28", "kept")


def test_planning_changes_nothing_and_is_the_same_each_time() -> None:
    on = machine("workstation")
    before = on.state_digest()
    assert planned(on, FRAMEWORK, FRAMEWORK.after) == planned(on, FRAMEWORK, FRAMEWORK.after)
    assert on.state_digest() == before


def test_what_is_there_already_is_no_plan() -> None:
    on = machine("workstation")
    on.apply(planned(on, FRAMEWORK, FRAMEWORK.after))
    target = Package("windows_update", FRAMEWORK.product, FRAMEWORK.after)
    assert on.plan(Offer("a", "install", [target])) == (None, "", True)


def test_what_is_unknown_is_a_problem_in_words() -> None:
    on = machine("dc")
    for name, version in ((WEBVIEW.product, WEBVIEW.after), (FRAMEWORK.product, "9.9")):
        plan, problem, satisfied = on.plan(Offer("a", "install", [Package("windows_update", name, version)]))
        assert (plan, satisfied, name in problem) == (None, False, True)


def test_only_the_harmed_kind_is_harmed() -> None:
    kiosk, desk = machine("kiosk"), machine("workstation")
    for each in (kiosk, desk):
        each.apply(planned(each, WEBVIEW, WEBVIEW.after))
    assert [each.probe("service:*").outcome for each in (kiosk, desk)] == ["fail", "pass"]


def test_a_reboot_gives_a_new_boot_id_and_clears_what_waited() -> None:
    on = machine("dc")
    on.apply(planned(on, SERVER_CUMULATIVE, SERVER_CUMULATIVE.after))
    waited, boot_id = on.reboot_pending, on.boot_id
    on.restart()
    assert (waited, on.reboot_pending, on.boot_id == boot_id) == (True, False, False)


def test_the_digest_follows_packages_and_pending_reboots() -> None:
    on = machine("dc")
    digests = [on.state_digest()]
    on.apply(planned(on, SERVER_CUMULATIVE, SERVER_CUMULATIVE.after))
    digests.append(on.state_digest())
    on.restart()
    digests.append(on.state_digest())
    assert len(set(digests)) == 3


def test_a_probe_of_another_platform_is_unknown_rather_than_passed() -> None:
    assert machine("dc").probe("tcp:443").outcome == "unknown"
