"""Whether what a device did is in effect: by its newest scan and probes, after it said that it is finished.

Gathers what core's `verify` compares and carries out its verdict: verified, failed, a reboot of its own, or waiting.
The order of scan and act is that of the device's own sequence of reports; its clock may jump.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from patchring.app.decisions import read_policy_text
from patchring.app.work import Work
from patchring.app.worker.moves import Place, explain_device, move_device
from patchring.core.ids import DeviceId
from patchring.core.policy.handling import RebootRule
from patchring.core.policy.model import Policy, SegmentRule
from patchring.core.reason import as_json, reason
from patchring.core.rollout.states import ActionState, DeviceEvent, DeviceState
from patchring.core.rollout.verify import Seen, Verdict, VerdictOutcome, verify
from patchring.store import sql
from patchring.store.ids import new_id

_EARLIER = timedelta(microseconds=1)
_ENDED = (ActionState.FINISHED, ActionState.FAILED)


@dataclass(frozen=True)
class Judged:
    """A row of `actions.to_judge` with the device's place; `rule` None: the policy has no such segment any more."""

    row: Mapping[str, Any]
    place: Place
    rule: SegmentRule | None

    @property
    def remedy(self) -> bool:
        return self.place.state is DeviceState.ROLLING_BACK

    @property
    def scanned(self) -> bool:
        """Whether the newest scan is later than the act."""
        return int(self.row["scan_sequence"] or 0) > int(self.row["acted_sequence"])

    @property
    def rebooted(self) -> bool:
        """Whether the newest scan is of another boot. A boot id that is not known proves none."""
        before, now = str(self.row["boot_id_before"] or ""), str(self.row["scan_boot_id"] or "")
        return self.scanned and bool(before and now) and before != now

    @property
    def finished(self) -> bool:
        """Whether the device has said its last word: on its action, or by a reboot that nobody asked it for."""
        by_itself = self.row["kind"] == "reboot" and self.row["action_state"] == ActionState.WITHDRAWN
        return by_itself or self.row["finished_report_id"] is not None


async def judge_device(work: Work, device_id: DeviceId) -> None:
    """Look at everything that this device has finished and that is not judged; running it twice changes nothing."""
    rows = await work.tx.all(sql.actions.to_judge, {"tenant_id": work.tenant_id, "device_id": device_id})
    policy = await _policy(work) if rows else None
    for row in rows:
        rule = policy.segment(row["segment"]) if policy else None
        await _judge(work, Judged(row, Place.of(device_id, row), rule))


async def _policy(work: Work) -> Policy | None:
    row = await work.tx.maybe(sql.permits.policy_in_force, {"tenant_id": work.tenant_id})
    policy = read_policy_text(row["text"]) if row else None
    return policy if isinstance(policy, Policy) else None


async def _judge(work: Work, judged: Judged) -> None:
    if judged.place.state is DeviceState.REBOOT_PENDING:
        if not judged.rebooted or _reboot_under_way(judged):
            return await _reboot_missed(work, judged)
        judged = await _after_reboot(work, judged)
    if not judged.finished:
        return None
    return await _carry_out(work, judged, verify(seen(judged)))


def _reboot_under_way(judged: Judged) -> bool:
    state = judged.row["action_state"]
    return judged.row["kind"] == "reboot" and state not in (*_ENDED, ActionState.OFFERED, ActionState.WITHDRAWN)


async def _reboot_missed(work: Work, judged: Judged) -> None:
    """The device says that its reboot is done, and a later scan is of the same boot."""
    if judged.row["kind"] == "reboot" and judged.row["action_state"] == ActionState.FINISHED and judged.scanned:
        why = reason("reboot_missing", "it said that it had rebooted, but the scan after it is of the same boot")
        await move_device(work, judged.place, DeviceEvent.FAILED, (why,))
        _record(work, judged, "patch_failed", [why.as_json()])


async def _after_reboot(work: Work, judged: Judged) -> Judged:
    """The reboot has happened, by our action or by somebody else: then ours is not needed any more."""
    key = {"tenant_id": work.tenant_id, "device_id": judged.place.device_id, "rollout_id": judged.place.rollout_id}
    withdrawn = await work.tx.all(sql.actions.withdraw_of_device, {**key, "at": work.now})
    row = {**judged.row, "action_state": ActionState.WITHDRAWN} if withdrawn else judged.row
    why = reason("rebooted", "rebooted; not yet judged")
    return Judged(row, await move_device(work, judged.place, DeviceEvent.REBOOTED, (why,)), judged.rule)


