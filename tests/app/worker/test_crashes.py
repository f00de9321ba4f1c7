"""A worker that dies anywhere loses nothing and does nothing twice."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from patchring.app.worker.claim import LEASE
from patchring.store.transaction import Tx
from tests.app.worker.test_campaign import GOOD, all_are, three_tenants
from tests.app.worker.world import Product, World

pytestmark = pytest.mark.anyio


class Killed(BaseException):
    """Nothing in the product catches it, so what follows is what follows a kill -9: an open transaction is rolled
    back, the lease stays behind."""


@contextmanager
def killing(chance: random.Random, share: float, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Die at this share of all statements, before or after them."""
    ran = Tx._ran

    def dangerous(self: Tx, *given: Any) -> Any:
        if chance.random() < share:
            raise Killed
        return ran(self, *given)

    with monkeypatch.context() as patched:
        patched.setattr(Tx, "_ran", dangerous)
        yield


class MortalWorld:
    """Settles by a worker that is killed and started again until a run gets through."""

    def __init__(self, world: World, monkeypatch: pytest.MonkeyPatch, seed: int, share: float) -> None:
        self.world, self.chance, self.share, self.monkeypatch = world, random.Random(seed), share, monkeypatch
        self.kill_count = 0
        self.settle_safely = world.settle
        world.settle = self.settle  # type: ignore[method-assign]

    async def settle(self) -> None:
        for _ in range(12):
            try:
                with killing(self.chance, self.share, self.monkeypatch):
                    await self.settle_safely()
                return
            except Killed:
                self.kill_count += 1
                heard_at = self.world.clock.advance(LEASE)
                self.world.connection.execute("update patchring.device_contact set last_seen_at = %s", [heard_at])
        await self.settle_safely()


@pytest.mark.parametrize("seed", [1, 2])
async def test_a_good_patch_arrives_although_the_worker_is_killed_again_and_again(
    world: World, monkeypatch: pytest.MonkeyPatch, seed: int
) -> None:
    tenants = three_tenants(world, GOOD)
    mortal = MortalWorld(world, monkeypatch, seed, 0.02)
    await world.run(lambda: all_are(tenants, GOOD, "completed"))
    assert mortal.kill_count > 20
    assert [set(tenant.states(GOOD).values()) for tenant in tenants] == [{"verified"}] * 3
    acted = world.rows("select device_id, count(*) as n from patchring.action where started_at is not null group by 1")
    assert {row["n"] for row in acted} == {1}, "a device was made to install twice"
    verified = world.rows(
        "select subject_id, count(*) as n from patchring.event where kind = 'patch_verified' group by 1"
    )
    assert ({row["n"] for row in verified}, len(verified)) == ({1}, 16)
    assert [row["verified_count"] for row in world.rows("select * from patchring.evidence order by ring")] == [
        2,
        4,
        6,
        4,
    ]
    assert world.slots_in_use() == 0


async def test_a_bad_patch_is_halted_once_and_taken_back_although_the_worker_is_killed(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    bad = Product(harms="service:app")
    operator, *_ = three_tenants(world, bad)
    mortal = MortalWorld(world, monkeypatch, 3, 0.03)
    await world.run(lambda: operator.rollout(bad)["state"] == "rolled_back")
    assert mortal.kill_count > 5
    assert sorted(operator.states(bad).values()) == ["rolled_back", "waiting"], "one went alone, whichever it was"
    kinds = operator.events()
    once = ("rollout_created", "rollout_halted", "hold_placed", "rollback_started", "rollout_rolled_back")
    assert {kind: kinds.count(kind) for kind in once} == dict.fromkeys(once, 1)
    assert len(world.rows("select * from patchring.stop")) == 1
