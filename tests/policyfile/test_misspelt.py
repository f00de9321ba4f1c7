"""A hold whose condition is misspelt never matches, and the next row decides: the check asks what was meant."""

from pathlib import Path

import pytest

from patchring.policyfile import check
from tests.policyfile.test_load import SMALL

IDLE = "nothing has is never followed: the next one decides"


def warned(text: str, about: str = "approvals[0].when") -> list[str]:
    """The warnings about conditions, without file and line."""
    found = check(text, "p.yaml")
    assert found.errors == ()
    told = [each.told().removeprefix("p.yaml:").partition(": warning: ")[2] for each in found.problems]
    return [each for each in told if each.startswith(about)]


def holding(condition: str, *others: str) -> str:
    """The small policy with a hold on top, and reviews behind it."""
    rows = "".join(f"  - {{name: r{n}, when: {each}, decide: review}}\n" for n, each in enumerate(others))
    return SMALL.replace("approvals:\n", f"approvals:\n  - {{name: kept, when: {condition}, decide: hold}}\n{rows}")


def test_a_provider_that_nobody_is() -> None:
    [told] = warned(holding("{provider: windows_updat}"))
    assert told == (
        "approvals[0].when.provider: no provider is called 'windows_updat'; did you mean 'windows_update'? there are "
        "apt, dnf, zypper, windows_update, winget, softwareupdate, snap, flatpak, fwupd, brew; a row for another is "
        "never followed: the next one decides"
    )
    assert warned(holding('{provider: "win*"}')) == []
    assert [each[: each.index("; there")] for each in warned(holding("{provider: Xyz}"))] == [
        "approvals[0].when.provider: no provider is called 'Xyz'"
    ]


@pytest.mark.parametrize(
    ("field", "value", "meant"),
    [
        ("origin", "Debain", "Debian"),
        ("origin", "microsoft", "Microsoft"),
        ("label", "Debian-Securty", "Debian-Security"),
        ("label", "Debian Security", "Debian-Security"),
    ],
)
def test_a_word_that_is_nearly_a_well_known_one(field: str, value: str, meant: str) -> None:
    sentence = f"did you mean {meant!r}? {value!r} is nearly the same; a row for a {field} that {IDLE}"
    assert warned(holding(f"{{{field}: {value}}}")) == [f"approvals[0].when.{field}: {sentence}"]


@pytest.mark.parametrize(
    "condition",
    ['{origin: "Deb*"}', "{origin: Debian, label: Debian-Security}", "{origin: UbuntuESM}", "{origin: Patchring Lab}"],
)
def test_words_that_are_right_or_unlike_any_other(condition: str) -> None:
    assert warned(holding(condition)) == []


def test_a_word_that_the_text_writes_otherwise_elsewhere() -> None:
    """The rarer is told; names that differ in a number or a letter are meant so."""
    text = holding("{label: Acme-Stabel}", "{label: Acme-Stable}", "{label: Acme-Stable, security: 'no'}")
    sentence = f"did you mean 'Acme-Stable'? 'Acme-Stabel' is nearly the same; a row for a label that {IDLE}"
    assert warned(text) == [f"approvals[0].when.label: {sentence}"]
    assert warned(text, "approvals[1]") == []
    assert warned(holding("{label: Acme-1}", "{label: Acme-2}", '{label: "Acme-2*"}'), "approvals") == []


@pytest.mark.parametrize(("field", "value"), [("role", "domain_controler"), ("role", "Domain-Controller")])
def test_a_role_of_a_segment(field: str, value: str) -> None:
    row = f"segments:\n  - {{name: dc, when: {{{field}: {value}}}, ring: 1, window: night, remedy: back}}\n"
    [told] = warned(SMALL.replace("segments:\n", row), "segments[0].when")
    assert told.startswith(f"segments[0].when.role: did you mean 'domain_controller'? {value!r} is nearly the same")


def test_a_group_that_a_layer_calls_otherwise() -> None:
    """`imagng`, and the layer `group imaging`, which is where devices get it from."""
    small = Path(__file__).with_name("small")
    tenant = (small / "tenant.yaml").read_text(encoding="utf-8")
    texts = [(small / "baseline.yaml").read_text(encoding="utf-8"), tenant]
    row = "segments:\n  - {name: lab, when: {group: imagng}, ring: 1, window: night, remedy: back}\n"
    layer = "patchring: 1\nlayer: group imaging\nblackouts: [{name: x, from: 2026-12-21, to: 2026-12-22}]\n"
    found = check("---\n".join([texts[0], f"{tenant}{row}", layer]), "p.yaml")
    assert [each.text for each in found.problems if each.path.endswith(".group")] == [
        f"did you mean 'imaging'? 'imagng' is nearly the same; a row for a group that {IDLE}"
    ]


def test_the_shipped_policies_are_spelt_well() -> None:
    """Of the examples and of the simulator."""
    root = Path(__file__).parents[2]
    for path in (*root.glob("examples/*/*.yaml"), *(root / "src/patchring/sim/policies").glob("*.yaml")):
        found = check(path.read_text(encoding="utf-8"), path.name).problems
        assert [each for each in found if "is never followed" in each.text] == []
