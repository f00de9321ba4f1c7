"""`patchring known-issues`: placed, imported, set aside and ended from the command line."""

import json
from pathlib import Path

from tests.cli.conftest import Desk

SAID = ("--reason", "does not start", "--source", "ticket 4711", "--release-when", "1.2 is out")


def test_an_issue_from_its_beginning_to_its_end(desk: Desk) -> None:
    """Each answer names what it is about; the list shows conditions in the words in which they were given."""
    named = ("--patch", "package=demo", "--patch", "package=demo-*", "--device", "role=web")
    made = desk("known-issues", "add", "demo-1", *named, *SAID, "--fixed-in", "1.2", "--yes", "--json").json
    assert (made["patches"], made["devices"]) == ({"package": ["demo", "demo-*"]}, {"role": ["web"]})
    listed = desk("known-issues", "list").out
    for words in ("demo-1", "package=demo|demo-*", "role=web", "in_force", "1.2 is out"):
        assert words in listed
    tenant, issue_id = desk.scene.slug, made["issue_id"]
    assert desk("known-issues", "waive", tenant, issue_id, "-r", "not here", "--yes").out == "set aside: demo-1\n"
    assert "not here" in desk("known-issues", "list", "--tenant", tenant).out
    assert desk("known-issues", "heed", tenant, issue_id, "-r", "here too").out == "counts again: demo-1\n"
    assert desk("known-issues", "end", issue_id, "-r", "1.2 is out", "--yes").out == "released: demo-1\n"
    assert desk("known-issues", "list").out == "no issue is known\n"
    assert "released" in desk("known-issues", "list", "--all").out


def test_a_list_is_imported_dry_first(desk: Desk, tmp_path: Path) -> None:
    """What it would do is what it then does."""
    issue = {"name": "demo-2", "patches": {"package": ["demo"]}, "reason": "does not start", "source": "vendor"}
    file = tmp_path / "issues.json"
    file.write_text(json.dumps([{**issue, "release_when": "1.2 is out"}]), encoding="utf-8")
    dry = desk("known-issues", "import", str(file), "--dry-run").out
    assert dry == "would be added: 1, changed: 0, unchanged: 0\n"
    assert desk("known-issues", "import", str(file), "--yes").out == "added: 1, changed: 0, unchanged: 0\n"


def test_what_cannot_be_read_is_told(desk: Desk, tmp_path: Path) -> None:
    """A condition without a value, a file that is no list."""
    wrong = desk("known-issues", "add", "x", "--patch", "demo", *SAID, "--yes", code=1)
    assert "--patch: expected FIELD=VALUE, such as package=nginx; got 'demo'" in wrong.err
    file = tmp_path / "issues.json"
    file.write_text("{}", encoding="utf-8")
    assert "expected a JSON list of at least one known issue" in desk("known-issues", "import", str(file), code=1).err
