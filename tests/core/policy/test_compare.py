"""What would change: nothing for the same policy, the mirror for the other direction, the same in any order."""

from dataclasses import replace
from datetime import date, time, timedelta
from random import Random
from uuid import UUID
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patchring.core.devices import Criticality, DeviceClass
from patchring.core.policy.calendar import Blackout, Hours, Window
from patchring.core.policy.compare import (
    Comparison,
    DecisionChange,
    DeviceChange,
    Fleet,
    FleetDevice,
    Soon,
    ValueChange,
    compare,
)
from patchring.core.policy.condition import Condition
from patchring.core.policy.decide import HoldInForce
from patchring.core.policy.handling import RebootPlan, RebootRule
from patchring.core.policy.known_issues import KnownIssue
from patchring.core.policy.model import (
    Automation,
    ExceptionKind,
    Outcome,
    Policy,
    PolicyException,
    SegmentRule,
    UrgencyRule,
)
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


def test_what_a_known_issue_keeps_back_is_decided_by_neither_policy() -> None:
    """On the devices that it names; the others go otherwise by the other policy, and begin soon by it."""
    patches, named = (Condition("package", ("web",)),), (Condition("name", ("pc-1",)),)
    issue = KnownIssue(UUID(int=9), "web-42", patches, named, "it does not start", "ticket 1", "2.1 is out")
    held = replace(policy(), approvals=(rule("debian", Outcome.HOLD),))
    key, there = patch().patch_key, replace(fleet(2), issues=(issue,))
    found = compare(held, policy(), there, NOW)
    assert found.decisions == (DecisionChange(key, Outcome.HOLD, Outcome.AUTO, "debian", "debian", ("pc-2",)),)
    assert found.soon == (Soon(key, "rest", ("pc-2",)),)
    other = replace(issue, patches=(Condition("package", ("other",)),))
    assert compare(held, policy(), replace(there, issues=(other,)), NOW).soon == (Soon(key, "rest", ("pc-1", "pc-2")),)


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


def test_a_comparison_says_whether_anything_is_otherwise() -> None:
    """Any one of the four is enough."""
    value, moved = ValueChange("title", "a", "b", "tenant"), DeviceChange("ring", "0 (a)", "1 (b)", ("pc-1",))
    decision = DecisionChange("key", None, Outcome.AUTO, "", "debian", ("pc-1",))
    some = [
        Comparison((value,), (), (), ()),
        Comparison((), (moved,), (), ()),
        Comparison((), (), (decision,), ()),
        Comparison((), (), (), (Soon("key", "rest", ("pc-1",)),)),
    ]
    assert [each.anything for each in some] == [True] * 4
    assert Comparison((), (), (), ()).anything is False


@pytest.mark.parametrize(("start", "soon"), [(time(15, 0), True), (time(15, 1), False), (time(14, 59), True)])
def test_soon_is_a_day_the_last_instant_included(start: time, soon: bool) -> None:
    """It is 15:00 in Berlin: a window that opens then tomorrow is soon, one a minute later is not."""
    tomorrow = replace(NIGHT, rule="FREQ=WEEKLY;BYDAY=TU", start=start)
    reviewed = replace(policy(), approvals=(rule("careful", Outcome.REVIEW),))
    segments = tuple(replace(each, window="night") for each in policy().segments)
    opening = replace(policy(), segments=segments, windows={"night": tomorrow})
    assert bool(compare(reviewed, opening, fleet(1), NOW).soon) is soon


def test_a_blackout_or_working_hours_are_not_soon() -> None:
    """Only for the segments that the blackout names, and for windows that mind the hours."""
    reviewed = replace(policy(), approvals=(rule("careful", Outcome.REVIEW),))
    fair = Blackout("fair", NOW.date(), NOW.date() + timedelta(days=2), segments=("rest",))
    assert compare(reviewed, replace(policy(), blackouts=(fair,)), fleet(1), NOW).soon == ()
    others = replace(fair, segments=("own",))
    expected = (Soon(patch().patch_key, "rest", ("pc-1",)),)
    assert compare(reviewed, replace(policy(), blackouts=(others,)), fleet(1), NOW).soon == expected
    always = Hours({day: ((time(0), time(23, 59, 59)),) for day in range(7)})
    noon = replace(NIGHT, start=time(12), duration=timedelta(hours=1), outside_hours=True)
    working = replace(servers_apart("night"), windows={"any": ANY, "night": noon, "never": NEVER}, hours=always)
    servers = fleet(1, device_class=DeviceClass.SERVER)
    assert compare(reviewed, working, servers, NOW).soon == ()
    free = compare(reviewed, replace(working, hours=None), servers, NOW).soon
    assert free == (Soon(patch().patch_key, "servers", ("pc-1",)),)


def test_what_is_expedited_begins_by_itself_too() -> None:
    reviewed = replace(policy(), approvals=(rule("careful", Outcome.REVIEW),))
    fast = replace(policy(), approvals=(rule("fast", Outcome.EXPEDITE),))
    assert compare(reviewed, fast, fleet(1), NOW).soon == (Soon(patch().patch_key, "rest", ("pc-1",)),)


REVIEWED = replace(policy(), approvals=(rule("careful", Outcome.REVIEW),))
SOON = (Soon(patch().patch_key, "rest", ("pc-1",)),)


