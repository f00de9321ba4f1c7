"""What states are called on pages, and the tone (mark and colour) that each is shown with.

A test holds that every state of core has a word here. States of devices fall into the few groups that a ring counts.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from patchring.core.rollout.states import DeviceState, RingState, RolloutState


@dataclass(frozen=True)
class Shown:
    """`tone` names the mark and colour in `page.css` and `_parts.html`."""

    word: str
    tone: str


# Groups in the order in which a ring's bar shows them: what is done first, what has not begun last.
GROUPS = (
    Shown("verified", "verified"),
    Shown("failed", "failed"),
    Shown("rolled back", "rolled"),
    Shown("installing", "installing"),
    Shown("offered", "offered"),
    Shown("waiting", "waiting"),
    Shown("skipped", "aside"),
)

DEVICE_STATES: Mapping[str, Shown] = {
    DeviceState.WAITING: Shown("waiting", "waiting"),
    DeviceState.OFFERED: Shown("offered", "offered"),
    DeviceState.PERMITTED: Shown("permitted", "installing"),
    DeviceState.INSTALLING: Shown("installing", "installing"),
    DeviceState.REBOOT_PENDING: Shown("reboot pending", "installing"),
    DeviceState.INSTALLED: Shown("installed", "installing"),
    DeviceState.VERIFIED: Shown("verified", "verified"),
    DeviceState.FAILED: Shown("failed", "failed"),
    DeviceState.ROLLING_BACK: Shown("rolling back", "rolled"),
    DeviceState.ROLLED_BACK: Shown("rolled back", "rolled"),
    DeviceState.ROLLBACK_FAILED: Shown("rollback failed", "failed"),
    DeviceState.SKIPPED: Shown("skipped", "aside"),
}

RING_STATES: Mapping[str, Shown] = {
    RingState.WAITING: Shown("waiting", "waiting"),
    RingState.OPEN: Shown("open", "installing"),
    RingState.SOAKING: Shown("soaking", "soaking"),
    RingState.PASSED: Shown("passed", "verified"),
    RingState.HALTED: Shown("halted", "failed"),
}

ROLLOUT_STATES: Mapping[str, Shown] = {
    RolloutState.AWAITING_APPROVAL: Shown("waits for approval", "soaking"),
    RolloutState.RUNNING: Shown("running", "installing"),
    RolloutState.HALTED: Shown("halted", "failed"),
    RolloutState.ROLLING_BACK: Shown("rolling back", "rolled"),
    RolloutState.ROLLED_BACK: Shown("rolled back", "rolled"),
    RolloutState.COMPLETED: Shown("completed", "verified"),
    RolloutState.ABANDONED: Shown("abandoned", "aside"),
}

# Nothing moves in these by itself: a page that shows them need not be compared again and again.
RESTING = (RolloutState.ROLLED_BACK, RolloutState.COMPLETED, RolloutState.ABANDONED)


def device_state(state: str) -> Shown:
    return DEVICE_STATES.get(state) or _unknown(state)


def ring_state(state: str) -> Shown:
    return RING_STATES.get(state) or _unknown(state)


def rollout_state(state: str) -> Shown:
    return ROLLOUT_STATES.get(state) or _unknown(state)


def group_states(tone: str) -> list[str]:
    """The device states that are counted in the group of this tone."""
    return [str(state) for state, shown in DEVICE_STATES.items() if shown.tone == tone]


def _unknown(state: str) -> Shown:
    """A state of a newer server than this page: shown by its own name rather than not at all."""
    return Shown(state.replace("_", " "), "aside")
