"""Single behaviours of the loop, each as a short story of events."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from patchring.wire.messages import (
    CheckInAnswer,
    Offer,
    PermitAnswer,
    PermitRequest,
    Plan,
    ProbeResult,
    Reason,
    Receipt,
    ReportsAnswer,
)
from patchring_agent import loop
from patchring_agent.loop import Kept, Now, State, journal, phases, timing
from tests.agent.authority import DEVICE, TENANT, Authority
from tests.agent.world import install, reboot
from tests.wire.vectors import plan

AUTHORITY = Authority()
START = 1_760_000_000_000


class Story:
    """Drives the loop; `play` answers the pending effect and gives the next one."""

    def __init__(self, *offers: Offer, observe: bool = False, kept: Kept | None = None) -> None:
        self.offers, self.boot_ms, self.boot = list(offers), 1_000, "boot-1"
        known = kept or Kept(loop.Identity(TENANT, DEVICE, AUTHORITY.pinned), refreshed_at_ms=START)
        self.state = State(known, observe)
        self.effect: Any = None
        self.play(loop.Restarted(self.boot, scan_held=True))

    def play(self, event: Any, after_ms: int = 100) -> Any:
        self.boot_ms += after_ms
        self.state, self.effect = loop.step(self.state, event, Now(START + self.boot_ms, self.boot_ms))
        return self.effect

    def check_in(self, digest: str = "d1", **more: Any) -> Any:
        answer = CheckInAnswer(60, START, more.get("scan_wanted", False), self.offers)
        return self.play(loop.CheckInAnswered(answer, digest))

    def acknowledge(self) -> Any:
        """Accepts reports, and makes scans and refreshes, as long as the loop asks for that."""
        while isinstance(self.effect, (loop.SendReports, loop.Scan, loop.Refresh)):
            if isinstance(self.effect, loop.SendReports):
                receipts = [Receipt(entry.report_id, "accepted") for entry in self.effect.entries]
                self.play(loop.ReportsAnswered(ReportsAnswer(receipts)))
            elif isinstance(self.effect, loop.Scan):
                self.play(loop.Scanned("d1", START + self.boot_ms, False))
            else:
                self.play(loop.Refreshed("d1"))
        return self.effect

    def to_ready(self) -> Any:
        """From the first check-in to the permit request."""
        self.check_in()
        self.acknowledge()
        while not isinstance(self.effect, (loop.AskPermit, loop.Sleep)):
            if isinstance(self.effect, loop.Download):
                self.play(loop.Downloaded())
            elif isinstance(self.effect, loop.MakePlan):
                self.play(loop.PlanMade(plan()))
            elif isinstance(self.effect, loop.RunProbes):
                self.play(loop.ProbesDone([ProbeResult(p, "pass") for p in self.effect.probes]))
            self.acknowledge()
        return self.effect

    def request(self, nonce: str = "ab" * 16) -> PermitRequest:
        offer, wanted = self.effect.offer, self.effect.plan
        number = self.effect.number
        return PermitRequest(TENANT, DEVICE, offer.action_id, offer.action, nonce, number, START, self.boot, wanted, "")

    def permit(self, lifetime_s: int = 60, took_ms: int = 100) -> Any:
        request, sent = self.request(), self.boot_ms
        answer = AUTHORITY.answer(request, "permit-1", lifetime_s)
        return self.play(loop.PermitAnswered(request, answer, sent), took_ms)

    def deny(self, retry_after_s: int) -> Any:
        answer = PermitAnswer(None, [], [Reason("closed", "the window is closed")], retry_after_s)
        return self.play(loop.PermitAnswered(self.request(), answer, self.boot_ms))

    def told(self) -> list[str]:
        return [entry.body["state"] for entry in self.state.kept.journal]

    @property
    def phase(self) -> str:
        return self.state.kept.job.phase if self.state.kept.job is not None else ""


def test_the_good_way_in_full() -> None:
    story = Story(install(1, "app=1.1"))
    assert story.effect == loop.SendCheckIn("", 0, "")
    assert isinstance(story.to_ready(), loop.AskPermit)
    assert story.phase == phases.ASKING
    assert story.permit() == loop.MakePlan(story.offers[0])
    act = story.play(loop.PlanMade(plan()))
    assert isinstance(act, loop.Act)
    assert (act.permit_id, act.plan) == ("permit-1", plan())
    story.play(loop.ActStarted())
    story.acknowledge()
    assert isinstance(story.effect, loop.Await)
    story.play(loop.Acted(loop.Outcome("all", True, 0, changes=plan().changes)))
    story.acknowledge()
    assert story.effect == loop.RunProbes(["unit:app.service"], 30)
    story.play(loop.ProbesDone([ProbeResult("unit:app.service", "pass")]))
    assert story.told() == ["finished"]
    story.acknowledge()
    assert story.effect == loop.SendCheckIn("d1", 0, "")
    assert (story.state.kept.job, story.state.kept.settled) == (None, ["action-1"])


def test_the_lifetime_runs_from_before_the_request_was_sent() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit(lifetime_s=60, took_ms=59_000)
    assert story.phase == phases.PERMITTED
    story.play(loop.PlanMade(plan()), after_ms=1_000)
    assert story.phase == phases.READY
    assert story.told() == ["not_started"]


def test_a_lower_lifetime_is_kept_to() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit(lifetime_s=5, took_ms=5_000)
    assert story.told() == ["not_started"]


def test_a_changed_plan_is_planned_anew_before_anything_is_asked_again() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit()
    other = replace(plan(), changes=[replace(plan().changes[0], sha256="0" * 64)])
    story.play(loop.PlanMade(other))
    assert (story.phase, story.told()) == (phases.RECEIVED, ["not_started"])
    story.acknowledge()
    assert isinstance(story.effect, loop.Download)


def test_versions_of_root_and_policy_only_rise() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit()
    assert (story.state.kept.root, story.state.kept.policy_version) == (AUTHORITY.root, 7)
    story.play(loop.PlanMade(None, "gone"))
    story.acknowledge()
    story.to_ready()
    request = story.request()
    older = AUTHORITY.with_policy_version(6).answer(request)
    story.play(loop.PermitAnswered(request, older, story.boot_ms))
    assert story.state.kept.journal[-1].body["detail"].startswith("permit refused: policy_older")


def test_a_job_that_waits_for_its_permit_makes_room_for_another() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.deny(3_600)
    assert isinstance(story.effect, loop.Sleep)
    remedy = replace(install(2, "app=1.0"), action="downgrade")
    story.offers.append(remedy)
    story.check_in()
    job = story.state.kept.job
    assert job is not None
    assert (job.offer, [w.offer.action_id for w in story.state.kept.waiting]) == (remedy, ["action-1"])


def test_what_is_no_longer_offered_is_dropped_with_the_proof_and_may_come_back() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.deny(3_600)
    story.offers.clear()
    story.check_in()
    assert (story.state.kept.job, story.told()) == (None, ["not_started"])
    story.offers.append(install(1, "app=1.1"))
    story.acknowledge()
    story.check_in()
    assert story.told() == ["received"]


def test_what_has_begun_goes_on_though_it_is_no_longer_offered() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit()
    story.play(loop.PlanMade(plan()))
    story.play(loop.ActStarted())
    story.acknowledge()
    story.offers.clear()
    story.check_in()
    assert story.phase == phases.RUNNING


def test_an_offer_that_changed_is_prepared_anew() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.deny(3_600)
    story.offers[0] = install(1, "app=1.2")
    story.check_in()
    assert isinstance(story.effect, loop.Download)
    assert story.effect.offer == story.offers[0]


def test_an_observing_agent_says_so_once() -> None:
    story = Story(install(1, "app=1.1"), observe=True)
    story.check_in()
    assert story.told() == ["not_started"]
    story.acknowledge()
    story.check_in()
    assert (story.told(), story.state.kept.job) == ([], None)


@pytest.mark.parametrize("offer", [replace(install(1, "app=1.1"), action="run"), replace(reboot(1), action="install")])
def test_what_an_agent_cannot_do_it_refuses_once(offer: Offer) -> None:
    story = Story(offer)
    story.check_in()
    assert story.told() == ["not_started"]
    assert story.state.kept.journal[0].body["detail"].startswith("this agent cannot do ")
    assert story.state.kept.settled == ["action-1"]


def test_an_offer_that_cannot_be_prepared_fails_after_three_tries() -> None:
    story = Story(install(1, "app=1.1"))
    story.check_in()
    waits = []
    for _ in range(3):
        story.acknowledge()
        if isinstance(story.effect, loop.Sleep):
            waits.append(story.effect.until_boot_ms - story.boot_ms)
            story.state = replace(story.state, check_in_due=10**9)
            job = story.state.kept.job
            assert job is not None
            story.play(loop.TimerDue(), job.retry_boot_ms - story.boot_ms)
        story.play(loop.Downloaded("404 not found"))
    assert story.told()[-1] == "failed"
    assert story.state.kept.journal[-1].body["detail"] == "could not be prepared: 404 not found"


def test_what_is_installed_already_needs_no_permit() -> None:
    story = Story(
        install(
            1,
            "app=1.1",
        ),
    )
    story.check_in()
    story.acknowledge()
    story.play(loop.Downloaded())
    story.play(loop.PlanMade(None, satisfied=True))
    assert story.told() == ["installed"]
    assert story.phase == phases.SCANNING


def test_a_device_whose_boot_id_never_changes_does_not_reboot_for_ever() -> None:
    story = Story(reboot(1))
    story.to_ready()
    asked = 0
    story.permit()
    for _ in range(6):
        asked += isinstance(story.effect, loop.Reboot)
        story = Story(kept=story.state.kept)
    assert asked == 2
    for _ in range(3):
        story.play(loop.TimerDue(), 400_000)
    assert story.told()[-2:] == ["started", "failed"]


def test_a_reboot_is_finished_in_the_next_boot() -> None:
    story = Story(reboot(1))
    story.to_ready()
    assert isinstance(story.permit(), loop.Reboot)
    after = Story.__new__(Story)
    after.__dict__.update(story.__dict__, boot="boot-2", boot_ms=500)
    after.play(loop.Restarted("boot-2", scan_held=True))
    assert after.told() == ["started", "rebooting"]
    assert after.phase == phases.SCANNING


def test_more_than_five_boots_end_an_action() -> None:
    story = Story(install(1, "app=1.1"))
    story.to_ready()
    story.permit()
    story.play(loop.PlanMade(plan()))
    story.play(loop.ActStarted())
    for number in range(2, 8):
        story.boot, story.boot_ms = f"boot-{number}", 0
        story.play(loop.Restarted(story.boot))
    assert story.told()[-2:] == ["failed", "finished"]
    assert story.state.kept.journal[-1].body["detail"].startswith("the device booted 6 times during this action")


def test_a_request_that_is_refused_whole_is_cut_into_single_reports() -> None:
    story = Story(install(1, "app=1.1"))
    story.check_in()
    story.play(loop.ServerUnreachable("away"))
    story.play(loop.Scanned("d1", START + 5, False))
    first = story.play(loop.TimerDue(), 3_600_000)
    assert isinstance(first, loop.SendReports)
    assert [entry.kind for entry in first.entries] == ["progress", "scan"]
    ids = [entry.report_id for entry in first.entries]
    assert [e.report_id for e in story.play(loop.ReportsRefused(ids, "too large")).entries] == ids[:1]
    story.play(loop.ReportsRefused(ids[:1], "malformed"))
    assert [(e.report_id, e.refused) for e in story.state.kept.journal] == [(ids[0], "malformed")]
    assert [e.report_id for e in story.effect.entries] == ids[1:]


def test_a_refused_report_is_offered_again_after_a_restart() -> None:
    story = Story(install(1, "app=1.1"))
    story.check_in()
    story.play(loop.ReportsRefused([story.effect.entries[0].report_id], "malformed"))
    again = Story(kept=story.state.kept)
    assert isinstance(again.effect, loop.SendReports)
    assert again.effect.entries[0].body["state"] == "received"


def test_a_scan_is_made_when_the_digest_changed_or_one_is_wanted_and_not_otherwise() -> None:
    story = Story()
    assert isinstance(story.check_in("d1"), loop.Scan)
    assert isinstance(story.acknowledge(), loop.Sleep)
    assert isinstance(story.check_in("d1"), loop.Sleep)
    assert isinstance(story.check_in("d2"), loop.Scan)
    story.play(loop.Scanned("d2", START + story.boot_ms, False))
    story.acknowledge()
    assert isinstance(story.check_in("d2", scan_wanted=True), loop.Refresh)
    assert isinstance(story.play(loop.Refreshed("d2")), loop.Scan)


def test_a_fetch_slower_than_the_check_ins_does_not_keep_the_scan_from_coming() -> None:
    """The server goes on wanting a scan until it has one: the indexes are fetched once for it, then it is made."""
    story = Story()
    story.check_in("d1")
    story.acknowledge()
    assert isinstance(story.check_in("d1", scan_wanted=True), loop.Refresh)
    assert isinstance(story.play(loop.Refreshed("d2"), after_ms=90_000), loop.SendCheckIn)
    assert isinstance(story.check_in("d2", scan_wanted=True), loop.Scan)
    story.play(loop.Scanned("d2", START + story.boot_ms, False))
    story.acknowledge()
    assert isinstance(story.check_in("d2", scan_wanted=True), loop.Refresh)


def test_a_full_journal_takes_no_new_work() -> None:
    story = Story(install(1, "app=1.1"))
    entry = loop.Entry("r", 1, "progress", 0, {"state": "x", "action_id": "y"}, refused="no")
    full = replace(story.state.kept, journal=[entry] * journal.ENTRIES_MAX)
    story.state = replace(story.state, kept=full)
    story.check_in()
    assert (story.state.kept.job, len(story.state.kept.journal)) == (None, journal.ENTRIES_MAX)


def test_report_ids_are_uuid7_of_their_instant() -> None:
    story = Story(install(1, "app=1.1"))
    story.check_in()
    entry = story.state.kept.journal[0]
    digits = entry.report_id.replace("-", "")
    assert (int(digits[:12], 16), digits[12], digits[16] in "89ab") == (entry.made_at_ms, "7", True)


def test_back_off_doubles_to_ten_minutes_and_is_spread() -> None:
    waits = [timing.back_off_ms(count, 0, "device") for count in range(1, 12)]
    for count, wait in enumerate(waits):
        base = min(5_000 * 2**count, 600_000)
        assert base * 0.5 <= wait <= base * 1.5
    assert len({timing.back_off_ms(3, 0, f"device-{n}") for n in range(50)}) > 40
    assert timing.back_off_ms(1, 90, "device") >= 90_000


@pytest.mark.parametrize(("said", "kept_ms"), [(0, 1_000), (-5, 1_000), (30, 30_000), (10**9, 86_400_000)])
def test_the_servers_interval_is_kept_within_bounds(said: int, kept_ms: int) -> None:
    assert timing.check_in_ms(said) == kept_ms


def test_a_move_that_the_table_does_not_have_is_a_bug() -> None:
    with pytest.raises(AssertionError, match="no move from received to running"):
        phases.move(loop.Job(install(1, "app=1.1"), phases.RECEIVED), phases.RUNNING)


def test_plans_without_changes_are_not_acted_on() -> None:
    story = Story(install(1, "app=1.1"))
    story.check_in()
    story.acknowledge()
    story.play(loop.Downloaded())
    story.play(loop.PlanMade(Plan("apt", [])))
    assert story.phase == phases.RECEIVED


def test_a_repository_that_cannot_be_read_is_told_and_tried_again_sooner() -> None:
    story = Story(kept=Kept(loop.Identity(TENANT, DEVICE, AUTHORITY.pinned), scanned_digest="d1"))
    story.check_in("d1")
    assert isinstance(story.effect, loop.Refresh)
    assert isinstance(story.play(loop.Refreshed("d1", "no answer")), loop.Scan)
    story.play(loop.Scanned("d1", START + story.boot_ms, False))
    story.acknowledge()
    story.state = replace(story.state, check_in_due=10**9)
    slept = story.play(loop.TimerDue())
    assert 890_000 < slept.until_boot_ms - story.boot_ms <= 900_000
    assert isinstance(story.play(loop.TimerDue(), 900_000), loop.Refresh)
    assert isinstance(story.play(loop.Refreshed("d1", "no answer")), loop.Sleep)
    assert 1_790_000 < story.effect.until_boot_ms - story.boot_ms <= 1_800_000
