"""What the gate says of one signal on one facet: pass, fail, inconclusive or wait, in one sentence with its numbers.

- fail: core's `hold` says so. What was seen at one tenant alone warns the others, which then go one by one.
- inconclusive: on most of the patched devices the signal cannot be read. It never promotes; a person has to look.
- pass: enough devices have it, and what was seen of them speaks against the patch doing harm.
- wait: neither yet.
"""

from dataclasses import dataclass, replace
from enum import StrEnum

from patchring.core.gate.hold import EXCESS_MIN, Watched, hold
from patchring.core.gate.signals import Signal
from patchring.core.reason import Reason, counted, reason
from patchring.core.rollout.view import TOLD_MIN

# A facet of fewer devices needs all of them.
SEEN_MIN = 3
WORDS = {
    Signal.INSTALL_FAILURE: "failed installations",
    Signal.SERVICE_FAILURE: "service failures",
    Signal.APP_CRASH: "application crashes",
    Signal.FAILED_LOGON: "failed logons",
    Signal.REBOOT_LOOP: "restarts that did not end well",
    Signal.PERFORMANCE: "slow devices",
    Signal.TICKET: "tickets",
    Signal.MISSING_HEARTBEAT: "devices that fell silent",
}


class GateOutcome(StrEnum):
    PASS = "pass"  # noqa: S105 - no password
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"
    WAIT = "wait"


@dataclass(frozen=True)
class GateVerdict:
    """`warned`: it would be a failure, were it not seen at one tenant only."""

    outcome: GateOutcome
    reason: Reason
    warned: bool = False


def judge(watched: Watched, budget: float, unread: int = 0) -> GateVerdict:
    """`unread`: patched devices on which the signal cannot be read."""
    found = hold(watched, budget)
    if found is not None:
        return GateVerdict(GateOutcome.FAIL, found.reason)
    if hold(replace(watched, tenant_count=1), budget) is not None:
        return GateVerdict(GateOutcome.WAIT, _warning(watched), warned=True)
    if unread * 2 > watched.installed:
        return GateVerdict(GateOutcome.INCONCLUSIVE, _unread(watched, unread))
    if watched.installed < (needed := min(SEEN_MIN, watched.installed + watched.left)):
        return GateVerdict(GateOutcome.WAIT, _too_few(watched, needed))
    evidence = watched.evidence
    if evidence.log_e < 0 or evidence.events == 0:
        return GateVerdict(GateOutcome.PASS, _said(watched, "gate_passed", "Well"))
    return GateVerdict(GateOutcome.WAIT, _said(watched, "gate_unclear", "Not clear yet", _not_yet(watched)))


def told_to_others(watched: Watched, verdict: GateVerdict) -> Reason:
    """The same for tenants that are not among those where it was seen: without counts of fewer than three (T6)."""
    if _may_be_counted(watched, verdict.outcome):
        return verdict.reason
    said = WORDS[watched.signal]
    if verdict.outcome is GateOutcome.FAIL:
        text = f"Stopped for {watched.facet}: {said} at other clients; others go on"
    elif verdict.warned:
        text = f"Slower for {watched.facet}: {said} at another client; they go one by one"
    elif verdict.outcome is GateOutcome.INCONCLUSIVE:
        text = f"Inconclusive for {watched.facet}: {said} cannot be read on most of the patched; somebody has to look"
    else:
        text = f"For {watched.facet}: {said} are watched"
    return reason(verdict.reason.code, text)


def _may_be_counted(watched: Watched, outcome: GateOutcome) -> bool:
    """Whether all counts of its sentence may be told. How many tenants have what cannot be read, is not kept."""
    if outcome is GateOutcome.INCONCLUSIVE:
        return False
    left = watched.left if outcome is GateOutcome.FAIL else TOLD_MIN
    return min(watched.tenants, watched.evidence.events, left) >= TOLD_MIN


def _warning(watched: Watched) -> Reason:
    text = f"Slower for {watched.facet}: {_numbers(watched)}, so far at one tenant; they go one by one"
    return reason("gate_warned", text, **_values(watched))


def _unread(watched: Watched, unread: int) -> Reason:
    text = (
        f"Inconclusive for {watched.facet}: {WORDS[watched.signal]} cannot be read on {unread} of "
        f"{watched.installed} patched; somebody has to look at them"
    )
    return reason("gate_unread", text, unread=unread, installed=watched.installed)


def _too_few(watched: Watched, needed: int) -> Reason:
    text = f"Waiting for {watched.facet}: {watched.installed} patched, {needed} needed"
    return reason("gate_too_few", text, installed=watched.installed, needed=needed)


def _said(watched: Watched, code: str, begin: str, more: str = "") -> Reason:
    return reason(code, f"{begin} for {watched.facet}: {_numbers(watched)}{more}", **_values(watched))


def _not_yet(watched: Watched) -> str:
    if watched.evidence.events > EXCESS_MIN * watched.evidence.expected:
        return "; more than expected, and not yet beyond chance"
    return "; as many as expected, of devices that are patched for a short time"


def _numbers(watched: Watched) -> str:
    devices, events = counted(watched.installed, "patched device"), watched.evidence.events
    return f"{events} {WORDS[watched.signal]} on {devices} against {watched.evidence.expected:.2g} expected"


def _values(watched: Watched) -> dict[str, object]:
    evidence = watched.evidence
    return {
        "events": evidence.events,
        "installed": watched.installed,
        "expected": f"{evidence.expected:.6g}",
        "tenants": watched.tenants,
        "log_e": f"{evidence.log_e:.3f}",
    }
