"""Products with a history of trouble: seen by the policy, kept with the patch, and told."""

import pytest

from tests.app.worker.test_policy import operator
from tests.app.worker.world import POLICY, Product, World

pytestmark = pytest.mark.anyio

AUTO = "  - {name: debian, when: {provider: apt, origin: Debian}, decide: auto}"
NOISY = '  - {name: noisy, when: {noisy: "yes"}, decide: review}\n'
NEWER = Product(before="1.4", after="1.5")
BAD = """
insert into patchring.evidence (patch_key, ring, tenant_count, device_count, verified_count, failed_count)
values (%(key)s, 2, 3, 20, %(verified)s, %(failed)s) returning patch_key
"""


async def test_a_policy_can_ask_for_a_history_of_trouble(world: World) -> None:
    """Two earlier releases failed, here or elsewhere: the newer one waits for a person, and says why."""
    tenant = operator(world, POLICY.replace(AUTO, NOISY + AUTO))
    earlier = [Product(before="1.0", after=version) for version in ("1.1", "1.2", "1.3")]
    tenant.add_devices(1, *earlier)
    await world.turn()
    for product, failed in zip(earlier, (5, 0, 5), strict=True):
        tenant.rows(BAD, key=product.key, verified=20 - failed, failed=failed)
    tenant.add_devices(1, NEWER)
    await world.turn()
    [patch] = tenant.rows("select * from patchring.patch where patch_key = %(key)s", key=NEWER.key)
    text = "2 of the newest 3 releases made trouble: 1.3 (it failed on devices), 1.1 (it failed on devices)"
    assert patch["history"] == text
    outcomes = {found["outcome"] for found in patch["decision"]["segments"].values()}
    assert outcomes == {"review"}
    [told] = tenant.rows("select data from patchring.event where kind = 'patch_noisy' and tenant_id = %(t)s")
    assert told["data"] == {"patch_key": NEWER.key, "reason": text}


async def test_releases_of_another_product_or_later_ones_say_nothing(world: World) -> None:
    """Neither does what is newer than the patch itself."""
    tenant = operator(world, POLICY)
    others = [Product(name="other", after="1.1"), Product(name="other", after="1.2"), Product(after="1.8")]
    tenant.add_devices(1, *others, NEWER)
    for product in others:
        tenant.rows(BAD, key=product.key, verified=0, failed=9)
    await world.turn()
    rows = tenant.rows("select patch_key, history from patchring.patch where tenant_id = %(t)s")
    assert {row["patch_key"]: row["history"] for row in rows}[NEWER.key] == ""
