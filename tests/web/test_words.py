"""Every state of core has a word and a tone on the pages."""

from enum import StrEnum

import pytest

from patchring.core.rollout.states import DeviceState, RingState, RolloutState
from patchring.web import words


@pytest.mark.parametrize(
    ("machine", "shown"),
    [
        (DeviceState, words.DEVICE_STATES),
        (RingState, words.RING_STATES),
        (RolloutState, words.ROLLOUT_STATES),
    ],
)
def test_no_state_is_without_a_word(machine: type[StrEnum], shown: dict[str, words.Shown]) -> None:
    assert set(shown) == {str(state) for state in machine}


def test_every_device_state_is_counted_in_one_group() -> None:
    tones = [group.tone for group in words.GROUPS]
    counted = [state for tone in tones for state in words.group_states(tone)]
    assert sorted(counted) == sorted(str(state) for state in DeviceState)


def test_a_state_of_a_newer_server_is_shown_by_its_name() -> None:
    assert words.device_state("awaiting_courier") == words.Shown("awaiting courier", "aside")
