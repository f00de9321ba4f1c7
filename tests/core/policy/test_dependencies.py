"""Plans over what is offered to one device: order, blocks, circles, replacements, shared components."""

from itertools import permutations

from hypothesis import given
from hypothesis import strategies as st

from patchring.core.devices import PatchFacts
from patchring.core.policy.bonds import Installed, Wanted
from patchring.core.policy.condition import Condition
from patchring.core.policy.dependencies import DependencyPlan, plan
from patchring.core.policy.handling import Relation, RelationKind


def patch(name: str, version: str = "2", **bonds: tuple[str, ...]) -> Wanted:
    return Wanted(PatchFacts(f"apt:{name}={version}", "apt", name, version), **bonds)


def key(name: str, version: str = "2") -> str:
    return f"apt:{name}={version}"


def named(name: str) -> tuple[Condition, ...]:
    return (Condition("package", (name,)),)


def keys(found: DependencyPlan) -> list[str]:
    return [each.patch_key for each in found.order]


def texts(found: DependencyPlan) -> dict[str, list[str]]:
    return {patch_key: [each.text for each in reasons] for patch_key, reasons in found.blocked.items()}


def test_a_prerequisite_that_is_offered_goes_first_and_says_why() -> None:
    found = plan([patch("app", needs=(key("library"),)), patch("library"), patch("zebra")], [])
    assert keys(found) == [key("library"), key("app"), key("zebra")]
    assert found.order[1].after == (key("library"),)
    assert [each.text for each in found.order[1].reasons] == ["apt:library=2 goes first: its vendor says so"]


def test_one_that_is_installed_is_met_and_one_that_is_nowhere_blocks_all_that_hang_on_it() -> None:
    wanted = [patch("app", needs=(key("library"),)), patch("plugin", needs=(key("app"),))]
    assert keys(plan(wanted, [Installed("apt", "library", "2")])) == [key("app"), key("plugin")]
    found = plan(wanted, [])
    assert keys(found) == []
    assert texts(found) == {
        key("app"): ["needs apt:library=2, neither installed nor offered"],
        key("plugin"): ["needs apt:app=2, which is blocked itself"],
    }


def test_a_circle_is_named_and_what_hangs_on_it_too() -> None:
    wanted = [patch("a", needs=(key("b"),)), patch("b", needs=(key("a"),)), patch("c", needs=(key("a"),)), patch("d")]
    found = plan(wanted, [])
    assert keys(found) == [key("d")]
    assert texts(found) == {
        key("a"): ["is in a circle: apt:a=2 needs apt:b=2 needs apt:a=2"],
        key("b"): ["is in a circle: apt:b=2 needs apt:a=2 needs apt:b=2"],
        key("c"): ["needs apt:a=2, which hangs on a circle: apt:a=2 needs apt:b=2 needs apt:a=2"],
    }


CONFLICT = Relation(
    "old driver", RelationKind.CONFLICTS, named("app"), named("driver"), older_than="3", line=7, layer="tenant"
)


def test_a_conflict_with_an_older_version_blocks_unless_an_offer_lifts_it() -> None:
    app, old = patch("app"), [Installed("apt", "driver", "2.9")]
    assert texts(plan([app], old, [CONFLICT])) == {
        key("app"): ["conflicts with driver 2.9, which is installed: rule old driver (tenant, line 7)"]
    }
    assert keys(plan([app], [Installed("apt", "driver", "3")], [CONFLICT])) == [key("app")]
    assert keys(plan([app], [], [CONFLICT])) == [key("app")]
    lifted = plan([app, patch("driver", "3.1")], old, [CONFLICT])
    assert keys(lifted) == [key("driver", "3.1"), key("app")]
    too_old = plan([app, patch("driver", "2.95")], old, [CONFLICT])
    assert (keys(too_old), list(too_old.blocked)) == ([key("driver", "2.95")], [key("app")])


def test_a_relation_asks_for_a_version_that_is_installed_or_offered() -> None:
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), named("runtime"), older_than="5")
    assert keys(plan([patch("app")], [Installed("apt", "runtime", "5.1")], [needs])) == [key("app")]
    assert texts(plan([patch("app")], [Installed("apt", "runtime", "4")], [needs])) == {
        key("app"): ["needs package is runtime 5 or newer, neither installed nor offered: rule runtime"]
    }
    offered = plan([patch("app"), patch("runtime", "5.2")], [Installed("apt", "runtime", "4")], [needs])
    assert keys(offered) == [key("runtime", "5.2"), key("app")]


