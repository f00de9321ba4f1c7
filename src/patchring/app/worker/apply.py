"""Carries out what core's `reconcile` says, one action at a time. Each says whether it changed anything."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.gate.offering import NOT_GATED, Gated
from patchring.app.known_issues.proposing import propose_by_evidence
from patchring.app.releases import wake_other_releases
from patchring.app.rollouts import ENDED
from patchring.app.stops import patch_stop, place_stop, ring_stop, rollout_stop, tenant_stop
from patchring.app.work import Work
from patchring.app.worker.remedy import take_back
from patchring.app.worker.view import SILENT_AFTER, Loaded
from patchring.core.policy.model import HaltScope
from patchring.core.reason import Reason, as_json, reason
from patchring.core.rollout.actions import (
    Abandon,
    Action,
    Complete,
    FinishRemedy,
    Halt,
    Offer,
    OpenRing,
    PassRing,
    Remedy,
    Start,
    StartSoak,
    Wait,
    Withdraw,
)
from patchring.core.rollout.states import (
    DeviceState,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    ring_after,
    rollout_after,
)
from patchring.store import sql
from patchring.store.ids import new_id

# In these a rollout's own sentence says what it waits for; in the others it says what happened to it.
_TELLS_WAITS = frozenset({RolloutState.AWAITING_APPROVAL, RolloutState.RUNNING})


class Applier:
    """Keeps the states as they change from action to action of one answer."""

    def __init__(self, work: Work, loaded: Loaded, kept_back: Sequence[UUID] = (), gated: Gated = NOT_GATED) -> None:
        """`kept_back`: devices that are not offered the patch now; `gated`: the same by what the gate says."""
        self._work = work
        self._kept_back = list(kept_back)
        self._gated = gated
        self._loaded = loaded
        self._state = loaded.state
        self._rings = {ring["ring"]: RingState(ring["state"]) for ring in loaded.rings}
        self._key: dict[str, Any] = {"tenant_id": work.tenant_id, "rollout_id": loaded.rollout_id}

    async def step_aside(self) -> bool:
        """Take offers back that came before what keeps their devices back; whether there were any."""
        why = reason("kept_back_meanwhile", "an exception or a known issue came after the offer")
        changed = bool(self._kept_back) and await self._withdraw([why], self._kept_back)
        held = list(self._gated.held)
        return (bool(held) and await self._withdraw(self._gated.reasons, held)) or changed

    async def apply(self, action: Action) -> bool:
        match action:
            case Start():
                return await self._move(RolloutEvent.APPROVED, action.reasons, "rollout_started")
            case OpenRing():
                return await self._move_ring(action.ring, RingEvent.OPENED, action.reasons, "ring_opened")
            case Offer():
                return await self._offer(action)
            case StartSoak():
                return await self._soak(action)
            case PassRing():
                return await self._move_ring(action.ring, RingEvent.PASSED, action.reasons, "ring_passed")
            case Halt():
                return await self._halt(action)
            case Withdraw():
                return await self._withdraw(action.reasons)
            case Remedy():
                return await self._remedy(action)
            case FinishRemedy():
                await self._withdraw_rest()
                return await self._move(RolloutEvent.REMEDY_DONE, action.reasons, "rollout_rolled_back", keep=True)
            case Abandon():
                await self._withdraw_rest()
                event = RolloutEvent.REJECTED if self._awaits_approval else RolloutEvent.ABANDONED
                return await self._move(event, action.reasons, "rollout_abandoned")
            case Complete():
                return await self._move(RolloutEvent.FINISHED, action.reasons, "rollout_completed")
            case Wait():
                return await self._wait(action)

    @property
    def _awaits_approval(self) -> bool:
        return self._state is RolloutState.AWAITING_APPROVAL

    async def _move(self, event: RolloutEvent, reasons: Sequence[Reason], kind: str, keep: bool = False) -> bool:
        """`keep`: the reasons there were stay in front, so that the page still says why it came to this."""
        self._state = rollout_after(self._state, event)
        before = list(self._loaded.row["reasons"]) if keep else []
        change = {"state": self._state, "reasons": Jsonb([*before, *as_json(reasons)]), "at": self._work.now}
        await self._work.tx.execute(sql.rollouts.set_state, {**self._key, **change})
        if self._state in ENDED:
            self._work.wake("patch", self._loaded.row["patch_id"])
            await wake_other_releases(self._work, self._loaded.row["patch_id"])
        self._record(kind, reasons)
        return True

    async def _move_ring(
        self, ring: int, event: RingEvent, reasons: Sequence[Reason], kind: str, until: Any = None
    ) -> bool:
        self._rings[ring] = ring_after(self._rings[ring], event)
        change = {"ring": ring, "state": self._rings[ring], "reasons": Jsonb(as_json(reasons)), "at": self._work.now}
        await self._work.tx.execute(sql.rollouts.set_ring_state, {**self._key, **change, "soak_until_at": until})
        self._record(kind, reasons, ring=ring)
        if event is RingEvent.PASSED:
            await wake_other_releases(self._work, self._loaded.row["patch_id"])
        return True

    async def _soak(self, action: StartSoak) -> bool:
        return await self._move_ring(
            action.ring, RingEvent.SOAK_STARTED, action.reasons, "ring_soak_started", action.until_at
        )

    async def _offer(self, action: Offer) -> bool:
        """The next devices of the ring in their order. Segments that are held meanwhile, or gone, and devices
        that are kept back are left out."""
        policy, patch = self._loaded.policy, self._loaded.assessment.patch
        known = {name for ring in self._loaded.rings for name in ring["segments"]}
        rules = [
            {"segment": rule.name, "probes": list(rule.probes), "reboot": rule.reboot.value}
            for rule in policy.segments
            if rule.name in self._loaded.assessment.going
        ]
        offer = {
            **self._key,
            "ring": action.ring,
            "patch_id": self._loaded.row["patch_id"],
            "segments_left_out": sorted(known - {rule["segment"] for rule in rules}),
            "devices_left_out": [*self._kept_back, *self._gated.held, *self._gated.slowed],
            "rules": Jsonb(rules),
            "action_ids": [new_id(self._work.now) for _ in range(action.count)],
            "heard_after": self._work.now - SILENT_AFTER,
            "provider": patch.provider,
            "name": patch.name,
            "version": patch.version,
            "title": patch.title,
            "reasons": Jsonb(as_json(action.reasons)),
            "at": self._work.now,
        }
        offered = await self._work.tx.execute(sql.rollouts.offer, offer)
        if offered:
            await self._shift(action.ring, DeviceState.WAITING, DeviceState.OFFERED, offered)
            self._record("patch_offered", action.reasons, ring=action.ring, device_count=offered)
        return offered > 0

    async def _withdraw(self, reasons: Sequence[Reason], device_ids: list[UUID] | None = None) -> bool:
        """Offers to these devices; None: to all."""
        given = {**self._key, "device_ids": device_ids, "reasons": Jsonb(as_json(reasons)), "at": self._work.now}
        rows = await self._work.tx.all(sql.rollouts.withdraw, given)
        for row in rows:
            await self._shift(row["ring"], DeviceState.OFFERED, DeviceState.WAITING, row["device_count"])
        if rows:
            self._record("offers_withdrawn", reasons, device_count=sum(row["device_count"] for row in rows))
        return bool(rows)

    async def _withdraw_rest(self) -> None:
        await self._work.tx.all(sql.rollouts.withdraw_rest, {**self._key, "at": self._work.now})

    async def _halt(self, action: Halt) -> bool:
        """The stop comes first: its lock waits for permits under way, and nothing that they need is held meanwhile."""
        work, patch = self._work, self._loaded.assessment.patch
        sentence = "; ".join(reason.text for reason in action.reasons)
        key = self._stop_key(action)
        public = action.scope is HaltScope.PATCH
        text = f"{patch.title or patch.patch_key} failed where it was installed first" if public else sentence
        await place_stop(work.tx, key, text, work.actor, work.now)
        await self._move(RolloutEvent.HALTED, action.reasons, "rollout_halted")
        if self._rings[action.ring] is not RingState.HALTED:
            await self._move_ring(action.ring, RingEvent.HALTED, action.reasons, "ring_halted")
        halted = {"halt_scope": action.scope.value, "halt_source": "failure"}
        await work.tx.execute(sql.rollouts.set_halt, {**self._key, **halted})
        await self._hold(sentence)
        await propose_by_evidence(work, self._loaded.rollout_id, patch)
        await wake_other_releases(work, self._loaded.row["patch_id"])
        work.wake("campaign", self._loaded.row["campaign_id"])
        return True

    async def _hold(self, sentence: str) -> None:
        """A patch that failed is not offered again, by this rollout or another, until a person releases it."""
        work, hold_id = self._work, new_id(self._work.now)
        row = {"tenant_id": work.tenant_id, "hold_id": hold_id, "patch_key": self._loaded.assessment.patch.patch_key}
        said = {"reason": sentence, "placed_by": work.actor, "at": work.now}
        if await work.tx.execute(sql.rollouts.add_hold, {**row, **said}):
            work.wake("patch", self._loaded.row["patch_id"])
            data = {"patch_key": row["patch_key"], "reason": sentence, "source": "incident"}
            work.record("hold_placed", "hold", hold_id, data, self._loaded.policy.fingerprint)

    def _stop_key(self, action: Halt) -> str:
        match action.scope:
            case HaltScope.RING:
                return ring_stop(self._loaded.rollout_id, action.ring)
            case HaltScope.ROLLOUT:
                return rollout_stop(self._loaded.rollout_id)
            case HaltScope.TENANT:
                return tenant_stop(self._work.tenant_id)
            case HaltScope.PATCH:
                return patch_stop(self._loaded.assessment.patch.patch_key)

    async def _remedy(self, action: Remedy) -> bool:
        started = self._state is RolloutState.HALTED
        if started:
            await self._move(RolloutEvent.REMEDY_STARTED, action.reasons, "rollback_started", keep=True)
        return await take_back(self._work, self._loaded, action.reasons) or started

    async def _wait(self, action: Wait) -> bool:
        """Say why it waits; that is no change that anything follows from."""
        said = Jsonb(as_json(action.reasons))
        if action.ring is not None:
            await self._work.tx.execute(
                sql.rollouts.set_ring_reasons, {**self._key, "ring": action.ring, "reasons": said}
            )
        if self._state in _TELLS_WAITS:
            await self._work.tx.execute(sql.rollouts.set_reasons, {**self._key, "reasons": said})
        return False

    async def _shift(self, ring: int, from_: DeviceState, to: DeviceState, count: int) -> None:
        moved = {"ring": ring, "from_state": from_, "to_state": to, "device_count": count}
        await self._work.tx.execute(sql.rollouts.shift_counts, {**self._key, "rows": Jsonb([moved])})

    def _record(self, kind: str, reasons: Sequence[Reason], **data: Any) -> None:
        about = {"patch_key": self._loaded.assessment.patch.patch_key, "reasons": as_json(reasons)}
        fingerprint = self._loaded.policy.fingerprint
        self._work.record(kind, "rollout", self._loaded.rollout_id, {**about, **data}, fingerprint)
