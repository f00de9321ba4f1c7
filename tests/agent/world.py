"""A device, a server and a disk as plain values, with an executor of effects that loses, repeats and kills.

`World.run` drives the pure loop through a chaotic part, in which fate is drawn for every effect, and a calm part at
its end. The rules that must never be broken are asserted where they would be broken; `verdict` asserts the rest.
"""

from __future__ import annotations

import json
import random
from dataclasses import replace
from types import ModuleType
from typing import Any

from patchring.wire.authority import plan_digest
from patchring.wire.codec import decode, encode
from patchring.wire.messages import (
    Change,
    CheckInAnswer,
    Offer,
    Package,
    PermitAnswer,
    PermitRequest,
    Plan,
    ProbeResult,
    Reason,
    Receipt,
    ReportsAnswer,
)
from patchring_agent import loop as real_loop
from tests.agent.authority import DEVICE, TENANT, Authority

LIFETIME_S = 60


class Crashed(Exception):
    """The agent is gone: what was not on disk is forgotten."""


class World:
    def __init__(self, chance: random.Random, offers: list[Offer], loop: ModuleType = real_loop) -> None:
        self.chance = chance
        self.loop = loop
        self.authority = Authority()
        self.calm = False
        self.boot, self.boot_ms, self.wall_ms = 1, 1_000, 1_760_000_000_000
        self.versions = {"app": "1.0", "lib": "1.0"}
        self.half = ""
        self.beyond_repair = chance.random() < 0.1
        self.published = 0
        self.transaction: dict[str, Any] | None = None
        self.begun: dict[str, int] = {}
        self.reboots = 0
        self.offers = list(offers)
        self.permits: dict[str, dict[str, Any]] = {}
        self.reports: dict[str, Any] = {}
        self.scan_held = False
        kept = loop.Kept(loop.Identity(TENANT, DEVICE, self.authority.pinned))
        self.disk = json.dumps(encode(kept))

    # --- the driver ---------------------------------------------------------------------------------------------

    def run(self, chaotic_steps: int, calm_steps: int = 600) -> None:
        """Until the calm world has nothing more to do."""
        total, idle, state, effect = 0, 0, None, None
        while total < chaotic_steps + calm_steps and idle < 6:
            try:
                state, effect = self.start()
                while total < chaotic_steps + calm_steps and idle < 6:
                    total += 1
                    self.calm = total > chaotic_steps
                    event = self.carry_out(effect)
                    idle = idle + 1 if self.calm and self.quiet(state, effect) else idle * self.rests(state)
                    state, effect = self.step(state, event)
                    if self.chance.random() < 0.1 and not self.calm:
                        state, effect = self.step(state, event)
            except Crashed:
                continue
        assert idle >= 6, f"the agent never came to rest; it was at {effect} in {state}"

    def quiet(self, state: Any, effect: Any) -> bool:
        return isinstance(effect, self.loop.Sleep) and self.rests(state) == 1

    def rests(self, state: Any) -> int:
        return int(state.kept.job is None and not state.kept.journal)

    def start(self) -> tuple[Any, Any]:
        state = self.loop.State(decode(self.loop.Kept, json.loads(self.disk)), refresh_interval_s=0)
        self.scan_held = self.scan_held and self.fate(0.5, 0.5) == 0
        return self.step(state, self.loop.Restarted(f"boot-{self.boot}", self.scan_held))

    def step(self, state: Any, event: Any) -> tuple[Any, Any]:
        after, effect = self.loop.step(state, event, self.now())
        if isinstance(effect, self.loop.Act):
            assert self.boot_ms < effect.deadline_boot_ms, "asked to act after the permit's lifetime"
        if after.kept != state.kept:
            self.maybe_crash(0.03)
            self.disk = json.dumps(encode(after.kept))
            self.maybe_crash(0.03)
        return after, effect

    def now(self) -> Any:
        return self.loop.Now(self.wall_ms, self.boot_ms)

    def pass_time(self, milliseconds: int) -> None:
        self.boot_ms += milliseconds
        self.wall_ms += milliseconds
        if self.transaction is not None:
            self.transaction["left_ms"] -= milliseconds
            if self.transaction["left_ms"] <= 0:
                self.complete()

    def fate(self, *weights: float) -> int:
        """0 is what a calm world does."""
        return 0 if self.calm else self.chance.choices(range(len(weights)), weights)[0]

    def maybe_crash(self, share: float) -> None:
        """The agent dies alone, or the whole device loses power."""
        fate = self.fate(1 - share, share / 2, share / 2)
        if fate == 2:
            self.power_cut()
        if fate:
            raise Crashed

    def power_cut(self) -> None:
        if self.transaction is not None:
            done = self.chance.choice(["nothing", "half", "part", "all"])
            changes = self.transaction["plan"].changes
            if done == "half":
                self.half = changes[0].package
            for change in changes[: {"nothing": 0, "half": 0, "part": 1, "all": len(changes)}[done]]:
                self.versions[change.package] = change.to_version
            self.transaction = None
        self.boot += 1
        self.boot_ms = 1_000

    def complete(self) -> None:
        assert self.transaction is not None
        if self.transaction["fails"]:
            self.half = self.transaction["plan"].changes[0].package
        else:
            for change in self.transaction["plan"].changes:
                self.versions[change.package] = change.to_version
        self.transaction = None

    # --- effects ------------------------------------------------------------------------------------------------

    def carry_out(self, effect: Any) -> Any:
        self.maybe_crash(0.04)
        event = getattr(self, f"do_{type(effect).__name__}")(effect)
        self.maybe_crash(0.04)
        return event

    def reaches_server(self) -> int:
        """0 there and back, 1 lost on the way there, 2 lost on the way back."""
        self.pass_time([200, 900, 9_000, 70_000][self.fate(0.85, 0.1, 0.04, 0.01)])
        return self.fate(0.8, 0.1, 0.1)

    def unreachable(self, way: int) -> Any:
        return self.loop.ServerUnreachable("no answer", may_have_arrived=way == 2)

    def do_SendCheckIn(self, effect: Any) -> Any:
        way = self.reaches_server()
        if way:
            return self.unreachable(way)
        if self.fate(0.9, 0.1):
            hidden = self.chance.choice(self.offers) if self.offers else None
            listed = [o for o in self.live_offers() if o is not hidden]
        else:
            listed = self.live_offers()
        answer = CheckInAnswer(self.chance.randint(1, 60), self.wall_ms, self.fate(0.9, 0.1) == 1, listed)
        return self.loop.CheckInAnswered(answer, self.digest())

    def digest(self) -> str:
        return json.dumps([self.versions, self.half], sort_keys=True)

    def live_offers(self) -> list[Offer]:
        return [o for o in self.offers if "finished" not in self.states_of(o.action_id)]

    def do_SendReports(self, effect: Any) -> Any:
        way = self.reaches_server()
        if way == 1:
            return self.unreachable(1)
        receipts = []
        taken = effect.entries[: self.chance.randint(1, 20)] if self.fate(0.8, 0.2) else effect.entries
        for entry in taken:
            assert entry.kind != "scan" or self.scan_held, "a scan was to be sent whose body is gone"
            repeated = entry.report_id in self.reports
            self.reports[entry.report_id] = entry
            if entry.kind == "progress" and entry.body["state"] in ("not_started", "installed", "failed", "finished"):
                self.settle(entry.body["action_id"])
            receipts.append(Receipt(entry.report_id, "repeated" if repeated else "accepted"))
        return self.unreachable(2) if way else self.loop.ReportsAnswered(ReportsAnswer(receipts))

    def settle(self, action_id: str) -> None:
        for permit in self.permits.values():
            if permit["action_id"] == action_id:
                permit["live"] = False

    def do_AskPermit(self, effect: Any) -> Any:
        sent = self.boot_ms
        nonce = f"{self.chance.getrandbits(128):032x}"
        request = PermitRequest(
            TENANT,
            DEVICE,
            effect.offer.action_id,
            effect.offer.action,
            nonce,
            effect.number,
            self.wall_ms,
            f"boot-{self.boot}",
            effect.plan,
            "",
        )
        way = self.reaches_server()
        if way == 1:
            return self.unreachable(1)
        answer = self.grant(request, sent)
        return self.unreachable(2) if way else self.loop.PermitAnswered(request, answer, sent)

    def grant(self, request: PermitRequest, sent: int) -> PermitAnswer:
        """At most one live permit for the device, and none for an action that already began."""
        if any(p["live"] for p in self.permits.values()):
            return PermitAnswer(None, [], [Reason("permit_live", "a permit is live")], 5)
        if self.fate(0.9, 0.1):
            return PermitAnswer(None, [], [Reason("window_closed", "closed")], self.chance.choice([0, 1, 7200]))
        permit_id = f"permit-{len(self.permits)}"
        self.permits[permit_id] = {
            "action_id": request.action_id,
            "digest": plan_digest(request.plan),
            "until": sent + LIFETIME_S * 1000,
            "boot": self.boot,
            "live": True,
        }
        authority = Authority(50) if self.fate(0.95, 0.05) else self.authority
        return authority.answer(request, permit_id)

    def do_Refresh(self, effect: Any) -> Any:
        return self.loop.Refreshed(self.digest(), "" if self.fate(0.8, 0.2) == 0 else "no repository")

    def do_Scan(self, effect: Any) -> Any:
        assert self.transaction is None, "a scan while a transaction runs"
        if self.fate(0.9, 0.1):
            return self.loop.ScanFailed("the lists are unreadable")
        self.scan_held = True
        return self.loop.Scanned(self.digest(), self.wall_ms, False)

    def do_Download(self, effect: Any) -> Any:
        self.pass_time(500)
        return self.loop.Downloaded("" if self.fate(0.9, 0.1) == 0 else "404 not found")

    def plan(self, offer: Offer) -> Plan:
        changes = [
            Change(p.name, "amd64", self.versions[p.name], p.version, "Lab", "Lab", "lab", f"{self.published + i:064x}")
            for i, p in enumerate(offer.packages)
            if self.versions[p.name] != p.version
        ]
        return Plan("apt", changes)

    def do_MakePlan(self, effect: Any) -> Any:
        self.pass_time([300, 30_000][self.fate(0.9, 0.1)])
        self.published += self.fate(0.9, 0.1)
        if self.fate(0.95, 0.05):
            return self.loop.PlanMade(None, "unmet dependencies")
        plan = self.plan(effect.offer)
        return self.loop.PlanMade(plan, satisfied=not plan.changes)

    def do_RunProbes(self, effect: Any) -> Any:
        return self.loop.ProbesDone([ProbeResult(p, "pass") for p in effect.probes])

    def do_Act(self, effect: Any) -> Any:
        if self.boot_ms >= effect.deadline_boot_ms or self.fate(0.95, 0.05):
            return self.loop.ActLapsed("the lifetime was over")
        self.check_permit(effect.permit_id, effect.offer.action_id, plan_digest(effect.plan))
        assert effect.plan == self.plan(effect.offer), "acted on a plan that is not the one of now"
        action_id = effect.offer.action_id
        assert action_id not in self.begun, f"{action_id} was begun twice"
        self.begun[action_id] = self.boot_ms
        self.last_plan = effect.plan
        fails = self.fate(0.8, 0.2) == 1
        left = self.chance.randint(1, 20_000)
        self.transaction = {"plan": effect.plan, "left_ms": left, "action_id": action_id, "fails": fails}
        return self.loop.ActStarted()

    def check_permit(self, permit_id: str, action_id: str, digest: str) -> None:
        permit = self.permits[permit_id]
        assert permit["action_id"] == action_id, "acted on the permit of another action"
        assert permit["digest"] == digest, "acted on another plan than was permitted"
        assert permit["boot"] == self.boot, "acted on a permit of another boot"
        assert self.boot_ms < permit["until"], "acted after the permit's lifetime"

    def do_Await(self, effect: Any) -> Any:
        if self.transaction is None:
            return self.loop.Acted(self.outcome(self.last_plan))
        left = self.transaction["left_ms"]
        self.pass_time(min(left, max(effect.until_boot_ms - self.boot_ms, 1)))
        if self.transaction is not None:
            return self.loop.TimerDue()
        return self.loop.Acted(self.outcome(self.last_plan))

    def outcome(self, plan: Plan) -> Any:
        reached = [c for c in plan.changes if self.versions[c.package] == c.to_version]
        word = "all" if len(reached) == len(plan.changes) else "part" if reached else "none"
        return self.loop.Outcome(word, not self.half, 0, changes=reached)

    def do_Repair(self, effect: Any) -> Any:
        if self.transaction is not None:
            self.pass_time(self.transaction["left_ms"])
        self.pass_time(2_000)
        if self.half:
            for change in effect.plan.changes:
                if change.package == self.half:
                    self.versions[change.package] = change.to_version
            self.half = self.half if self.beyond_repair or self.fate(0.7, 0.3) else ""
        begun = effect.offer.action_id in self.begun
        return self.loop.Repaired(self.outcome(effect.plan), begun)

    def do_Reboot(self, effect: Any) -> Any:
        if self.boot_ms >= effect.deadline_boot_ms:
            return self.loop.ActLapsed("the lifetime was over")
        action_ids = {p["action_id"] for p in self.permits.values() if p["boot"] == self.boot}
        assert any(self.boot_ms < p["until"] and p["boot"] == self.boot for p in self.permits.values()), action_ids
        self.reboots += 1
        if self.fate(0.6, 0.4) == 0:
            self.power_cut()
            raise Crashed
        return self.loop.RebootRequested()

    def do_Sleep(self, effect: Any) -> Any:
        assert effect.until_boot_ms > self.boot_ms, "a sleep that is over before it begins"
        self.pass_time(effect.until_boot_ms - self.boot_ms)
        return self.loop.TimerDue()

    # --- what must hold at the end ------------------------------------------------------------------------------

    def progress(self) -> list[Any]:
        entries = [e for e in self.reports.values() if e.kind == "progress"]
        return sorted(entries, key=lambda e: e.sequence)

    def states_of(self, action_id: str) -> list[str]:
        return [e.body["state"] for e in self.progress() if e.body["action_id"] == action_id]

    def verdict(self) -> None:
        sequences = [e.sequence for e in self.progress()]
        assert len(set(sequences)) == len(sequences), "two reports share a sequence number"
        for offer in self.offers:
            self.verdict_on(offer, self.states_of(offer.action_id))
        settled_by_report = {e.body["permit_id"] for e in self.progress()}
        for permit_id, permit in self.permits.items():
            assert not permit["live"], f"{permit_id} is still live; told were {settled_by_report}"

    def verdict_on(self, offer: Offer, told: list[str]) -> None:
        assert told.count("finished") == 1, f"{offer.action_id}: finished {told.count('finished')} times in {told}"
        assert told[-1] == "finished", f"{offer.action_id}: something came after finished in {told}"
        assert told.count("started") <= 1, told
        words = [w for w in told if w in ("installed", "failed")]
        if offer.action == "reboot":
            assert words in ([], ["failed"]), told
            return
        assert len(words) == 1, f"{offer.action_id}: {told}"
        if offer.action_id in self.begun:
            assert "started" in told, f"{offer.action_id} was begun and nobody was told: {told}"
            assert "not_started" not in told[told.index("started") :], told
        if words == ["installed"]:
            wanted = {p.name: p.version for p in offer.packages}
            assert {name: self.versions[name] for name in wanted} == wanted, (told, self.versions)


def install(number: int, *packages: str, probes: tuple[str, ...] = ("unit:app.service",)) -> Offer:
    """An offer of `name=version` texts."""
    wanted = [Package("apt", *text.split("=")) for text in packages]
    return Offer(f"action-{number}", "install", wanted, probes=list(probes))


def reboot(number: int) -> Offer:
    return Offer(f"action-{number}", "reboot", [], reboot="always")


__all__ = ["World", "install", "reboot", "replace"]