async def _carry_out(work: Work, judged: Judged, verdict: Verdict) -> None:
    match verdict.outcome:
        case VerdictOutcome.VERIFIED:
            event = DeviceEvent.ROLLED_BACK if judged.remedy else DeviceEvent.VERIFIED
            await move_device(work, judged.place, event, verdict.reasons)
            _record(work, judged, "patch_rolled_back" if judged.remedy else "patch_verified", as_json(verdict.reasons))
        case VerdictOutcome.FAILED:
            event = DeviceEvent.ROLLBACK_FAILED if judged.remedy else DeviceEvent.FAILED
            await move_device(work, judged.place, event, verdict.reasons)
            _record(work, judged, "rollback_failed" if judged.remedy else "patch_failed", as_json(verdict.reasons))
        case VerdictOutcome.INCONCLUSIVE:
            await explain_device(work, judged.place, verdict.reasons)
        case VerdictOutcome.NOT_YET:
            await _wait(work, judged, verdict)


async def _wait(work: Work, judged: Judged, verdict: Verdict) -> None:
    """Ask for the scan or the reboot that is missing."""
    if not judged.scanned:
        key = {"tenant_id": work.tenant_id, "device_id": judged.place.device_id}
        await work.tx.execute(sql.inventory.want_scan, key)
        return await explain_device(work, judged.place, verdict.reasons)
    if judged.row["kind"] == "reboot" and judged.remedy:
        why = reason("reboot_missing", "taken back, but the reboot that it needs did not happen")
        await move_device(work, judged.place, DeviceEvent.ROLLBACK_FAILED, (why,))
        return _record(work, judged, "rollback_failed", [why.as_json()])
    return await _offer_reboot(work, judged, verdict)


async def _offer_reboot(work: Work, judged: Judged, verdict: Verdict) -> None:
    """A reboot is an action of its own, with a permit of its own, in the segment's window."""
    action_id = new_id(work.now)
    key = {"tenant_id": work.tenant_id, "rollout_id": judged.place.rollout_id, "device_id": judged.place.device_id}
    action = {
        "action_id": action_id,
        "purpose": "remedy" if judged.remedy else "patch",
        "probes": list(judged.rule.probes) if judged.rule else [],
        "title": f"Reboot for {judged.row['title']}",
        "at": work.now,
    }
    await work.tx.execute(sql.actions.offer_reboot, {**key, **action})
    await work.tx.execute(sql.actions.set_current, {**key, "action_id": action_id})
    if judged.remedy:
        await explain_device(work, judged.place, verdict.reasons)
    else:
        await move_device(work, judged.place, DeviceEvent.REBOOT_NEEDED, verdict.reasons)
    _record(work, judged, "reboot_offered", as_json(verdict.reasons))


def seen(judged: Judged) -> Seen:
    """What core compares. On the way back the prior version is what is wanted, and the patch is offered again."""
    row = judged.row
    acted_at, name = row["acted_at"], row["name"]
    wanted = row["from_version"] if judged.remedy else row["version"]
    from_version = row["version"] if judged.remedy else row["from_version"]
    return Seen(
        acted_at=acted_at,
        scanned_at=acted_at if judged.scanned else None,
        wanted={name: wanted},
        installed={name: frozenset(row["installed"])},
        offered=frozenset({name}) if row["still_offered"] and not judged.remedy else frozenset(),
        boot_before=row["boot_id_before"],
        boot_now=row["scan_boot_id"] or "",
        reboot_needed=_reboot_needed(judged),
        probes_before=_outcomes((row["install_finished"] or {}).get("probes_before")),
        probes_after=_probes_after(row),
        before={name: frozenset({from_version} if from_version else ())},
    )


def _reboot_needed(judged: Judged) -> bool:
    rule = judged.rule.reboot if judged.rule else RebootRule.NEVER
    match rule:
        case RebootRule.NEVER:
            return False
        case RebootRule.ALWAYS:
            return True
        case RebootRule.IF_REQUIRED:
            said = (judged.row["finished"] or {}).get("reboot_pending", False)
            return bool(said or judged.row["scan_reboot_pending"])


def _probes_after(row: Mapping[str, Any]) -> dict[str, str]:
    """The last word of each probe that the action asked for: at its end, or in a scan since."""
    after = _outcomes((row["finished"] or {}).get("probes_after"))
    later = _outcomes(row["scan_probes"]) if (row["scan_sequence"] or 0) > (row["finished_sequence"] or 0) else {}
    return {**after, **{probe: outcome for probe, outcome in later.items() if probe in after}}


def _outcomes(results: Any) -> dict[str, str]:
    return {result["probe"]: result["outcome"] for result in results or []}


def _record(work: Work, judged: Judged, kind: str, reasons: list[dict[str, Any]]) -> None:
    data = {"rollout_id": str(judged.place.rollout_id), "ring": judged.place.ring, "reasons": reasons}
    work.record(kind, "device", judged.place.device_id, {**data, "title": judged.row["title"]})
