"""Stop keys in words; nobody reads of a tenant that he was not given."""

from uuid import UUID

import pytest

from patchring.app.stops import EVERYTHING, patch_stop, ring_stop, rollout_stop, segment_stop, tenant_stop
from patchring.web.models import Scope
from patchring.web.scopes import Names, label, parse_key, scopes_of_board, scopes_of_rollout

MINE, OTHER = UUID(int=1), UUID(int=2)
ROLLOUT, FOREIGN_ROLLOUT = UUID(int=3), UUID(int=4)
NAMES = Names(
    {MINE: "Harbour"}, {ROLLOUT: (MINE, "Runtime"), FOREIGN_ROLLOUT: (OTHER, "Secret")}, {"apt:a=1": "Runtime"}
)


@pytest.mark.parametrize(
    ("key", "text"),
    [
        (EVERYTHING, "Everything, all tenants"),
        (patch_stop("apt:a=1"), "Runtime, all tenants"),
        (tenant_stop(MINE), "Harbour"),
        (rollout_stop(ROLLOUT), "Runtime at Harbour"),
        (ring_stop(ROLLOUT, 2), "Ring 2 of Runtime at Harbour"),
        (segment_stop(MINE, "front desk"), "front desk at Harbour"),
    ],
)
def test_each_key_has_words(key: str, text: str) -> None:
    assert label(key, NAMES) == text


@pytest.mark.parametrize(
    "key",
    [
        patch_stop("apt:in-house=1"),
        tenant_stop(OTHER),
        rollout_stop(FOREIGN_ROLLOUT),
        ring_stop(FOREIGN_ROLLOUT, 1),
        segment_stop(OTHER, "servers"),
        "tenant:not-an-id",
        "ring:x:1",
        "nonsense",
    ],
)
def test_what_the_viewer_was_not_given_has_none(key: str) -> None:
    assert label(key, NAMES) is None


def test_a_patch_key_with_colons_stays_whole() -> None:
    stopped = parse_key("patch:windows_update:6f0d1c52")
    assert stopped is not None
    assert stopped.patch_key == "windows_update:6f0d1c52"


def test_only_who_has_all_tenants_is_offered_what_reaches_all() -> None:
    rollouts = [{"rollout_id": ROLLOUT, "patch_key": "apt:a=1", "tenant_id": MINE}]
    narrow = scopes_of_board(NAMES, rollouts, everything=False)
    assert [scope.key for scope in narrow] == [tenant_stop(MINE), rollout_stop(ROLLOUT)]
    wide = scopes_of_board(NAMES, rollouts, everything=True)
    assert [s.key for s in wide] == [EVERYTHING, tenant_stop(MINE), patch_stop("apt:a=1"), rollout_stop(ROLLOUT)]


def test_a_rollouts_page_offers_itself_first() -> None:
    rollout = {"rollout_id": ROLLOUT, "patch_key": "apt:a=1", "tenant_id": MINE}
    scopes = scopes_of_rollout(NAMES, rollout, [0, 1], everything=False, segments=["kiosks"])
    assert scopes == [
        Scope(rollout_stop(ROLLOUT), "Runtime at Harbour", chosen=True),
        Scope(ring_stop(ROLLOUT, 0), "Ring 0 of Runtime at Harbour"),
        Scope(ring_stop(ROLLOUT, 1), "Ring 1 of Runtime at Harbour"),
        Scope(segment_stop(MINE, "kiosks"), "kiosks at Harbour"),
        Scope(tenant_stop(MINE), "Harbour"),
    ]
