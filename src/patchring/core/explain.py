"""Why is this device not patched? One list of reasons in the order in which people ask, and the one that answers.

The order, from what ends the question to what is only waited for:

1. It is patched, or its newest scan is not offered the patch.
2. Nobody decided: no policy that can be read, no segment that takes the device, the device only observes.
3. Somebody or something forbids it: a stop, a hold, a block, an exception, a known issue, the package manager itself.
4. It was tried: what happened to the device.
5. It is not its turn: approval, ring, batch.
6. It is its turn: the last refusal of a permit, a blackout or closed window, a device that has not been heard of.

Everything that was found is told, in this order; the first one answers. What is merely so (since when it is missing,
which segment and rule it falls under) stands apart as what is known. For each reason that keeps it back there is also
what would end it.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

from patchring.core.policy.decide import Decision, SegmentDecision, row_names_of
from patchring.core.policy.ends import what_ends
from patchring.core.policy.exceptions import Excepted, ExceptionState
from patchring.core.policy.model import Outcome, Policy
from patchring.core.reason import Reason, reason
from patchring.core.rollout.states import DeviceState
from patchring.core.schedule.windows import blackout_at, next_window, open_window

SILENT_AFTER = timedelta(hours=1)

_TRIED = frozenset(
    {
        DeviceState.PERMITTED,
        DeviceState.INSTALLING,
        DeviceState.INSTALLED,
        DeviceState.REBOOT_PENDING,
        DeviceState.FAILED,
        DeviceState.ROLLING_BACK,
        DeviceState.ROLLED_BACK,
        DeviceState.ROLLBACK_FAILED,
        DeviceState.SKIPPED,
    }
)


@dataclass(frozen=True)
class Missing:
    """What the newest scan says. `held_back`: why the package manager itself would not install it; empty: it would."""

    since: datetime
    installed_version: str
    held_back: str = ""


@dataclass(frozen=True)
class Place:
    """Where the device stands in the newest rollout of the patch, with the reasons that were kept at each level."""

    ring: int
    device_state: DeviceState
    device_reasons: Sequence[Reason] = ()
    ring_reasons: Sequence[Reason] = ()
    rollout_reasons: Sequence[Reason] = ()
    denial_reasons: Sequence[Reason] = ()


@dataclass(frozen=True)
class Case:
    """Everything that is known. `missing` None: not offered to the device. `policy` None: `trouble` says why. `place`
    None: no rollout of the patch has the device. `stops` are in force for it. `exceptions` name patch and device, in
    force or not; `known_issues` concern both. `dependencies` is what has to come first on the device, or conflicts.
    `not_started`: why no rollout began when the patch was last decided. `zone` is the site's or the window's."""

    device: str
    patch: str
    missing: Missing | None
    policy: Policy | None
    segment: SegmentDecision | None
    decision: Decision | None
    zone: tzinfo
    place: Place | None = None
    stops: Sequence[Reason] = ()
    observe_only: bool = False
    last_seen_at: datetime | None = None
    trouble: str = ""
    exceptions: Sequence[Excepted] = ()
    dependencies: Sequence[Reason] = ()
    not_started: Sequence[Reason] = ()
    known_issues: Sequence[Reason] = ()


@dataclass(frozen=True)
class Explanation:
    """`answer` is the first of `reasons`. `known` is what is so without keeping anything back. `lost` are the rules
    that were looked at and did not decide. `ends` says of each reason what would have to change, in their order."""

    answer: Reason
    reasons: tuple[Reason, ...]
    known: tuple[Reason, ...] = ()
    lost: tuple[Reason, ...] = ()
    ends: tuple[str, ...] = ()

    @property
    def told(self) -> tuple[Reason, ...]:
        """What is known and then what keeps it back, each once."""
        return _once((*self.known, *self.reasons))


def explain(case: Case, now: datetime) -> Explanation:
    """The answer and everything behind it."""
    found = [*_over(case), *_undecided(case), *_forbidden(case), *_tried(case), *_turn(case), *_begin(case, now)]
    reasons = _once(found) or (reason("due", f"nothing keeps {case.patch} from {case.device}: it is due"),)
    lost = (*(case.segment.lost if case.segment else ()), *(case.decision.lost if case.decision else ()))
    ends = tuple(dict.fromkeys(end for each in reasons if (end := what_ends(each))))
    return Explanation(reasons[0], reasons, _once(list(_known(case))), lost, ends)


def _once(reasons: Sequence[Reason]) -> tuple[Reason, ...]:
    """A ring and its rollout often say the same sentence; it is told where it came first."""
    return tuple(each for number, each in enumerate(reasons) if each not in reasons[:number])


def _known(case: Case) -> Iterator[Reason]:
    if case.missing is not None:
        has = case.missing.installed_version or "nothing of it"
        yield reason("missing", f"{case.device} has {has}, and is offered it since {_minute(case.missing.since)}")
    if case.segment is not None:
        yield from case.segment.reasons
    if case.decision is not None:
        yield from case.decision.reasons
    yield from (each.reason for each in case.exceptions if each.state is not ExceptionState.IN_FORCE)


def _minute(at: datetime) -> str:
    return f"{at:%Y-%m-%d %H:%M} UTC"


def _over(case: Case) -> Iterator[Reason]:
    if case.place is not None and case.place.device_state is DeviceState.VERIFIED:
        yield reason("patched", f"{case.device} is patched: {case.patch} was seen in effect by a later scan")
        yield from case.place.device_reasons
    elif case.missing is None and not _at_work(case):
        yield reason("not_missing", f"the newest scan of {case.device} is not offered {case.patch}")


def _at_work(case: Case) -> bool:
    """An update that is being installed, or was taken back, may be gone from the scan without being in effect."""
    return case.place is not None and case.place.device_state in _TRIED


def _undecided(case: Case) -> Iterator[Reason]:
    if case.policy is None:
        yield reason("policy_missing", case.trouble or "there is no policy in force")
    elif case.segment is not None and case.segment.segment is None:
        yield from case.segment.reasons
    if case.observe_only:
        yield reason("observes_only", f"{case.device} only observes: nothing is ever installed on it")


def _forbidden(case: Case) -> Iterator[Reason]:
    yield from case.stops
    if case.decision is not None and case.decision.outcome in (Outcome.HOLD, Outcome.BLOCK):
        yield from case.decision.reasons
    yield from (each.reason for each in case.exceptions if each.state is ExceptionState.IN_FORCE)
    yield from case.known_issues
    if case.missing is not None:
        yield from case.dependencies
    if case.missing is not None and case.missing.held_back:
        text = f"the package manager of {case.device} keeps it back: {case.missing.held_back}"
        yield reason("kept_back", text)


def _tried(case: Case) -> Iterator[Reason]:
    if case.place is not None and case.place.device_state in _TRIED:
        state = case.place.device_state
        yield from case.place.device_reasons
        yield reason(f"device_{state}", f"in ring {case.place.ring}, {case.device} is {state.replace('_', ' ')}")


def _turn(case: Case) -> Iterator[Reason]:
    allowed = case.decision is not None and case.decision.outcome not in (Outcome.HOLD, Outcome.BLOCK)
    if case.place is None and case.decision is not None and allowed:
        yield from case.decision.reasons
        yield from case.not_started
    if case.place is None and case.policy is not None and case.missing is not None:
        yield reason("no_rollout", f"no rollout of {case.patch} has {case.device}")
    if case.place is not None and case.place.device_state is DeviceState.WAITING:
        # The ring's sentence first: it is nearer to the device than that of the whole rollout.
        yield from case.place.ring_reasons
        yield from case.place.rollout_reasons


def _begin(case: Case, now: datetime) -> Iterator[Reason]:
    if case.place is None or case.place.device_state is DeviceState.VERIFIED:
        return
    if case.place.device_state is DeviceState.OFFERED:
        yield from case.place.denial_reasons
        yield reason("device_offered", f"the patch is offered to {case.device}, which has not begun")
    yield from _times(case, now)
    if case.last_seen_at is None or now - case.last_seen_at > SILENT_AFTER:
        since = f"since {_minute(case.last_seen_at)}" if case.last_seen_at else "yet"
        yield reason("silent", f"{case.device} has not been heard of {since}")


def _times(case: Case, now: datetime) -> Iterator[Reason]:
    rule = case.segment.segment if case.segment else None
    if case.policy is None or rule is None:
        return
    blackout = blackout_at(case.policy.blackouts, case.zone, now, row_names_of(case.policy, rule.name))
    if blackout is not None:
        yield reason("blackout", f"blackout {blackout.name}, {blackout.from_on} to {blackout.to_on}")
    window = case.policy.windows.get(rule.window)
    if window is not None and open_window(window, case.zone, now, case.policy.hours) is None:
        following = next_window(window, case.zone, now, case.policy.hours)
        opens = f"opens {_minute(following.opens_at)}" if following else "does not open within a year"
        numbers = {"opens": _minute(following.opens_at)} if following else {}
        yield reason("window_closed", f"window {window.name} is closed and {opens}", **numbers)
