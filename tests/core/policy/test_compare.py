"""What would change: nothing for the same policy, the mirror for the other direction, the same in any order."""

from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.devices import Criticality, DeviceClass
from patchring.core.policy.calendar import Window
from patchring.core.policy.compare import (
    Comparison,
    DecisionChange,
    DeviceChange,
    Fleet,
    FleetDevice,
    Soon,
    changed_values,
    compare,
)
from patchring.core.policy.condition import Condition, Source
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.handling import RebootRule
from patchring.core.policy.model import Outcome, Policy, SegmentRule
from tests.core.builders import NOW, device, patch, policy, rule
from tests.core.policy.random_policies import random_holds, random_patch, random_policy

ZONE = ZoneInfo("Europe/Berlin")
NIGHT = Window("night", "FREQ=DAILY", time(22), timedelta(hours=4))
NEVER = replace(NIGHT, name="never", begins_on=date(2027, 6, 1))
ANY = policy().windows["any"]


def devices(count: int, **facts: object) -> list[FleetDevice]:
    return [
        FleetDevice(device(device_id=UUID(int=number), name=f"pc-{number}", **facts), ZONE)
        for number in range(1, count + 1)
    ]


def fleet(count: int = 3, **facts: object) -> Fleet:
    """Every device misses one patch."""
    there = devices(count, **facts)
    return Fleet(there, [patch()], {patch().patch_key: frozenset(each.facts.device_id for each in there)}, {})


def servers_apart(window: str = "any") -> Policy:
    servers = SegmentRule("servers", (Condition("class", ("server",)),), 1, window, RebootRule.NEVER, "back", line=1)
    before = policy()
    return replace(before, segments=(servers, *before.segments), windows={"any": ANY, "night": NIGHT, "never": NEVER})


def test_devices_that_go_elsewhere_are_named_by_what_is_otherwise() -> None:
    found = compare(policy(), servers_apart("night"), fleet(2, device_class=DeviceClass.SERVER), NOW)
    names = ("pc-1", "pc-2")
    assert found.devices == (
        DeviceChange("segment", "rest", "servers", names),
        DeviceChange("window", "any", "night", names),
        DeviceChange("restart", "if_required", "never", names),
    )
    assert (found.decisions, found.soon) == ((), ())


def test_a_device_that_no_segment_takes_is_nowhere() -> None:
    nobody = replace(policy(), segments=policy().segments[:1])
    found = compare(policy(), nobody, fleet(1), NOW)
    assert found.devices[0] == DeviceChange("segment", "rest", "nowhere", ("pc-1",))
    assert found.decisions == (DecisionChange(patch().patch_key, Outcome.AUTO, None, "debian", "", ("pc-1",)),)


def test_patches_that_are_decided_otherwise_name_both_rules() -> None:
    held = replace(policy(), approvals=(rule("careful", Outcome.HOLD, package="web"), *policy().approvals))
    found = compare(policy(), held, fleet(2), NOW)
    assert found.decisions == (
        DecisionChange(patch().patch_key, Outcome.AUTO, Outcome.HOLD, "debian", "careful", ("pc-1", "pc-2")),
    )
    holds = {patch().patch_key: [HoldInForce("bad", "incident")]}
    assert compare(policy(), held, replace(fleet(2), holds=holds), NOW).decisions == ()


def test_what_would_begin_within_a_day() -> None:
    """By itself, and in a window that opens until then; what began before is not news."""
    reviewed = replace(policy(), approvals=(rule("careful", Outcome.REVIEW),))
    assert compare(reviewed, policy(), fleet(2), NOW).soon == (Soon(patch().patch_key, "rest", ("pc-1", "pc-2")),)
    assert compare(policy(), reviewed, fleet(2), NOW).soon == ()
    there = fleet(1, device_class=DeviceClass.SERVER)
    assert compare(servers_apart("never"), servers_apart("night"), there, NOW).soon == (
        Soon(patch().patch_key, "servers", ("pc-1",)),
    )
    assert compare(reviewed, servers_apart("never"), there, NOW).soon == ()


def test_values_are_told_with_the_layer_that_sets_them() -> None:
    sources = {"windows.night.start": Source("tenant", 7), "windows.night.lasts": Source("baseline", 3)}
    before = replace(policy(), windows={"night": NIGHT}, sources=sources)
    after = replace(before, windows={"night": replace(NIGHT, start=time(23))})
    [change] = changed_values(before, after)
    assert (change.path, change.before, change.after, change.layer) == (
        "windows.night.start",
        "22:00",
        "23:00",
        "tenant",
    )


def random_fleet(rng: Random) -> Fleet:
    classes, criticalities = list(DeviceClass), list(Criticality)
    there = [
        FleetDevice(replace(each.facts, device_class=rng.choice(classes), criticality=rng.choice(criticalities)), ZONE)
        for each in devices(8)
    ]
    patches = list({each.patch_key: each for each in (random_patch(rng) for _ in range(6))}.values())
    ids = [each.facts.device_id for each in there]
    missing = {each.patch_key: frozenset(rng.sample(ids, rng.randint(0, 8))) for each in patches}
    return Fleet(there, patches, missing, {each.patch_key: random_holds(rng) for each in patches})


@given(seed=st.integers(0, 2**48))
@settings(max_examples=100, deadline=None)
def test_the_laws(seed: int) -> None:
    """Nothing against itself; before and after exchanged the other way round; no order counts."""
    rng = Random(seed)
    one, other, there = random_policy(rng), random_policy(rng), random_fleet(rng)
    assert compare(one, one, there, NOW) == Comparison((), (), (), ())
    forth, back = compare(one, other, there, NOW), compare(other, one, there, NOW)
    assert {(c.field, c.before, c.after, c.device_names) for c in forth.devices} == {
        (c.field, c.after, c.before, c.device_names) for c in back.devices
    }
    assert {(c.patch_key, c.before, c.after, c.device_names) for c in forth.decisions} == {
        (c.patch_key, c.after, c.before, c.device_names) for c in back.decisions
    }
    shuffled = Fleet(
        rng.sample(there.devices, len(there.devices)),
        rng.sample(there.patches, len(there.patches)),
        there.missing,
        there.holds,
    )
    assert repr(compare(one, other, shuffled, NOW)) == repr(forth)