def test_only_the_newest_of_a_chain_goes_and_takes_the_place_of_the_others() -> None:
    one, two = patch("base", "1"), patch("base", "2", supersedes=(key("base", "1"),))
    three = patch("base", "3", supersedes=(key("base", "2"),))
    found = plan([one, two, three, patch("app", needs=(key("base", "1"),))], [])
    assert keys(found) == [key("base", "3"), key("app")]
    assert {old: why.text for old, why in found.left_out.items()} == {
        key("base", "1"): "apt:base=3 replaces it",
        key("base", "2"): "apt:base=3 replaces it",
    }
    assert found.order[1].after == (key("base", "3"),)


def test_what_has_its_place_is_no_part_of_a_circle() -> None:
    """Even where it is the first that each in the circle needs."""
    wanted = [patch("a"), patch("b", needs=(key("a"), key("c"))), patch("c", needs=(key("a"), key("b")))]
    found = plan(wanted, [])
    assert keys(found) == [key("a")]
    assert texts(found)[key("b")] == ["is in a circle: apt:b=2 needs apt:c=2 needs apt:b=2"]


def test_one_that_is_blocked_replaces_nothing_and_two_that_replace_each_other_both_stay() -> None:
    blocked = patch("base", "2", supersedes=(key("base", "1"),), needs=("apt:gone=1",))
    assert keys(plan([patch("base", "1"), blocked], [])) == [key("base", "1")]
    circle = [patch("base", "1"), patch("base", "2", supersedes=(key("base", "1"),), needs=(key("x"),))]
    found = plan([*circle, patch("x", needs=(key("base", "2"),))], [])
    assert (keys(found), list(found.blocked)) == ([key("base", "1")], [key("base", "2"), key("x")])
    mutual = [patch("a", supersedes=(key("b"),)), patch("b", supersedes=(key("a"),))]
    assert keys(plan(mutual, [])) == [key("a"), key("b")]


def test_a_shared_component_is_named() -> None:
    shares = Relation("tls", RelationKind.SHARES, named("mail"), component="openssl")
    found = plan([patch("web", components=("openssl",)), patch("mail"), patch("other")], [], [shares])
    assert [each.text for each in found.notes] == [
        "apt:mail=2 and apt:web=2 share openssl: if one harms, look at it first"
    ]


NAMES = st.sampled_from("abcde")
BONDS = st.tuples(st.lists(NAMES, max_size=2), st.lists(NAMES, max_size=1))


@given(st.dictionaries(NAMES, BONDS, max_size=5))
def test_every_patch_has_one_place_and_the_order_of_the_question_does_not_matter(
    drawn: dict[str, tuple[list[str], list[str]]],
) -> None:
    wanted = [
        patch(name, needs=tuple(key(n) for n in needs if n != name), supersedes=tuple(key(n) for n in supersedes))
        for name, (needs, supersedes) in drawn.items()
    ]
    found = plan(wanted, [])
    placed = [*keys(found), *found.blocked, *found.left_out]
    assert sorted(placed) == sorted(each.key for each in wanted)
    for place, each in enumerate(found.order):
        assert set(each.after) <= set(keys(found)[:place])
    assert all(plan(other, []) == found for other in list(permutations(wanted))[:6])


def codes(found: DependencyPlan) -> dict[str, list[str]]:
    return {patch_key: [each.code for each in reasons] for patch_key, reasons in found.blocked.items()}


def test_every_block_says_its_kind() -> None:
    """The code is what programs and the sentences of what ends it go by."""
    missing = plan([patch("app", needs=(key("gone"),)), patch("plugin", needs=(key("app"),))], [])
    assert codes(missing) == {key("app"): ["prerequisite_missing"], key("plugin"): ["prerequisite_blocked"]}
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), named("runtime"))
    assert codes(plan([patch("app")], [], [needs])) == {key("app"): ["prerequisite_missing"]}
    assert codes(plan([patch("app")], [Installed("apt", "driver", "2")], [CONFLICT])) == {
        key("app"): ["conflict_installed"]
    }
    circle = plan([patch("a", needs=(key("b"),)), patch("b", needs=(key("a"),))], [])
    assert codes(circle) == {key("a"): ["prerequisite_circle"], key("b"): ["prerequisite_circle"]}
    waits = plan([patch("app", needs=(key("library"),)), patch("library")], [])
    assert [each.code for each in waits.order[1].reasons] == ["prerequisite_first"]
    replaced = plan([patch("base", "1"), patch("base", "2", supersedes=(key("base", "1"),))], [])
    assert {old: why.code for old, why in replaced.left_out.items()} == {key("base", "1"): "superseded"}
    shared = plan([patch("a", components=("tls",)), patch("b", components=("tls",))], [])
    assert [each.code for each in shared.notes] == ["component_shared"]


