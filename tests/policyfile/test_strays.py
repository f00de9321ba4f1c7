"""What lies in a tree and is not read, or stands in another place than its layer says, is told."""

import shutil
from pathlib import Path

import pytest

from patchring.policyfile import PolicyInvalid, Tree, check_tree
from tests.policyfile.test_tree import EXAMPLE

HARBOUR = Path("tenants/harbour-dental")


@pytest.fixture
def tree(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Tree:
    shutil.copytree(EXAMPLE, tmp_path / "policies")
    monkeypatch.chdir(tmp_path / "policies")
    return Tree(Path())


def told(tree: Tree, tenant: str = "harbour-dental") -> list[str]:
    [(_, checked)] = check_tree(tree, [tenant])
    return [each.told() for each in checked.problems]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("policy.yml", "policy.yml: warning: is not read; did you mean 'policy.yaml'?"),
        ("group/", "group/: warning: is not read; did you mean 'groups'?"),
        ("sites", "sites: warning: is not read; did you mean 'sites'?"),
        ("shifts.csv", "shifts.csv: warning: is not read; expected here policy.yaml, sites, groups"),
        (
            "groups/tills.yml",
            "groups/tills.yml: warning: is not read; expected a file for each group, such as tills.yaml",
        ),
    ],
)
def test_what_a_tenants_folder_has_beside(tree: Tree, name: str, expected: str) -> None:
    put(HARBOUR / name, folder=name.endswith("/"))
    assert told(tree) == [f"{HARBOUR}/{expected}"]


def put(path: Path, *, folder: bool = False) -> None:
    if folder:
        path.mkdir()
    else:
        path.write_text("patchring: 1\n", encoding="utf-8")


def test_what_is_beside_the_tenants(tree: Tree) -> None:
    """What people keep beside policies is no slip: a readme, a schema for editors, a repository."""
    for name in ("notes.txt", "README.md", "policy.schema.json", "tenants/kestral.yaml"):
        put(Path(name))
    for name in ("Tenants", ".git", "tenants/new"):
        put(Path(name), folder=True)
    put(Path("tenants/new/policy.yml"))
    assert [each.told() for each in tree.unread()] == [
        "Tenants/: warning: is not read; did you mean 'tenants'?",
        "notes.txt: warning: is not read; expected here baseline.yaml, tenants",
        "tenants/kestral.yaml: warning: is not read; expected a folder for each tenant, with a policy.yaml",
        "tenants/new/: warning: is not read; it has no policy.yaml; policy.yml is there: call it policy.yaml",
    ]
    with pytest.raises(PolicyInvalid, match=r"no tenants/new/policy.yaml; policy.yml is there: call it policy.yaml$"):
        tree.files("new")


@pytest.mark.parametrize(
    ("file", "said", "expected"),
    [
        ("groups/imaging.yaml", "site main", "`layer: group NAME` in groups/, got 'site main'; {} sites/"),
        ("groups/imaging.yaml", "tenant", "`layer: group NAME` in groups/, got 'tenant'; {} policy.yaml"),
        ("policy.yaml", "group imaging", "`layer: tenant` in policy.yaml, got 'group imaging'; {} groups/"),
        ("policy.yaml", "baseline", "`layer: tenant` in policy.yaml, got 'baseline'; {} the baseline at the top of"),
    ],
)
def test_a_layer_in_the_place_of_another(tree: Tree, file: str, said: str, expected: str) -> None:
    """Refused: a device of a group would silently be without its rules."""
    path = HARBOUR / file
    own = "group imaging" if "groups" in file else "tenant"
    path.write_text(path.read_text(encoding="utf-8").replace(f"layer: {own}", f"layer: {said}"), encoding="utf-8")
    [problem] = told(tree)
    assert problem.removeprefix(f"{path}:3: layer: expected ").startswith(
        expected.format("change it, or put what it says into")
    )


def test_a_layer_that_is_called_nearly_as_its_file(tree: Tree) -> None:
    path = Path("tenants/kestrel/sites/toulouse.yaml")
    path.write_text(path.read_text(encoding="utf-8").replace("site toulouse", "site toulose"), encoding="utf-8")
    text = "did you mean 'toulouse', as the file is called? devices of the site 'toulose' follow it, no others"
    assert told(tree, "kestrel") == [f"{path}:3: warning: layer: {text}"]
    path.rename(path.with_name("2-workshop.yaml"))
    assert told(tree, "kestrel") == []


def test_a_file_that_is_no_utf_8_has_its_line_and_the_others_are_looked_at(tree: Tree) -> None:
    """Of the tenant too: every file is read before anything is said."""
    tenant, group = HARBOUR / "policy.yaml", HARBOUR / "groups" / "imaging.yaml"
    tenant.write_bytes("patchring: 1\nlayer: tenant\ntitle: Müller\n".encode("latin-1"))
    group.write_text("layer: [\n", encoding="utf-8")
    found = {name: [each.told() for each in checked.problems] for name, checked in check_tree(tree, tree.tenants)}
    assert found["kestrel"] == []
    assert found["harbour-dental"][1] == f"{tenant}:3: expected UTF-8, got the byte 0xfc; save the file as UTF-8"
    assert found["harbour-dental"][0].startswith(f"{group}:")
