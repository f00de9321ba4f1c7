"""Whether a device may begin, right now. Every guard is looked at, and every one that refuses is named.

- A stop, a hold, a blackout, a closed window: nothing begins. A remedy goes on under stops of its own patch, because
  taking a bad patch back is what those stops are for; "everything" and stops of the tenant or a segment, which mean
  that nothing moves there, still hold it, unless Patchring placed them itself because of a failure.
- Something is installed only while its rollout runs, and taken back only while the rollout rolls back.
- The plan is what was approved: every target at its exact version, nothing removed, nothing added that is not signed.
- Without a way back that is ready, nothing is installed where the remedy asks for one.
- What the signer could not read is a refusal, with the reason that it was not read.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from patchring.core.policy.calendar import Blackout
from patchring.core.policy.decide import Decision
from patchring.core.policy.match import called
from patchring.core.policy.model import Outcome, UrgencyRule
from patchring.core.policy.urgency import told
from patchring.core.reason import Reason, reason
from patchring.core.rollout.states import ActionState, DeviceState, RingState, RolloutState
from patchring.core.schedule.occurrence import Occurrence

SOON = timedelta(seconds=30)
LATER = timedelta(minutes=10)
REMEDY_PASSES = ("patch", "rollout", "ring")

_INSTALL_RINGS = frozenset({RingState.OPEN, RingState.SOAKING, RingState.PASSED})
_READY = {
    "install": frozenset({DeviceState.OFFERED, DeviceState.PERMITTED}),
    "reboot": frozenset({DeviceState.REBOOT_PENDING}),
}


@dataclass(frozen=True)
class StopInForce:
    """`kind` is everything, patch, tenant, rollout, ring or segment. `automatic`: Patchring's own halt placed it."""

    kind: str
    text: str
    automatic: bool = False


@dataclass(frozen=True)
class PermitFacts:
    """What the signer read, after the locks. `window` None: closed (`opens_at` says when it opens next, None: unknown).

    `decision` is what the policy says for patch and segment; `approved` whether all signed approvals that it asks for
    are in force, and `waits_for` who has not approved (None: a person). `exception` is what the policy excepts this
    device from. `known_issues` are safeguards against the patch that concern it. `dependencies` is what has to
    come first on this device, or conflicts with what it has.
    `tests_missing` is what the segment asks to be tested first and was not.
    `staffing` is who is missing of the people that the segment asks for.
    `unauthorised` are changes of the plan that nothing signed covers. `targets_match`: the plan brings every package of
    the action to exactly the version named. `remedy`: the action takes a patch back. `levels` and `limits` are by slot.
    """

    action_kind: str
    remedy: bool
    requested_kind: str
    action_state: ActionState
    rollout_state: RolloutState
    ring_state: RingState
    device_state: DeviceState
    stops: Sequence[StopInForce]
    decision: Decision | None
    approved: bool
    observe_only: bool
    window: Occurrence | None
    opens_at: datetime | None
    blackout: Blackout | None
    expected_duration: timedelta
    targets_match: bool
    removes: Sequence[str]
    unauthorised: Sequence[Reason]
    way_back_required: bool
    way_back_ready: bool
    live_permit: bool
    dependencies: Sequence[Reason] = ()
    levels: Mapping[str, int] = field(default_factory=dict)
    limits: Mapping[str, int] = field(default_factory=dict)
    waits_for: Reason | None = None
    exception: Reason | None = None
    staffing: Reason | None = None
    known_issues: Sequence[Reason] = ()
    tests_missing: Sequence[Reason] = ()


@dataclass(frozen=True)
class PermitGranted:
    reasons: tuple[Reason, ...]


@dataclass(frozen=True)
class PermitDenied:
    """`retry_after`: when asking again makes sense."""

    reasons: tuple[Reason, ...]
    retry_after: timedelta


def decide_permit(facts: PermitFacts, now: datetime) -> PermitGranted | PermitDenied:
    """Granted only when no guard refuses."""
    refusals = [
        *_state(facts),
        *_stops(facts),
        *_authority(facts),
        *_kept_back(facts),
        *_time(facts, now),
        *_plan(facts),
        *_limits(facts),
    ]
    if refusals:
        return PermitDenied(tuple(refusals), _retry_after(facts, refusals, now))
    assert facts.window is not None
    closes = f"window {facts.window.name}"
    text = f"permitted: rollout {facts.rollout_state}, ring {facts.ring_state}, {closes}, no stop, plan as signed"
    return PermitGranted((reason("permitted", text), *_hurry(facts)))


def _hurry(facts: PermitFacts) -> list[Reason]:
    """What an urgency row let it do: it is named with its layer and line, so that the record says on whose word."""
    row = _urgency(facts)
    if row is None:
        return []
    if facts.blackout is None:
        return [told(row)]
    text = f"blackout {facts.blackout.name} is passed by {called('urgency', row)}"
    return [told(row), reason("blackout_passed", text, line=row.line, layer=row.layer)]


def _urgency(facts: PermitFacts) -> UrgencyRule | None:
    return facts.decision.urgency if facts.decision is not None and not facts.remedy else None