def test_a_relation_says_nothing_of_other_packages() -> None:
    """Neither what is installed nor what is offered beside it meets a need or makes a conflict."""
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), named("runtime"))
    beside = [Installed("apt", "zebra", "9")]
    found = plan([patch("app"), patch("tiger")], beside, [needs])
    assert (keys(found), texts(found)) == (
        [key("tiger")],
        {key("app"): ["needs package is runtime, neither installed nor offered: rule runtime"]},
    )
    assert keys(plan([patch("app"), patch("tiger")], beside, [CONFLICT])) == [key("app"), key("tiger")]
    assert keys(plan([patch("tiger")], [], [needs])) == [key("tiger")]
    there = plan([patch("app"), patch("runtime"), patch("tiger")], beside, [needs])
    assert [(each.patch_key, each.after) for each in there.order] == [
        (key("runtime"), ()),
        (key("app"), (key("runtime"),)),
        (key("tiger"), ()),
    ]
    assert [each.text for each in there.order[1].reasons] == ["apt:runtime=2 goes first: rule runtime"]


def test_any_version_conflicts_and_none_lifts_it() -> None:
    """Without `older_than` an update of the other does not help; sharing a component is no conflict."""
    any_version = Relation("never together", RelationKind.CONFLICTS, named("app"), named("driver"))
    found = plan([patch("app"), patch("driver", "9")], [Installed("apt", "driver", "8")], [any_version])
    assert (keys(found), codes(found)) == ([key("driver", "9")], {key("app"): ["conflict_installed"]})
    shares = Relation("tls", RelationKind.SHARES, named("app"), named("driver"), component="tls")
    assert keys(plan([patch("app")], [Installed("apt", "driver", "8")], [shares])) == [key("app")]


def test_only_an_update_of_the_very_package_lifts_a_conflict() -> None:
    """Not one of another package that the condition names too, and not one of another package manager."""
    drivers = Relation("old", RelationKind.CONFLICTS, named("app"), named("driver*"), older_than="3")
    old = [Installed("apt", "driver", "2")]
    other = plan([patch("app"), patch("driver-extra", "4")], old, [drivers])
    assert (keys(other), list(other.blocked)) == ([key("driver-extra", "4")], [key("app")])
    elsewhere = Wanted(PatchFacts("dnf:driver=4", "dnf", "driver", "4"))
    assert list(plan([patch("app"), elsewhere], old, [drivers]).blocked) == [key("app")]
    two = [*old, Installed("apt", "driver-extra", "1")]
    assert list(plan([patch("app"), patch("driver", "3")], two, [drivers]).blocked) == [key("app")]
    both = plan([patch("app"), patch("driver", "3"), patch("driver-extra", "3")], two, [drivers])
    assert keys(both) == [key("driver-extra", "3"), key("driver", "3"), key("app")]


EVERYTHING = (Condition("provider", ("apt",)),)


def test_under_a_wide_rule_what_lifts_a_conflict_goes_first_and_is_in_none() -> None:
    """Everything conflicts with the old driver, also the new driver: it would block itself, and all for good."""
    wide = Relation("old driver", RelationKind.CONFLICTS, EVERYTHING, named("driver"), older_than="3")
    found = plan([patch("app"), patch("driver", "3.1")], [Installed("apt", "driver", "2.9")], [wide])
    assert (keys(found), found.blocked) == ([key("driver", "3.1"), key("app")], {})
    assert [each.after for each in found.order] == [(), (key("driver", "3.1"),)]


def test_under_a_wide_rule_what_is_needed_does_not_need_itself() -> None:
    wide = Relation("runtime", RelationKind.NEEDS, EVERYTHING, named("runtime"))
    found = plan([patch("app"), patch("runtime")], [], [wide])
    assert (keys(found), found.blocked) == ([key("runtime"), key("app")], {})


