"""What a tenant is told of the others (T6): that something is so; counts only when three and more are behind them."""

from dataclasses import replace

import pytest

from patchring.core.reason import Reason
from patchring.core.rollout.soak import elsewhere_lacks
from patchring.core.rollout.states import RingState, RolloutState
from patchring.core.rollout.view import Elsewhere, RingView, RolloutView
from tests.core.builders import NOW, policy

SEEN = Elsewhere(device_count=40, verified_count=3, failed_count=0, first_verified_at=None, last_verified_at=None)
EMPTY = RingView(0, RingState.WAITING, {})


def told(seen: Elsewhere, verified_min: int = 5) -> Reason:
    rule = policy()
    ring = replace(rule.rings[0], soak=replace(rule.rings[0].soak, verified_min=verified_min))
    view = RolloutView(RolloutState.RUNNING, replace(rule, rings=(ring, *rule.rings[1:])), (EMPTY,), False)
    [lack], _ = elsewhere_lacks(replace(view, elsewhere={0: seen}), EMPTY, NOW)
    return lack


@pytest.mark.parametrize(
    ("tenant_count", "verified", "text", "numbers"),
    [
        (3, 3, "3 of 5 needed devices verified", {"verified": "3", "needed": "5"}),
        (2, 3, "too few devices elsewhere are verified yet", {}),
        (3, 2, "too few devices elsewhere are verified yet", {}),
        (1, 0, "too few devices elsewhere are verified yet", {}),
    ],
)
def test_a_wait_names_counts_only_from_three_on(
    tenant_count: int, verified: int, text: str, numbers: dict[str, str]
) -> None:
    lack = told(replace(SEEN, tenant_count=tenant_count, verified_count=verified))
    assert (lack.text, lack.numbers) == (f"Waits for ring 0 of this patch: {text}", numbers)


@pytest.mark.parametrize(
    ("tenant_count", "failed", "text"),
    [(3, 3, ": 3 devices, 0 allowed"), (3, 1, ""), (1, 7, "")],
)
def test_a_failure_elsewhere_is_told_and_counted_only_from_three_on(tenant_count: int, failed: int, text: str) -> None:
    lack = told(replace(SEEN, tenant_count=tenant_count, failed_count=failed))
    assert lack.text == f"Ring 0 of this patch failed elsewhere{text}"
    assert ("failed" in lack.numbers) == bool(text)
