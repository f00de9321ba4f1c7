"""The folder in which an MSP keeps its policies: read once, one stream a tenant, problems in the file they are in."""

import shutil
from pathlib import Path

import pytest

from patchring.core.policy.reception import ProposalRules, Reception
from patchring.policyfile import PolicyInvalid, Tree, check_tree, load

EXAMPLE = Path(__file__).parents[2] / "examples" / "policies" / "tree"
TENANTS = ["harbour-dental", "kestrel"]


@pytest.fixture
def tree(tmp_path: Path) -> Tree:
    shutil.copytree(EXAMPLE, tmp_path / "policies")
    return Tree(tmp_path / "policies")


def told(tree: Tree, tenant: str) -> list[str]:
    [(_, checked)] = check_tree(tree, [tenant])
    return [each.told().removeprefix(f"{tree.root}/") for each in checked.problems]


def test_the_example_is_in_order_and_its_streams_are_what_was_checked(tree: Tree) -> None:
    """What is signed is the text that was looked at: the same fingerprint, the same policy."""
    assert tree.tenants == TENANTS
    for tenant, checked in check_tree(tree, TENANTS):
        assert checked.problems == ()
        assert checked.policy == load(tree.stream(tenant))


def test_a_layer_of_a_group_is_only_for_its_devices(tree: Tree) -> None:
    policy = load(tree.stream("harbour-dental"))
    made = policy.segment("specialised workstations @ group imaging")
    plain = policy.segment("specialised workstations")
    assert made is not None
    assert plain is not None
    assert (made.window, made.layer, plain.window, plain.layer) == (
        "friday afternoon",
        "group imaging",
        "lunch",
        "baseline",
    )
    assert [each.field for each in made.when] == ["class", "group"]


def test_a_problem_names_the_file_of_its_layer_and_the_line_in_it(tree: Tree) -> None:
    site = tree.root / "tenants" / "kestrel" / "sites" / "toulouse.yaml"
    site.write_text(site.read_text().replace("FREQ=WEEKLY;BYDAY=SU", "FREQ=WEEKLY;BYDAY=XX", 1))
    assert told(tree, "kestrel") == [
        (
            "tenants/kestrel/sites/toulouse.yaml:6: windows.after close.rule: "
            "expected BYDAY= and days such as MO,TU, or 2TU for the second Tuesday, got 'XX'"
        )
    ]
    assert told(tree, "harbour-dental") == []


def test_a_site_may_not_say_what_is_the_tenants(tree: Tree) -> None:
    site = tree.root / "tenants" / "kestrel" / "sites" / "toulouse.yaml"
    site.write_text(site.read_text() + "\non_failure: {failed_max: 3, halt: ring}\n")
    assert told(tree, "kestrel") == [
        (
            "tenants/kestrel/sites/toulouse.yaml:9: on_failure: is the tenant's; a site cannot set it: "
            "write it in the tenant's layer"
        )
    ]


def test_what_is_proposed_is_answered_kind_by_kind_and_by_the_tenant_alone(tree: Tree) -> None:
    """A tenant changes the kinds that it names and keeps the baseline's others; a site cannot answer for a tenant."""
    tenant = tree.root / "tenants" / "kestrel" / "policy.yaml"
    tenant.write_text(tenant.read_text() + "\nproposals: {hold: refuse}\n")
    found = load(tree.stream("kestrel"))
    assert found.proposals == ProposalRules(Reception.REFUSE, Reception.REVIEW, Reception.REVIEW)
    layers = {kind: found.sources[f"proposals.{kind}"].layer for kind in ("hold", "expedite", "approve")}
    assert layers == {"hold": "tenant", "expedite": "baseline", "approve": "baseline"}
    assert load(tree.stream("harbour-dental")).proposals == ProposalRules()
    site = tree.root / "tenants" / "kestrel" / "sites" / "toulouse.yaml"
    site.write_text(site.read_text() + "\nproposals: {hold: take}\n")
    text = "proposals: is the tenant's; a site cannot set it: write it in the tenant's layer"
    assert told(tree, "kestrel") == [f"tenants/kestrel/sites/toulouse.yaml:9: {text}"]


def test_a_baseline_that_cannot_be_read_is_said_once_for_all(tree: Tree) -> None:
    (tree.root / "baseline.yaml").write_text("title: [\n")
    found = list(check_tree(tree, TENANTS))
    assert [name for name, _ in found] == [""]
    assert found[0][1].policy is None


def test_what_cannot_be_read_is_told_under_the_name_of_its_file(tree: Tree) -> None:
    """Also where the mistake is one of YAML, which nobody can place otherwise."""
    file = tree.files("harbour-dental")[1]
    file.write_text(file.read_text(encoding="utf-8") + "title: Other\n", encoding="utf-8")
    [(_, checked)] = check_tree(tree, ["harbour-dental"])
    [problem] = checked.problems
    assert problem.told("nobody").startswith(f"{file}:")
    assert problem.text == "'title' is written twice; expected it once"


def test_a_tenant_that_is_not_there_is_told_who_is(tree: Tree) -> None:
    with pytest.raises(PolicyInvalid) as refused:
        tree.stream("nobody")
    assert str(refused.value).endswith(
        "there is no tenants/nobody/policy.yaml; the tenants here are harbour-dental, kestrel"
    )


def test_a_tree_is_found_from_any_file_in_it(tree: Tree) -> None:
    group = tree.root / "tenants" / "harbour-dental" / "groups" / "imaging.yaml"
    assert Tree.around(group) == tree
    assert tree.tenant_of(group) == "harbour-dental"
    assert tree.tenant_of(tree.root / "baseline.yaml") is None
    assert Tree.around(tree.root.parent) is None
