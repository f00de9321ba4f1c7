"""The laws of `reconcile`, each on random rollouts."""

import pytest
from hypothesis import given, settings

from patchring.core.rollout.reconcile import reconcile
from patchring.core.rollout.view import RolloutView
from tests.core.builders import NOW, rollout_views
from tests.core.laws import LAWS, Law


@pytest.mark.parametrize("law", LAWS, ids=lambda law: law.__name__)
@given(view=rollout_views)
@settings(max_examples=1000, deadline=None)
def test_law(law: Law, view: RolloutView) -> None:
    """Every law holds for every view, also for views that should never come to be."""
    law(reconcile, view, NOW)
