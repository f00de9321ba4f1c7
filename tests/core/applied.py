"""What the server does with the actions that `reconcile` wants, on a view instead of on tables. Every move goes through
the tables of states, so an action that is no legal move raises IllegalMove."""

from collections.abc import Iterable
from dataclasses import replace

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
from patchring.core.rollout.remedy import take_back_states
from patchring.core.rollout.states import (
    DeviceState,
    RingEvent,
    RingState,
    RolloutEvent,
    RolloutState,
    ring_after,
    rollout_after,
)
from patchring.core.rollout.view import RingView, RolloutView

_ROLLOUT_EVENTS = {
    Start: RolloutEvent.APPROVED,
    FinishRemedy: RolloutEvent.REMEDY_DONE,
    Complete: RolloutEvent.FINISHED,
}


def apply(view: RolloutView, actions: Iterable[Action]) -> RolloutView:
    """The view after all actions, in their order."""
    for action in actions:
        view = _apply(view, action)
    return view


def _apply(view: RolloutView, action: Action) -> RolloutView:
    match action:
        case Start() | FinishRemedy() | Complete():
            return replace(view, state=rollout_after(view.state, _ROLLOUT_EVENTS[type(action)]))
        case Abandon():
            event = RolloutEvent.REJECTED if view.state is RolloutState.AWAITING_APPROVAL else RolloutEvent.ABANDONED
            return replace(view, state=rollout_after(view.state, event))
        case OpenRing(number):
            return _with_ring(view, _moved(view.rings[number], RingEvent.OPENED))
        case PassRing(number):
            return _with_ring(view, _moved(view.rings[number], RingEvent.PASSED))
        case StartSoak(number, until_at):
            soaking = _moved(view.rings[number], RingEvent.SOAK_STARTED)
            return _with_ring(view, replace(soaking, soak_until_at=until_at))
        case Offer(number, count):
            return _with_ring(view, _shifted(view.rings[number], DeviceState.WAITING, DeviceState.OFFERED, count))
        case Halt(number):
            halted = replace(view, state=rollout_after(view.state, RolloutEvent.HALTED), halted_by_failure=True)
            return _with_ring(halted, _moved(view.rings[number], RingEvent.HALTED))
        case Withdraw():
            return replace(view, rings=tuple(_withdrawn(ring) for ring in view.rings))
        case Remedy(scope):
            states = take_back_states(scope)
            begun = view.state
            if begun is RolloutState.HALTED:
                begun = rollout_after(begun, RolloutEvent.REMEDY_STARTED)
            rings = tuple(_taken_back(ring, states) for ring in view.rings)
            return replace(view, state=begun, rings=rings, take_back_count=None)
        case Wait():
            return view


def _with_ring(view: RolloutView, ring: RingView) -> RolloutView:
    return replace(view, rings=tuple(ring if each.number == ring.number else each for each in view.rings))


def _moved(ring: RingView, event: RingEvent) -> RingView:
    state: RingState = ring_after(ring.state, event)
    return replace(ring, state=state)


def _shifted(ring: RingView, before: DeviceState, after: DeviceState, count: int) -> RingView:
    assert ring.counts is not None
    assert ring.count(before) >= count, f"{count} devices of {before} wanted, there are {ring.count(before)}"
    counts = {**ring.counts, before: ring.count(before) - count}
    return replace(ring, counts={**counts, after: counts.get(after, 0) + count})


def _withdrawn(ring: RingView) -> RingView:
    if ring.counts is None:
        return ring
    shifted = _shifted(ring, DeviceState.OFFERED, DeviceState.WAITING, ring.count(DeviceState.OFFERED))
    return replace(shifted, overdue_count=0)


def _taken_back(ring: RingView, states: frozenset[DeviceState]) -> RingView:
    if ring.counts is None:
        return ring
    for state in states:
        ring = _shifted(ring, state, DeviceState.ROLLING_BACK, ring.count(state))
    return ring
