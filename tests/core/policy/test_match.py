"""What a condition looks at, the words that it may ask for, and how it is told."""

import string
from dataclasses import replace
from uuid import UUID

import pytest

from patchring.core.devices import Criticality, DeviceClass, DeviceFacts, PatchFacts
from patchring.core.policy.condition import Condition
from patchring.core.policy.match import (
    DEVICE_FIELDS,
    PATCH_FIELDS,
    WORDS,
    called,
    can_match,
    described,
    device_misses,
    matches,
    patch_misses,
)
from patchring.core.policy.model import Outcome
from tests.core.builders import rule

BOX = DeviceFacts(
    UUID(int=1),
    UUID(int=2),
    UUID(int=3),
    "box",
    device_class=DeviceClass.KIOSK,
    roles=frozenset({"web"}),
    criticality=Criticality.LOW,
    internet_facing=False,
    groups=frozenset({"red"}),
    internal=True,
    sacrificial=False,
    redundancy_group="pair",
    os_name="debian",
    os_version="13",
    site="North",
)
PATCH = PatchFacts(
    "key",
    "apt",
    "libweb",
    "2",
    source="web",
    title="Web 2",
    origin="Debian",
    label="Main",
    suite="stable",
    security=True,
    type="application",
    classification="rollup",
    reboot="maybe",
    kb="KB1",
    exploited=False,
    noisy=True,
)


def test_each_field_of_a_device_has_its_fact() -> None:
    """By the word that the text has for it."""
    assert {name: tuple(field(BOX)) for name, field in DEVICE_FIELDS.items()} == {
        "class": ("kiosk",),
        "role": ("web",),
        "criticality": ("low",),
        "exposed": ("no",),
        "group": ("red",),
        "internal": ("yes",),
        "sacrificial": ("no",),
        "redundancy_group": ("pair",),
        "name": ("box",),
        "os": ("debian",),
        "os_version": ("13",),
        "site": ("North",),
    }


def test_each_field_of_a_patch_has_its_fact() -> None:
    """By the word that the text has for it."""
    assert {name: tuple(field(PATCH)) for name, field in PATCH_FIELDS.items()} == {
        "provider": ("apt",),
        "package": ("libweb",),
        "version": ("2",),
        "source": ("web",),
        "title": ("Web 2",),
        "origin": ("Debian",),
        "label": ("Main",),
        "suite": ("stable",),
        "security": ("yes",),
        "type": ("application",),
        "classification": ("rollup",),
        "reboot": ("maybe",),
        "kb": ("KB1",),
        "exploited": ("no",),
        "noisy": ("yes",),
    }


def test_no_redundancy_group_is_an_empty_one() -> None:
    """So `*` takes such a device, and a name does not."""
    alone = replace(BOX, redundancy_group=None)
    named, any_group = Condition("redundancy_group", ("pair",)), Condition("redundancy_group", ("*",))
    assert tuple(DEVICE_FIELDS["redundancy_group"](alone)) == ("",)
    assert device_misses((named, any_group), alone) == [named]


def test_fields_with_words_have_no_others() -> None:
    """Any other word could never match, and the language says so."""
    truths = ("yes", "no")
    assert {name: tuple(map(str, words)) for name, words in WORDS.items()} == {
        "class": tuple(DeviceClass),
        "criticality": tuple(Criticality),
        "exposed": truths,
        "internal": truths,
        "sacrificial": truths,
        "security": truths,
        "exploited": truths,
        "noisy": truths,
        "type": ("os", "application", "browser", "driver", "firmware"),
        "classification": (
            "security", "critical", "rollup", "feature", "preview", "optional", "definition", "unknown",
        ),
        "reboot": ("never", "maybe", "always", "unknown"),
    }  # fmt: skip


@pytest.mark.parametrize(
    ("field", "pattern", "possible"),
    [
        ("type", "browser", True), ("type", "b*", True), ("type", "toaster", False), ("exposed", "maybe", False),
        ("package", "toaster", True),
    ],
)  # fmt: skip
def test_whether_a_pattern_can_match_at_all(field: str, pattern: str, possible: bool) -> None:
    """A field without words may have any value."""
    assert can_match(field, pattern) is possible


@pytest.mark.parametrize(
    ("pattern", "value", "fits"),
    [
        ("x*b", "xaab", True), ("x*b", "xb", True), ("x*b", "ab", False), ("*x*yz", "xyxyz", True),
        ("*x*yz", "yxyzy", False), ("xy*", "x", False), ("a*?", "a", False), ("a*?", "ab", True),
    ],
)  # fmt: skip
def test_a_star_takes_as_little_as_it_can_and_more_when_it_has_to(pattern: str, value: str, fits: bool) -> None:
    """Before and behind it every character counts once."""
    assert matches(pattern, value) is fits


def test_only_a_star_stands_for_nothing() -> None:
    """Any other character behind a name has to be there."""
    assert [each for each in string.printable if matches(f"web{each}", "web")] == ["*"]


def test_conditions_that_miss_are_told_in_their_order() -> None:
    """All of them, none that holds."""
    wanted = (Condition("provider", ("dnf",)), Condition("package", ("lib*",)), Condition("kb", ("KB2", "KB3")))
    assert patch_misses(wanted, PATCH) == [wanted[0], wanted[2]]
    assert [described(each) for each in wanted] == ["provider is dnf", "package is lib*", "kb is KB2 or KB3"]


@pytest.mark.parametrize(
    ("layer", "name"),
    [("", "rule r (line 7)"), ("policy", "rule r (line 7)"), ("site North", "rule r (site North, line 7)")],
)
def test_a_row_is_called_by_its_layer_where_there_are_several(layer: str, name: str) -> None:
    """A text without layers has nothing to name."""
    row = replace(rule("r", Outcome.AUTO), line=7, layer=layer)
    assert called("rule", row) == name
