"""Facts of a permit that is due, and for each guard one way to break it."""

from dataclasses import replace
from datetime import date, timedelta

from hypothesis import strategies as st

from patchring.core.permits import PermitFacts, StopInForce
from patchring.core.policy.calendar import Blackout
from patchring.core.policy.decide import Decision
from patchring.core.policy.model import Outcome, UrgencyRule
from patchring.core.reason import reason
from patchring.core.rollout.states import ActionState, DeviceState, RingState, RolloutState
from patchring.core.schedule.occurrence import Occurrence
from tests.core.builders import NOW

SLOW, BOLD = UrgencyRule("slow", ()), UrgencyRule("bold", (), in_blackout=True)
OPEN = Occurrence("night", NOW - timedelta(hours=1), NOW + timedelta(hours=1))


def decision(outcome: Outcome) -> Decision:
    return Decision(outcome, "a rule", "policy", (reason("rule_matched", "a rule says so"),))


DUE = PermitFacts(
    action_kind="install",
    remedy=False,
    requested_kind="install",
    action_state=ActionState.OFFERED,
    rollout_state=RolloutState.RUNNING,
    ring_state=RingState.OPEN,
    device_state=DeviceState.OFFERED,
    stops=(),
    decision=decision(Outcome.AUTO),
    approved=False,
    observe_only=False,
    window=OPEN,
    opens_at=None,
    blackout=None,
    expected_duration=timedelta(minutes=10),
    targets_match=True,
    removes=(),
    unauthorised=(),
    way_back_required=True,
    way_back_ready=True,
    live_permit=False,
    levels={"tenant": 3},
    limits={"tenant": 4},
)
REMEDY_DUE = replace(
    DUE,
    action_kind="downgrade",
    requested_kind="downgrade",
    remedy=True,
    rollout_state=RolloutState.ROLLING_BACK,
    ring_state=RingState.HALTED,
    device_state=DeviceState.ROLLING_BACK,
    decision=decision(Outcome.HOLD),
    way_back_required=False,
    stops=(StopInForce("patch", "halted"), StopInForce("tenant", "halted by a failure", automatic=True)),
)


@st.composite
def due_facts(draw: st.DrawFn) -> PermitFacts:
    """Facts on which a permit is granted: installations, restarts and ways back."""
    kind = draw(st.sampled_from(["install", "reboot", "remedy"]))
    if kind == "remedy":
        return replace(REMEDY_DUE, approved=draw(st.booleans()), decision=draw(st.sampled_from([None, DUE.decision])))
    facts = replace(
        DUE,
        ring_state=draw(st.sampled_from([RingState.OPEN, RingState.SOAKING, RingState.PASSED])),
        decision=decision(draw(st.sampled_from([Outcome.AUTO, Outcome.EXPEDITE]))),
        expected_duration=timedelta(minutes=draw(st.integers(0, 60))),
    )
    if draw(st.booleans()):
        facts = replace(facts, decision=decision(Outcome.REVIEW), approved=True)
    if draw(st.booleans()):
        facts = replace(facts, decision=replace(DUE.decision, urgency=draw(st.sampled_from([SLOW, BOLD]))))
    if kind == "reboot":
        pending = DeviceState.REBOOT_PENDING
        return replace(facts, action_kind="reboot", requested_kind="reboot", device_state=pending)
    ready = draw(st.booleans())
    state = draw(st.sampled_from([DeviceState.OFFERED, DeviceState.PERMITTED]))
    return replace(facts, device_state=state, way_back_required=ready, way_back_ready=ready or draw(st.booleans()))


