"""The loop under loss, repetition, kills and power cuts: it acts only on a live permit, once, and says so once."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from tests.agent.world import World, install, reboot

OFFERS = {
    "one package": [install(1, "app=1.1")],
    "a set without probes": [install(1, "app=1.1", "lib=1.1", probes=())],
    "two actions": [install(1, "app=1.1"), install(2, "lib=2.0")],
    "with a reboot": [install(1, "app=1.1"), reboot(2)],
}


@settings(max_examples=500, deadline=None)
@given(st.integers(0, 2**64), st.sampled_from(sorted(OFFERS)), st.integers(0, 150))
def test_any_schedule_of_faults_ends_with_each_action_finished_and_told_once(
    seed: int, offers: str, chaotic_steps: int
) -> None:
    """Whatever is lost, repeated or killed: no act without a live permit, none twice, one `finished` each."""
    world = World(random.Random(seed), OFFERS[offers])
    world.run(chaotic_steps)
    world.verdict()