def test_an_offer_that_is_too_old_meets_no_need() -> None:
    """Nothing goes first for its sake; the sentence says which version would do."""
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), named("runtime"), older_than="5")
    found = plan([patch("app"), patch("runtime", "4")], [], [needs])
    assert (keys(found), texts(found)) == (
        [key("runtime", "4")],
        {key("app"): ["needs package is runtime 5 or newer, neither installed nor offered: rule runtime"]},
    )
    met = plan([patch("app"), patch("runtime", "4")], [Installed("apt", "runtime", "5")], [needs])
    assert [(each.patch_key, each.after) for each in met.order] == [(key("app"), ()), (key("runtime", "4"), ())]
    one_of_two = [Installed("apt", "runtime", "4"), Installed("apt", "runtime", "6")]
    assert keys(plan([patch("app")], one_of_two, [needs])) == [key("app")]


def test_conditions_are_told_with_all_their_words() -> None:
    """Several with `and`; none is any patch."""
    both = (*named("runtime"), Condition("provider", ("dnf", "winget")))
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), both)
    assert texts(plan([patch("app")], [], [needs])) == {
        key("app"): [
            "needs package is runtime and provider is dnf or winget, neither installed nor offered: rule runtime"
        ]
    }
    anything = Relation("base", RelationKind.NEEDS, named("app"), (), older_than="5")
    assert texts(plan([patch("app")], [], [anything])) == {
        key("app"): ["needs any patch 5 or newer, neither installed nor offered: rule base"]
    }


def test_two_that_both_meet_a_wide_need_do_not_wait_for_each_other() -> None:
    """Each is itself what is needed, so neither is behind the other, and nothing is in a circle."""
    wide = Relation("runtime", RelationKind.NEEDS, EVERYTHING, named("runtime*"))
    found = plan([patch("runtime"), patch("runtime-extra"), patch("app")], [], [wide])
    both = (key("runtime-extra"), key("runtime"))
    assert [(each.patch_key, each.after) for each in found.order] == [(both[0], ()), (both[1], ()), (key("app"), both)]
    assert found.blocked == {}


def test_two_that_both_lift_a_wide_conflict_do_not_wait_for_each_other() -> None:
    """Two newer drivers are offered: each would do, and what conflicts comes behind both."""
    wide = Relation("old driver", RelationKind.CONFLICTS, EVERYTHING, named("driver"), older_than="3")
    found = plan([patch("driver", "3"), patch("driver", "4"), patch("app")], [Installed("apt", "driver", "2")], [wide])
    both = (key("driver", "3"), key("driver", "4"))
    assert [(each.patch_key, each.after) for each in found.order] == [(both[0], ()), (both[1], ()), (key("app"), both)]
    assert found.blocked == {}


def test_a_need_of_any_version_is_met_by_one_before_the_first_release() -> None:
    """`0~rc1` sorts before everything, also before a version that nobody gave."""
    needs = Relation("runtime", RelationKind.NEEDS, named("app"), named("runtime"))
    assert keys(plan([patch("app")], [Installed("apt", "runtime", "0~rc1")], [needs])) == [key("app")]


def test_only_what_is_blocked_is_named_as_what_blocks() -> None:
    """Beside it a prerequisite that can go is nobody's trouble."""
    wanted = [patch("app", needs=(key("fine"), key("broken"))), patch("fine"), patch("broken", needs=(key("gone"),))]
    found = plan(wanted, [])
    assert (keys(found), texts(found)) == (
        [key("fine")],
        {
            key("app"): ["needs apt:broken=2, which is blocked itself"],
            key("broken"): ["needs apt:gone=2, neither installed nor offered"],
        },
    )


def test_what_replaces_its_own_prerequisite_waits_for_nothing() -> None:
    """It stands for the older one, also where its vendor says that it needs it."""
    newer = patch("base", "2", needs=(key("base", "1"),), supersedes=(key("base", "1"),))
    found = plan([patch("base", "1"), newer], [])
    assert [(each.patch_key, each.after) for each in found.order] == [(key("base", "2"), ())]
    assert found.blocked == {}


def test_a_component_is_only_named_where_several_share_it() -> None:
    """One patch alone is its own suspect; a relation of another kind shares nothing."""
    assert plan([patch("web", components=("openssl",)), patch("mail")], []).notes == ()
    needs = Relation("runtime", RelationKind.NEEDS, EVERYTHING, named("runtime"))
    assert plan([patch("app"), patch("mail"), patch("runtime")], [], [needs]).notes == ()
