"""What is left to do once a rollout was stopped for good or for now. Which devices are taken back: remedy.py.

- Offers that no device has a permit for are withdrawn, whatever comes next.
- A rollout that Patchring halted itself goes the way back by itself, as the signed policy says. One that a person
  halted waits for that person.
- The way back is done when every device has settled: back and verified, or proven stuck. A device that began and fell
  silent is waited for; a person who knows better abandons the rollout.
"""

from patchring.core.reason import Reason, counted, reason
from patchring.core.rollout.actions import Action, FinishRemedy, Remedy, Wait, Withdraw
from patchring.core.rollout.remedy import take_back_states, widest_scope
from patchring.core.rollout.states import DeviceState
from patchring.core.rollout.view import RolloutView

_SETTLING = (DeviceState.PERMITTED, DeviceState.INSTALLING, DeviceState.INSTALLED, DeviceState.ROLLING_BACK)


def after_halt(view: RolloutView) -> list[Action]:
    """For a rollout that is halted."""
    if view.halted_by_failure or view.rollback_requested:
        return [*withdrawals(view, _why(view)), Remedy(widest_scope(view.policy), (_why(view),))]
    failed = sum(ring.failed_count for ring in view.rings)
    text = f"halted by a person, {counted(failed, 'device')} failed: resume, roll back or abandon it"
    why = reason("halted", text, failed=failed)
    return [*withdrawals(view, why), Wait(None, None, (why,))]


def rolling_back(view: RolloutView) -> list[Action]:
    """For a rollout whose remedy has begun."""
    actions = withdrawals(view, _why(view))
    if _left(view):
        return [*actions, Remedy(widest_scope(view.policy), (_why(view),))]
    settling = count(view, *_SETTLING)
    if settling:
        text = f"{counted(settling, 'device')} on the way to the prior version, or finishing what was begun"
        return [*actions, Wait(None, None, (reason("remedy_under_way", text, devices=settling),))]
    back, stuck = count(view, DeviceState.ROLLED_BACK), count(view, DeviceState.ROLLBACK_FAILED)
    text = f"{counted(back, 'device')} back on the prior version and verified; {stuck} could not be taken back"
    return [*actions, FinishRemedy((reason("remedy_done", text, rolled_back=back, stuck=stuck),))]


def withdrawals(view: RolloutView, *why: Reason) -> list[Action]:
    """One Withdraw when anything is offered, else nothing."""
    return [Withdraw(why)] if count(view, DeviceState.OFFERED) else []


def count(view: RolloutView, *states: DeviceState) -> int:
    return sum(ring.count(*states) for ring in view.rings)


def _left(view: RolloutView) -> int:
    """How many devices the remedy still has to be offered to."""
    if view.take_back_count is not None:
        return view.take_back_count
    return count(view, *take_back_states(widest_scope(view.policy)))


def _why(view: RolloutView) -> Reason:
    who = "a person asked for the way back" if view.rollback_requested else "the signed policy gives the way back"
    return reason("way_back", who)