# Guards that hold for everything, by the code of their refusal.
FOR_ALL = {
    "observes_only": {"observe_only": True},
    "action_differs": {"requested_kind": "something else"},
    "permit_live": {"live_permit": True},
    "stop_everything": {"stops": (StopInForce("everything", "drill"),)},
    "stop_tenant": {"stops": (StopInForce("tenant", "by Dana"),)},
    "stop_segment": {"stops": (StopInForce("segment", "by Dana"),)},
    "blackout": {"blackout": Blackout("fair", date(2026, 11, 20), date(2026, 11, 30))},
    "window_closed": {"window": None, "opens_at": NOW + timedelta(hours=3)},
    "window_too_short": {"window": replace(OPEN, closes_at=NOW + timedelta(minutes=4, seconds=59)),
                         "expected_duration": timedelta(minutes=5)},
    "nobody_on_shift": {"staffing": reason("nobody_on_shift", "nobody is on shift")},
    "plan_differs": {"targets_match": False},
    "plan_removes": {"removes": ("libc6",)},
    "change_not_authorised": {"unauthorised": (reason("change_not_authorised", "nothing signed"),)},
    "way_back_missing": {"way_back_required": True, "way_back_ready": False},
    "limit_reached": {"levels": {"site:1": 2}, "limits": {"site:1": 2}},
}  # fmt: skip
NOT_OFFERED = [state for state in ActionState if state is not ActionState.OFFERED]
FOR_PATCHES = {
    **{f"stop_{kind}": {"stops": (StopInForce(kind, "bad", kind in ("patch", "ring")),)}
       for kind in ("patch", "rollout", "ring")},
    "policy_unread": {"decision": None},
    "exception_in_force": {"action_kind": "install", "requested_kind": "install", "device_state": DeviceState.OFFERED,
                           "exception": reason("exception_in_force", "till software")},
    "known_issue": {"action_kind": "install", "requested_kind": "install", "device_state": DeviceState.OFFERED,
                    "known_issues": (reason("known_issue", "does not start here"),)},
    "test_missing": {"action_kind": "install", "requested_kind": "install", "device_state": DeviceState.OFFERED,
                     "tests_missing": (reason("test_missing", "nobody tried to sign in"),)},
    "approval_missing": {"action_kind": "install", "requested_kind": "install", "device_state": DeviceState.OFFERED,
                         "decision": decision(Outcome.REVIEW), "approved": False},
}  # fmt: skip


@st.composite
def breaks(draw: st.DrawFn, facts: PermitFacts) -> tuple[str, PermitFacts]:
    """A guard's code, and the facts with just that guard broken."""
    by_code = dict(FOR_ALL)
    by_code["action_not_offered"] = {"action_state": draw(st.sampled_from(NOT_OFFERED))}
    if facts.remedy:
        rolling = {RolloutState.ROLLING_BACK}
        by_code["rollout_not_rolling_back"] = {
            "rollout_state": draw(st.sampled_from(sorted({*RolloutState} - rolling)))
        }
        states = sorted({*DeviceState} - {DeviceState.ROLLING_BACK})
        by_code["device_not_rolling_back"] = {"device_state": draw(st.sampled_from(states))}
        by_code["remedy_installs"] = {"action_kind": "install", "requested_kind": "install"}
    else:
        by_code |= FOR_PATCHES
        if facts.decision and facts.decision.urgency == BOLD:
            del by_code["blackout"]
        stopped = sorted({*RolloutState} - {RolloutState.RUNNING})
        by_code["rollout_not_running"] = {"rollout_state": draw(st.sampled_from(stopped))}
        by_code["ring_not_open"] = {"ring_state": draw(st.sampled_from([RingState.WAITING, RingState.HALTED]))}
        ready = {DeviceState.OFFERED, DeviceState.PERMITTED, DeviceState.REBOOT_PENDING}
        by_code["device_not_offered"] = {"device_state": draw(st.sampled_from(sorted({*DeviceState} - ready)))}
        against = draw(st.sampled_from([Outcome.HOLD, Outcome.BLOCK]))
        by_code["decision_against"] = {"decision": decision(against), "approved": draw(st.booleans())}
    code = draw(st.sampled_from(sorted(by_code)))
    return code, replace(facts, **by_code[code])