def test_a_segment_without_a_window_begins_at_once() -> None:
    """The first two rings need none, and a permit is given at any time."""
    free = tuple(replace(each, window="") for each in policy().segments)
    assert compare(REVIEWED, replace(policy(), segments=free), fleet(1), NOW).soon == SOON
    assert compare(REVIEWED, replace(policy(), segments=free[:1]), fleet(1), NOW).soon == ()


def test_a_window_opens_in_its_own_zone() -> None:
    """Tuesday at seven comes within a day in Kathmandu, and more than a day from now in Berlin, where the device is."""
    tuesday = replace(NIGHT, rule="FREQ=WEEKLY;BYDAY=TU", start=time(19))
    segments = tuple(replace(each, window="night") for each in policy().segments)
    opening = replace(policy(), segments=segments, windows={"night": tuesday})
    assert compare(REVIEWED, opening, fleet(1), NOW).soon == ()
    own = replace(opening, windows={"night": replace(tuesday, zone="Asia/Kathmandu")})
    there = replace(fleet(1), zones={"Asia/Kathmandu": ZoneInfo("Asia/Kathmandu")})
    assert compare(REVIEWED, own, there, NOW).soon == SOON


def test_what_is_expedited_may_begin_in_one_more_window_and_in_a_blackout() -> None:
    """As its row of the urgency table says, and only then."""
    segments = tuple(replace(each, window="never") for each in policy().segments)
    windows = {"any": ANY, "never": NEVER}
    row = UrgencyRule("now", (), window="any")
    fast = replace(
        policy(), segments=segments, windows=windows, approvals=(rule("fast", Outcome.EXPEDITE),), urgency=(row,)
    )
    assert compare(REVIEWED, fast, fleet(1), NOW).soon == SOON
    assert compare(REVIEWED, replace(fast, urgency=(replace(row, window=""),)), fleet(1), NOW).soon == ()
    fair = Blackout("fair", NOW.date(), NOW.date() + timedelta(days=2))
    closed = replace(fast, blackouts=(fair,))
    assert compare(REVIEWED, closed, fleet(1), NOW).soon == ()
    assert compare(REVIEWED, replace(closed, urgency=(replace(row, in_blackout=True),)), fleet(1), NOW).soon == SOON


def test_each_thing_that_is_otherwise_has_its_word() -> None:
    """Rings with their numbers, plans before rules for restarts; what has no window has none."""
    before, usual = policy(), policy().segments[1]
    plan = RebootPlan("gentle", RebootRule.IF_REQUIRED)
    loose = replace(before.remedies["back"], name="loose")
    other = replace(usual, ring=0, window="", reboot_plan="gentle", remedy="loose", automation=Automation.OBSERVE)
    after = replace(
        before,
        segments=(other,),
        reboots={"gentle": plan},
        remedies={"loose": loose},
        rings=(replace(before.rings[0], name="early"), before.rings[1]),
    )
    there = fleet(1, sacrificial=True)
    assert compare(before, after, there, NOW).devices == (
        DeviceChange("ring", "1 (ring 1)", "0 (early)", ("pc-1",)),
        DeviceChange("window", "any", "none", ("pc-1",)),
        DeviceChange("restart", "if_required", "gentle", ("pc-1",)),
        DeviceChange("way back", "back", "loose", ("pc-1",)),
        DeviceChange("automation", "automatic", "observe", ("pc-1",)),
    )


def test_devices_are_told_apart_by_name_where_a_row_asks_for_it() -> None:
    """Elsewhere all of a kind share one place."""
    one = SegmentRule("one", (Condition("name", ("pc-2",)),), 1, "any", RebootRule.IF_REQUIRED, "back", line=1)
    apart = replace(policy(), segments=(one, *policy().segments))
    assert compare(policy(), apart, fleet(3), NOW).devices == (DeviceChange("segment", "rest", "one", ("pc-2",)),)


def test_an_exception_decides_nothing_for_the_devices_that_it_names() -> None:
    """What it keeps back is not decided; where it lapsed, nothing is otherwise."""
    kept = PolicyException(
        "old", ExceptionKind.DEFERRAL, (Condition("package", ("web",)),), (Condition("name", ("pc-1",)),), "ann", "ann",
        "why", "instead", date(2026, 12, 1),
    )  # fmt: skip
    found = compare(policy(), replace(policy(), exceptions=(kept,)), fleet(2), NOW)
    key = patch().patch_key
    assert found.decisions == (DecisionChange(key, Outcome.AUTO, None, "debian", "", ("pc-1",)),)
    back = compare(replace(policy(), exceptions=(kept,)), policy(), fleet(2), NOW)
    assert back.decisions == (DecisionChange(key, None, Outcome.AUTO, "", "debian", ("pc-1",)),)
    lapsed = replace(kept, until_on=date(2026, 11, 22))
    assert compare(policy(), replace(policy(), exceptions=(lapsed,)), fleet(2), NOW).decisions == ()


def test_a_missing_patch_of_a_device_that_is_gone_is_nobodys() -> None:
    """Only devices of the fleet are told, and only patches of it."""
    there = replace(fleet(1), missing={patch().patch_key: frozenset({UUID(int=1), UUID(int=99)}), "gone": frozenset()})
    held = replace(policy(), approvals=(rule("careful", Outcome.HOLD),))
    assert [each.device_names for each in compare(policy(), held, there, NOW).decisions] == [("pc-1",)]
    nothing = replace(fleet(1), missing={})
    assert compare(policy(), held, nothing, NOW).decisions == ()


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
