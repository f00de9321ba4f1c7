"""Gathers, in one reading after the locks, what core decides a permit on."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, time, timedelta, tzinfo
from typing import Any

from patchring.app.dependencies import dependencies_open
from patchring.app.device_facts import device_facts, patch_facts
from patchring.app.known_issues.in_force import known_issues_of
from patchring.app.permits.authorities import Authority, InForce, read_approval, read_policy, segment_name
from patchring.app.permits.times import missed_window, nobody_there
from patchring.app.stops import WORKER
from patchring.app.tests_on_record import tests_missing_by_segment
from patchring.app.work import Work
from patchring.core.devices import DeviceFacts, PatchFacts
from patchring.core.ids import DeviceId
from patchring.core.permits import PermitFacts, StopInForce
from patchring.core.policy.asked import ONE_PERSON, waiting
from patchring.core.policy.calendar import Blackout, Hours, Window
from patchring.core.policy.decide import Decision, HoldInForce, decide, row_names_of
from patchring.core.policy.exceptions import exception_for
from patchring.core.policy.model import Policy, SegmentRule
from patchring.core.reason import Reason
from patchring.core.rollout.states import ActionState, DeviceState, RingState, RolloutState
from patchring.core.schedule.occurrence import Occurrence
from patchring.core.schedule.windows import blackout_at, next_window, open_window
from patchring.policyfile import zone
from patchring.store import sql
from patchring.wire.authority import unauthorised
from patchring.wire.messages import PermitRequest
from patchring.wire.signing import SignedDocument

ANY_TIME = Window("any time", "", time(0), timedelta(0))


@dataclass(frozen=True)
class PermitCase:
    """The facts, and what is needed to write the permit down once core granted it. `limits` are by slot key."""

    facts: PermitFacts
    authority: Authority | None
    root: SignedDocument
    policy_fingerprint: str
    limits: Mapping[str, int]

    @property
    def slot_keys(self) -> list[str]:
        return sorted(self.limits)


async def load_case(
    work: Work, device_id: DeviceId, request: PermitRequest, stops: Sequence[Mapping[str, Any]]
) -> PermitCase:
    """One statement for state, then what is signed, then who else is under way."""
    key = {"tenant_id": work.tenant_id, "device_id": device_id}
    row = await work.tx.one(sql.permits.facts, {**key, "action_id": request.action_id})
    device, patch = device_facts(work.tenant_id, device_id, row), patch_facts(row)
    in_force = await read_policy(work.tx, work.tenant_id, work.now)
    policy, remedy = in_force.policy, row["purpose"] == "remedy"
    rule = policy.segment(segment_name(policy, device)) if policy else None
    decision = await _decision(work, policy, rule, patch)
    asked = decision.asked if decision else ONE_PERSON
    about = {"tenant_id": work.tenant_id, "patch_id": row["patch_id"]}
    approved = await read_approval(work.tx, about, patch, row["segment"], in_force, asked, work.now)
    approval = approved.authority
    by_rule = remedy or row["action_kind"] == "reboot" or (decision is not None and decision.goes_by_itself)
    authority = in_force.authority if by_rule else approval
    limits = {} if policy is None or remedy else _limits(policy, row, device)
    slots = {"tenant_id": work.tenant_id, "slot_keys": sorted(limits)}
    levels = {level["slot_key"]: level["in_flight"] for level in await work.tx.all(sql.permits.slot_levels, slots)}
    windows = [_window(policy, rule, remedy), *_opened_besides(policy, decision, remedy)]
    zones = [zone(window.zone or row["zone"]) for window in windows]
    hours = policy.hours if policy else None
    takes = policy.expected_duration if policy else timedelta(0)
    plan = request.plan
    remedy_rule = policy.remedies.get(rule.remedy) if policy and rule else None
    facts = PermitFacts(
        action_kind=row["action_kind"],
        remedy=remedy,
        requested_kind=request.action,
        action_state=ActionState(row["action_state"]),
        rollout_state=RolloutState(row["rollout_state"]),
        ring_state=RingState(row["ring_state"]),
        device_state=DeviceState(row["device_patch_state"]),
        stops=[
            StopInForce(stop["stop_key"].partition(":")[0], _stop_text(stop), stop["placed_by"] == WORKER)
            for stop in stops
        ],
        decision=decision,
        approved=approval is not None,
        waits_for=waiting(asked, approved.standing, row["rollout_created_at"]),
        exception=_exception(work, policy, patch, device, remedy),
        known_issues=await known_issues_of(work.tx, work.tenant_id, patch, device, work.now),
        tests_missing=await _tests_missing(work, policy, rule, row),
        observe_only=row["observe_only"],
        window=_open(windows, zones, hours, work)
        or await missed_window(work, device_id, windows[0], zones[0], hours, _blackout(policy, rule, zones[0], work)),
        opens_at=_opens_at(windows, zones, hours, work),
        blackout=None if remedy else _blackout(policy, rule, zones[0], work),
        expected_duration=takes,
        staffing=await nobody_there(work, rule, takes, remedy),
        targets_match=_targets_match(row, request),
        dependencies=await _dependencies(work, policy, patch, device_id, row["action_kind"]),
        removes=[change.package for change in plan.changes if not change.to_version],
        unauthorised=_unauthorised(in_force, authority, request),
        way_back_required=row["action_kind"] == "install" and bool(remedy_rule and remedy_rule.way_back_required),
        way_back_ready=_way_back_ready(request),
        live_permit=await _other_live_permit(work, device_id),
        levels=levels,
        limits=limits,
    )
    return PermitCase(facts, authority, _root(in_force), policy.fingerprint if policy else "", limits)


def _root(in_force: InForce) -> SignedDocument:
    return in_force.root_document or SignedDocument({"kind": "none"}, [])


async def _decision(work: Work, policy: Policy | None, rule: SegmentRule | None, patch: Any) -> Decision | None:
    if policy is None or rule is None:
        return None
    rows = await work.tx.all(sql.permits.holds_in_force, {"tenant_id": work.tenant_id, "patch_key": patch.patch_key})
    holds = [HoldInForce(row["reason"], row["source"], row["segment"]) for row in rows]
    return decide(policy, patch, rule.name, holds)


async def _tests_missing(
    work: Work, policy: Policy | None, rule: SegmentRule | None, row: Mapping[str, Any]
) -> tuple[Reason, ...]:
    if policy is None or rule is None or row["action_kind"] != "install":
        return ()
    patch = (row["patch_id"], row["patch_key"])
    found = await tests_missing_by_segment(work.tx, work.tenant_id, policy, patch, (rule.name,), work.now)
    return found.get(rule.name, ())


async def _dependencies(
    work: Work, policy: Policy | None, patch: PatchFacts, device_id: DeviceId, action_kind: str
) -> tuple[Reason, ...]:
    if policy is None or action_kind != "install":
        return ()
    return await dependencies_open(work.tx, work.tenant_id, device_id, patch, policy)


def _unauthorised(in_force: InForce, authority: Authority | None, request: PermitRequest) -> list[Reason]:
    if authority is None:
        if in_force.trouble:
            return [Reason("policy_unread", in_force.trouble)]
        return []  # core refuses for want of an approval, which is the better sentence
    found = unauthorised(authority.document, request.action, request.plan)
    return [Reason(each.code, each.text, dict(each.numbers)) for each in found if each.code != "plan_removes"]


def _limits(policy: Policy, row: Mapping[str, Any], device: DeviceFacts) -> dict[str, int]:
    limits = policy.limits
    wanted = {
        "tenant": limits.tenant,
        f"site:{row['site_id']}": limits.at_sites.get(device.site, limits.site),
        f"ring:{row['rollout_id']}:{row['ring']}": limits.ring,
        f"group:{device.redundancy_group}": limits.redundancy_group if device.redundancy_group else None,
    }
    return {key: limit for key, limit in wanted.items() if limit is not None}


def _window(policy: Policy | None, rule: SegmentRule | None, remedy: bool) -> Window:
    """A remedy waits for no window: a device that was broken is not left so until Sunday."""
    if remedy or policy is None or rule is None or not rule.window:
        return ANY_TIME
    return policy.windows[rule.window]


def _opened_besides(policy: Policy | None, decision: Decision | None, remedy: bool) -> list[Window]:
    """What is expedited may begin in one more window, if its row of the urgency table names one."""
    if remedy or policy is None or decision is None or decision.urgency is None or not decision.urgency.window:
        return []
    return [policy.windows[decision.urgency.window]]


def _open(windows: Sequence[Window], zones: Sequence[tzinfo], hours: Hours | None, work: Work) -> Occurrence | None:
    """The window that is open and closes last; the segment's own when it is as good."""
    found = [open_window(window, local, work.now, hours) for window, local in zip(windows, zones, strict=True)]
    return max((each for each in found if each), key=lambda each: each.closes_at, default=None)


