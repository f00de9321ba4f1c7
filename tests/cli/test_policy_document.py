"""`patchring policy document` of a text on this machine; what is in force is tested with the API."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from patchring.cli.errors import CliError
from patchring.cli.main import app

TREE = str(Path(__file__).parents[2] / "examples" / "policies" / "tree")
HARBOUR = (TREE, "--tenant", "harbour-dental", "--from", "2026-11-23")


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["policy", "document", *arguments])
    if isinstance(result.exception, CliError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_a_tenant_of_a_tree_as_pdf_and_page(tmp_path: Path) -> None:
    """The same bytes each time; the draft says that it is one."""
    first, second = tmp_path / "first.pdf", tmp_path / "second.pdf"
    for file in (first, second):
        run(*HARBOUR, "--output", str(file))
    assert first.read_bytes() == second.read_bytes()
    assert first.read_bytes().startswith(b"%PDF-")
    page = run(*HARBOUR, "--format", "html", "--provider", "Rivermark IT", "--output", "-")
    assert "Harbour Dental" in page
    assert "Rivermark IT" in page
    assert "draft" in page.lower()


def test_a_file_that_is_there_is_kept(tmp_path: Path) -> None:
    file = tmp_path / "policy.html"
    file.write_text("mine", encoding="utf-8")
    with pytest.raises(CliError, match="is there already"):
        run(*HARBOUR, "--format", "html", "--output", str(file))
    assert file.read_text(encoding="utf-8") == "mine"
    run(*HARBOUR, "--format", "html", "--output", str(file), "--force")
    assert file.read_text(encoding="utf-8").startswith("<!doctype html>")


def test_a_place_that_cannot_be_written_to_is_said(tmp_path: Path) -> None:
    with pytest.raises(CliError, match="cannot be written: No such file"):
        run(*HARBOUR, "--output", str(tmp_path / "nowhere" / "policy.pdf"))


def test_neither_tenant_nor_text() -> None:
    with pytest.raises(CliError, match="got neither"):
        run()


def test_of_a_tree_a_tenant_is_named_or_one_of_its_files_is_given() -> None:
    named = run(*HARBOUR, "--format", "html", "--output", "-")
    mine = f"{TREE}/tenants/harbour-dental/policy.yaml"
    assert run(mine, "--from", "2026-11-23", "--format", "html", "--output", "-") == named
    with pytest.raises(CliError, match=r"is a tree of tenants; name one with --tenant: harbour-dental, kestrel$"):
        run(TREE)