def _state(facts: PermitFacts) -> list[Reason]:
    found = []
    if facts.observe_only:
        found.append(reason("observes_only", "this device only observes"))
    if facts.requested_kind != facts.action_kind:
        text = f"the action is to {facts.action_kind}, the request to {facts.requested_kind}"
        found.append(reason("action_differs", text))
    if facts.action_state is not ActionState.OFFERED:
        found.append(reason("action_not_offered", f"the action is {facts.action_state}, not offered"))
    if facts.live_permit:
        found.append(reason("permit_live", "this device already holds a permit that is not settled"))
    return [*found, *(_remedy_state(facts) if facts.remedy else _patch_state(facts))]


def _remedy_state(facts: PermitFacts) -> list[Reason]:
    found = []
    if facts.rollout_state is not RolloutState.ROLLING_BACK:
        text = f"nothing is taken back while the rollout is {facts.rollout_state}"
        found.append(reason("rollout_not_rolling_back", text))
    if facts.action_kind == "install":
        found.append(reason("remedy_installs", "a remedy takes back and restarts; it never installs the patch"))
    if facts.device_state is not DeviceState.ROLLING_BACK:
        found.append(reason("device_not_rolling_back", f"for this patch the device is {facts.device_state}"))
    return found


def _patch_state(facts: PermitFacts) -> list[Reason]:
    found = []
    if facts.rollout_state is not RolloutState.RUNNING:
        found.append(reason("rollout_not_running", f"the rollout is {facts.rollout_state}"))
    if facts.ring_state not in _INSTALL_RINGS:
        found.append(reason("ring_not_open", f"its ring is {facts.ring_state}"))
    if facts.device_state not in _READY.get(facts.action_kind, ()):
        found.append(reason("device_not_offered", f"for this patch the device is {facts.device_state}"))
    return found


def _stops(facts: PermitFacts) -> list[Reason]:
    return [reason(f"stop_{s.kind}", f"stopped ({s.kind}): {s.text}") for s in facts.stops if not _passes(facts, s)]


def _passes(facts: PermitFacts, stop: StopInForce) -> bool:
    return facts.remedy and (stop.kind in REMEDY_PASSES or stop.automatic)


def _authority(facts: PermitFacts) -> list[Reason]:
    if facts.remedy:
        return []  # the signed policy gave the way back in advance; `unauthorised` was checked against that grant
    if facts.decision is None:
        return [reason("policy_unread", "no policy version in force could be read for this device")]
    if facts.decision.outcome in (Outcome.HOLD, Outcome.BLOCK):
        text = f"the policy says {facts.decision.outcome}"
        return [reason("decision_against", text), *facts.decision.reasons]
    # A restart ends an installation that was allowed to begin; it needs no second approval, only that nothing is held.
    if facts.approved or facts.decision.goes_by_itself or facts.action_kind == "reboot":
        return []
    missing = facts.waits_for or reason("approval_missing", "a person has to approve it first")
    return [missing, *facts.decision.reasons]


def _kept_back(facts: PermitFacts) -> list[Reason]:
    """A restart ends an installation that was allowed to begin, and a remedy undoes one: neither is kept back."""
    if facts.action_kind != "install" or facts.remedy:
        return []
    return [*([facts.exception] if facts.exception else []), *facts.known_issues, *facts.tests_missing]


def _time(facts: PermitFacts, now: datetime) -> list[Reason]:
    found = []
    if facts.blackout is not None and not _passes_blackout(facts):
        days = f"{facts.blackout.from_on} to {facts.blackout.to_on}"
        found.append(reason("blackout", f"blackout {facts.blackout.name}, {days}"))
    if facts.window is None:
        opens = f"opens {facts.opens_at:%Y-%m-%d %H:%M} UTC" if facts.opens_at else "does not open within a year"
        found.append(reason("window_closed", f"its maintenance window is closed and {opens}"))
    elif not facts.window.fits(now, facts.expected_duration):
        text = f"window {facts.window.name} closes {facts.window.closes_at:%H:%M} UTC, too soon to finish"
        found.append(reason("window_too_short", text, minutes=int(facts.expected_duration.total_seconds() // 60)))
    if facts.staffing is not None:
        found.append(facts.staffing)
    return found


def _passes_blackout(facts: PermitFacts) -> bool:
    row = _urgency(facts)
    return row is not None and row.in_blackout


def _plan(facts: PermitFacts) -> list[Reason]:
    found = [*facts.unauthorised, *facts.dependencies]
    if not facts.targets_match:
        found.append(reason("plan_differs", "the plan does not bring every package to the version that was offered"))
    if facts.removes:
        text = f"the plan would remove {', '.join(facts.removes)}; a removal is never automatic"
        found.append(reason("plan_removes", text))
    if facts.way_back_required and not facts.way_back_ready:
        found.append(reason("way_back_missing", "no prior version is kept on the device, so there is no way back"))
    return found


def _limits(facts: PermitFacts) -> list[Reason]:
    return [
        reason("limit_reached", f"{level} of {facts.limits[key]} under way for {key}", level=level)
        for key, level in sorted(facts.levels.items())
        if key in facts.limits and level >= facts.limits[key]
    ]


def _retry_after(facts: PermitFacts, refusals: Sequence[Reason], now: datetime) -> timedelta:
    codes = {refusal.code for refusal in refusals}
    if "window_closed" in codes and facts.opens_at is not None:
        return max(SOON, facts.opens_at - now)
    return SOON if codes <= {"limit_reached", "permit_live"} else LATER