def _opens_at(windows: Sequence[Window], zones: Sequence[tzinfo], hours: Hours | None, work: Work) -> datetime | None:
    found = [next_window(window, local, work.now, hours) for window, local in zip(windows, zones, strict=True)]
    return min((each.opens_at for each in found if each), default=None)


def _blackout(policy: Policy | None, rule: SegmentRule | None, local: tzinfo, work: Work) -> Blackout | None:
    if policy is None:
        return None
    return blackout_at(policy.blackouts, local, work.now, row_names_of(policy, rule.name) if rule else ())


def _exception(
    work: Work, policy: Policy | None, patch: PatchFacts, device: DeviceFacts, remedy: bool
) -> Reason | None:
    """What the policy excepts this device from, in force now; also when it came after the offer."""
    found = None if policy is None or remedy else exception_for(policy, patch, device, work.now)
    return found.reason if found else None


def _targets_match(row: Mapping[str, Any], request: PermitRequest) -> bool:
    """Every package of the action is in the plan at exactly its version; a reboot has no packages and no changes."""
    planned = {(change.package, change.to_version) for change in request.plan.changes}
    wanted = {(package["name"], package["version"]) for package in row["packages"]}
    return wanted <= planned if wanted else not planned


def _way_back_ready(request: PermitRequest) -> bool:
    """Every package that changes has its present version kept; a new package needs no way back but its removal."""
    kept = {(change.package, change.to_version) for change in request.plan.way_back}
    return all((c.package, c.from_version) in kept for c in request.plan.changes if c.from_version)


async def _other_live_permit(work: Work, device_id: DeviceId) -> bool:
    key = {"tenant_id": work.tenant_id, "device_id": device_id}
    return await work.tx.maybe(sql.permits.live_permit, key) is not None


def _stop_text(stop: Mapping[str, Any]) -> str:
    return f"{stop['reason']} ({stop['placed_by']}, {stop['placed_at']:%Y-%m-%d %H:%M} UTC)"
