"""A simulated device keeps what the agent's driver promises: over the real wire, with real signatures and permits."""

import pytest

from patchring.sim.catalogue import FRAMEWORK, SERVER_CUMULATIVE, WEBVIEW
from patchring.sim.faults import FaultRates
from tests.sim.server import OneTenant, device_of, offer, until

pytestmark = pytest.mark.anyio

INSTALLED = ["received", "ready", "started", "installed", "finished"]


@pytest.fixture
def server() -> OneTenant:
    return OneTenant()


async def test_it_scans_when_its_packages_change_and_then_no_more(server: OneTenant) -> None:
    async with device_of(server, "workstation") as device:
        await until(lambda: len(server.scans()) == 1)
        names = {update["title"] for update in server.scans()[0]["updates"]}
        assert names == {u.title for u in device.machine.pending()}
        await until(lambda: device.disk.kept.acknowledged_digest == device.machine.state_digest())
    assert len(server.scans()) == 1


async def test_an_offer_is_installed_after_a_permit_and_told_step_by_step(server: OneTenant) -> None:
    wanted = offer("framework", probes=["service:Spooler"])
    server.offers = [wanted]
    async with device_of(server, "workstation") as device:
        await until(lambda: server.said(wanted.action_id)[-1:] == ["finished"])
        assert server.said(wanted.action_id) == INSTALLED
        assert device.machine.installed[FRAMEWORK.product] == FRAMEWORK.after
        assert FRAMEWORK.title not in {update["title"] for update in server.scans()[-1]["updates"]}
    assert server.permit_count == 1


async def test_without_a_permit_nothing_is_touched(server: OneTenant) -> None:
    wanted = offer("framework")
    server.offers, server.deny = [wanted], True
    async with device_of(server, "workstation") as device:
        await until(lambda: device.disk.kept.job is not None and device.disk.kept.job.detail.startswith("no permit"))
        assert device.machine.installed[FRAMEWORK.product] == FRAMEWORK.before
        assert server.said(wanted.action_id) == ["received", "ready"]


async def test_harm_shows_in_the_probes_and_the_way_back_heals(server: OneTenant) -> None:
    wanted = offer("webview", probes=["service:KioskShell"])
    server.offers = [wanted]
    async with device_of(server, "kiosk") as device:
        await until(lambda: server.said(wanted.action_id)[-1:] == ["finished"])
        last = max(server.reports.values(), key=lambda report: report.sequence).body
        outcomes = [(p["probe"], p["outcome"]) for p in (*last["probes_before"], *last["probes_after"])]
        assert outcomes == [("service:KioskShell", "pass"), ("service:KioskShell", "fail")]
        back = offer("webview", "downgrade", probes=["service:KioskShell"])
        server.offers = [back]
        await until(lambda: server.said(back.action_id)[-1:] == ["finished"])
        assert (device.machine.installed[WEBVIEW.product], device.machine.stopped) == (WEBVIEW.before, set())


async def test_a_reboot_is_a_new_boot_and_ends_what_waited_for_it(server: OneTenant) -> None:
    install, reboot = offer("server"), offer("server", "reboot")
    server.offers = [install]
    async with device_of(server, "dc") as device:
        before = device.machine.boot_id
        await until(lambda: server.said(install.action_id)[-1:] == ["finished"])
        assert server.scans()[-1]["reboot_pending"] is True
        server.offers = [reboot]
        await until(lambda: server.said(reboot.action_id)[-1:] == ["finished"])
        assert server.said(reboot.action_id) == ["received", "ready", "started", "rebooting", "finished"]
        assert device.machine.boot_id != before
        await until(lambda: server.scans()[-1]["reboot_pending"] is False)
        assert device.machine.installed[SERVER_CUMULATIVE.product] == SERVER_CUMULATIVE.after


@pytest.mark.parametrize("seed", range(6))
async def test_kills_and_lost_messages_lose_nothing_and_do_nothing_twice(server: OneTenant, seed: int) -> None:
    wanted = offer("framework", probes=["service:Spooler"])
    server.offers = [wanted]
    rates = FaultRates(request_lost=0.15, answer_lost=0.15, agent_killed=0.08)
    async with device_of(server, "workstation", rates, seed) as device:
        await until(lambda: server.said(wanted.action_id)[-1:] == ["finished"])
        told = server.said(wanted.action_id)
        assert [told.count(word) for word in ("started", "installed", "finished")] == [1, 1, 1]
        assert device.machine.installed[FRAMEWORK.product] == FRAMEWORK.after
    sequences = [report.sequence for report in server.reports.values()]
    assert len(set(sequences)) == len(sequences)


async def test_a_session_that_ended_is_renewed_by_a_signature(server: OneTenant) -> None:
    wanted = offer("framework")
    async with device_of(server, "workstation"):
        await until(lambda: len(server.scans()) == 1)
        server.offers = [wanted]
        await until(lambda: server.said(wanted.action_id)[-1:] == ["finished"])
    assert server.session_count == 1
