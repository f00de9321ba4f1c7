"""`patchring policy diff` of texts on this machine; against a server it is tested with the API."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from patchring.cli.errors import CliError
from patchring.cli.main import app

POLICIES = Path(__file__).parents[2] / "examples" / "policies"
TREE = POLICIES / "tree"


def run(*arguments: str) -> tuple[int, str]:
    result = CliRunner().invoke(app, ["policy", "diff", *arguments])
    if isinstance(result.exception, CliError):
        raise result.exception
    return result.exit_code, result.output


def test_a_text_and_itself_differ_in_nothing() -> None:
    same = str(POLICIES / "standard.yaml")
    assert run(same, same) == (0, "Nothing differs.\n")


def test_a_tenant_of_a_tree_against_the_baseline() -> None:
    """Only what its layers say, each with the layer."""
    code, told = run(str(TREE / "baseline.yaml"), str(TREE), "--tenant", "harbour-dental")
    assert code == 1
    assert "  ~ hours.friday: 08:00-18:00 -> 08:00-12:00  (tenant)\n" in told
    assert "  + segments.specialised workstations @ group imaging.window: friday afternoon  (group imaging)\n" in told
    assert "approvals.servers are reviewed" not in told


def test_one_text_alone_is_not_compared() -> None:
    with pytest.raises(CliError, match="expected a second text, or --tenant"):
        run(str(POLICIES / "standard.yaml"))


def test_of_a_tree_a_tenant_is_named_or_one_of_its_files_is_given() -> None:
    """As `policy check` takes them."""
    named = run(str(TREE / "baseline.yaml"), str(TREE), "--tenant", "harbour-dental")
    for mine in ("tenants/harbour-dental", "tenants/harbour-dental/groups/imaging.yaml"):
        assert run(str(TREE / "baseline.yaml"), str(TREE / mine)) == named
    with pytest.raises(CliError, match=r"is a tree of tenants; name one with --tenant: harbour-dental, kestrel$"):
        run(str(TREE), str(TREE))
    other = str(TREE / "tenants/kestrel/policy.yaml")
    with pytest.raises(CliError, match="that is a file of kestrel, got the tenant harbour-dental"):
        run(other, other, "--tenant", "harbour-dental")
