"""`patchring scanners`: a report from a file, and where it and Patchring do not say the same."""

from pathlib import Path

import pytest

from tests.cli.conftest import Desk
from tests.feeds.test_scanners import CUTS, FILES, Format


@pytest.mark.parametrize("format_", list(Format))
def test_a_report_is_taken_from_its_file(desk: Desk, format_: Format) -> None:
    """Dry first, in whole sentences; what is no device is named; the list has what was taken."""
    tenant, file = desk.scene.slug, CUTS / FILES[format_]
    dry = desk("scanners", "import", tenant, file, "--format", format_.value, "--dry-run").out
    assert "would be added" in dry
    assert desk("scanners", "hosts", tenant).out.startswith("no report was taken")
    done = desk("scanners", "import", tenant, file, "--format", format_.value).out
    assert done.replace("would be ", "") == dry.replace("would be ", "")
    other = "pc-2" if format_ is Format.QUALYS else "clean-1"
    assert f"no device here: {other}" in done
    [row] = [row for row in desk("scanners", "hosts", tenant, "--json").json if row["device_name"] == "web-1"]
    assert (row["scanner"], row["open_count"] >= 2) == (format_.value, True)
    again = desk("scanners", "import", tenant, file, "--format", format_.value, "--json").json
    assert (again["added"], again["ended"]) == (0, 0)


def test_disagreements_are_shown(desk: Desk) -> None:
    """A device that has sent no scan is no witness, so nothing is apart."""
    desk("scanners", "import", desk.scene.slug, CUTS / FILES[Format.NESSUS], "--format", "nessus")
    assert desk("scanners", "disagreements", desk.scene.slug).out == "nothing: both say the same\n"


def test_a_damaged_file_is_refused_with_its_name(desk: Desk, tmp_path: Path) -> None:
    file = tmp_path / "cut.nessus"
    file.write_bytes((CUTS / FILES[Format.NESSUS]).read_bytes()[:700])
    refused = desk("scanners", "import", desk.scene.slug, file, "--format", "nessus", code=1)
    assert "cut.nessus: scanner: expected a whole XML document, it ends at line" in refused.err
