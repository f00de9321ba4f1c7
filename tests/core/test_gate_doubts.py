"""A ring does not pass while the gate has something against devices that lie further out."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

from patchring.core.reason import reason
from patchring.core.rollout.actions import PassRing, Wait
from patchring.core.rollout.reconcile import reconcile
from patchring.core.rollout.states import DeviceState, RingState
from patchring.core.rollout.view import RingView
from tests.core.builders import view

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DOUBT = reason("gate_unread", "Inconclusive for web servers: service failures cannot be read on 2 of 3 patched")
COUNTS = {DeviceState.VERIFIED: 50}
SOAKED = RingView(0, RingState.SOAKING, COUNTS, NOW - timedelta(days=60), device_minutes=10**9)


def test_a_ring_that_has_all_that_its_soak_asks_for_passes_and_with_a_doubt_it_waits_and_says_which() -> None:
    assert isinstance(reconcile(view(SOAKED), NOW)[0], PassRing)
    assert reconcile(view(replace(SOAKED, doubts=(DOUBT,))), NOW) == [Wait(0, None, (DOUBT,))]
