"""`patchring policy preview`: the windows of a text, with the reason for each that does not come as it is written."""

import json
import re
import shlex
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from patchring.cli.errors import CliError
from patchring.cli.main import app
from tests.policyfile.test_load import SMALL

ROOT = Path(__file__).parents[2]
TREE = ROOT / "examples" / "policies" / "tree"
PARIS = ("--zone", "Europe/Paris")


def run(*arguments: object) -> str:
    result = CliRunner().invoke(app, ["policy", "preview", *map(str, arguments)])
    if isinstance(result.exception, CliError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def lines(printed: str) -> list[str]:
    return [line.strip() for line in printed.splitlines() if line.startswith("  ")]


def text(folder: Path, window: str, more: str = "") -> Path:
    """The small policy with another window."""
    file = folder / "policy.yaml"
    file.write_text(re.sub(r"  night: .*", f"  night: {window}", SMALL) + more, encoding="utf-8")
    return file


def test_local_time_and_utc_with_what_a_blackout_takes(tmp_path: Path) -> None:
    """Of a daily window: whole, cut at its midnight, skipped."""
    blackout = "blackouts:\n  - {name: fair, from: 2026-11-25, to: 2026-11-26, authority: client}\n"
    file = text(tmp_path, '{rule: FREQ=DAILY, start: "22:00", lasts: 4h}', blackout)
    printed = run(file, "--from", "2026-11-23", "--days", 5, *PARIS)
    why = "fair (client), 2026-11-25 to 2026-11-26"
    assert printed.startswith("\nall: night (Europe/Paris)\n")
    assert lines(printed) == [
        "Sun 2026-11-22 22:00 to Mon 02:00  = Sun 21:00 to Mon 01:00 UTC",
        "Mon 2026-11-23 22:00 to Tue 02:00  = Mon 21:00 to Tue 01:00 UTC",
        f"Tue 2026-11-24 22:00 to Wed 00:00  = Tue 21:00 to Tue 23:00 UTC  (cut by blackout {why})",
        f"2026-11-25  skipped: falls into blackout {why}",
        f"Fri 2026-11-27 00:00 to Fri 02:00  = Thu 23:00 to Fri 01:00 UTC  (cut by blackout {why})",
        "Fri 2026-11-27 22:00 to Sat 02:00  = Fri 21:00 to Sat 01:00 UTC",
    ]


def test_an_end_on_another_day_has_its_date(tmp_path: Path) -> None:
    """Any time until a blackout: not the Monday of the beginning."""
    blackout = "blackouts:\n  - {name: end of the year, from: 2026-12-21, to: 2027-01-03}\n"
    found = lines(run(text(tmp_path, "{any_time: yes}", blackout), "--from", "2026-12-07"))
    why = "(cut by blackout end of the year (msp), 2026-12-21 to 2027-01-03)"
    assert found[0] == (f"Mon 2026-12-07 00:00 to Mon 2026-12-21 00:00  = Mon 00:00 to Mon 2026-12-21 00:00 UTC  {why}")


def test_clocks_that_skip_move_a_start(tmp_path: Path) -> None:
    """In the night of 28 March 2027 there is no 02:30 in Paris."""
    file = text(tmp_path, '{rule: FREQ=WEEKLY;BYDAY=SU, start: "02:30", lasts: 2h}')
    why = "the clocks skip 02:30 on that day, so it opens at 03:30"
    assert lines(run(file, "--from", "2027-03-22", "--days", 14, *PARIS)) == [
        f"Sun 2027-03-28 03:30 to Sun 05:30  = Sun 01:30 to Sun 03:30 UTC  ({why})",
        "Sun 2027-04-04 02:30 to Sun 04:30  = Sun 00:30 to Sun 02:30 UTC",
    ]


def test_a_month_without_the_day_says_so(tmp_path: Path) -> None:
    window = '{rule: FREQ=MONTHLY;BYMONTHDAY=31, start: "22:00", lasts: 1h, short_months: skip}'
    assert lines(run(text(tmp_path, window), "--from", "2027-01-30", "--days", 62)) == [
        "Sun 2027-01-31 22:00 to Sun 23:00  = Sun 22:00 to Sun 23:00 UTC",
        "2027-02-28  skipped: February 2027 has no day 31",
        "Wed 2027-03-31 22:00 to Wed 23:00  = Wed 22:00 to Wed 23:00 UTC",
    ]


def test_operating_hours_cut_or_skip(tmp_path: Path) -> None:
    """Monday's window lies in the hours, that of Sunday does not."""
    window = '{rule: "FREQ=WEEKLY;BYDAY=SU,MO", start: "10:00", lasts: 2h, outside_hours: yes}'
    file = text(tmp_path, window, 'hours: {monday: ["08:00-18:00"]}\n')
    assert lines(run(file, "--from", "2026-11-28", "--days", 3)) == [
        "Sun 2026-11-29 10:00 to Sun 12:00  = Sun 10:00 to Sun 12:00 UTC",
        "2026-11-30  skipped: all of it lies in the client's operating hours",
    ]


def test_for_programs_a_year_of_a_daily_window_is_whole(tmp_path: Path) -> None:
    """As `calendar show --json` has it; every night from the first to the last."""
    file = text(tmp_path, '{rule: FREQ=DAILY, start: "22:00", lasts: 1h}')
    [found] = json.loads(run(file, "--from", "2027-01-01", "--days", 365, "--json"))
    [calendar] = found["calendars"]
    assert {name: calendar[name] for name in ("segments", "window", "zone")} == {
        "segments": ["all"],
        "window": "night",
        "zone": "UTC",
    }
    opens = [row["opens_at"] for row in calendar["rows"]]
    assert (len(opens), len(set(opens))) == (365, 365)
    assert calendar["rows"][0] == {
        "state": "planned",
        "on": None,
        "opens_at": "2027-01-01T22:00:00+00:00",
        "closes_at": "2027-01-01T23:00:00+00:00",
        "reasons": [],
    }
    assert opens[-1] == "2027-12-31T22:00:00+00:00"


def test_each_tenant_of_a_tree_or_the_one_whose_file_it_is() -> None:
    whole = json.loads(run(TREE, "--json", "--segment", "servers"))
    assert [each["name"] for each in whole] == ["harbour-dental", "kestrel"]
    assert {name for each in whole for row in each["calendars"] for name in row["segments"]} == {"servers"}
    one = json.loads(run(TREE / "tenants/kestrel/sites/toulouse.yaml", "--json", "--segment", "servers"))
    assert [each["name"] for each in one] == ["kestrel"]


def test_what_is_wrong_is_said(tmp_path: Path) -> None:
    """A segment and a zone that are not there, a text that is no policy."""
    file = text(tmp_path, "{any_time: true}")
    assert lines(run(file)) == ["any time"]
    with pytest.raises(CliError, match=r"has no segment 'al'; it has all$"):
        run(file, "--segment", "al")
    with pytest.raises(CliError, match="there is no zone 'Paris'"):
        run(file, "--zone", "Paris")
    with pytest.raises(CliError, match=r"policy.yaml:8: windows.night.rule"):
        run(text(tmp_path, "{rule: FREQ=SOMETIMES}"))


def test_the_guide_is_right_as_it_is_written(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its command prints every segment of the example."""
    monkeypatch.chdir(ROOT)
    guide = (ROOT / "docs" / "policy.md").read_text(encoding="utf-8")
    [command] = re.findall(r"`patchring policy preview ([^`]+)`", guide)
    found: list[dict[str, Any]] = json.loads(run(*shlex.split(command), "--json"))
    [calendars] = [each["calendars"] for each in found]
    assert {row["zone"] for row in calendars} == {"Europe/Paris"}
    assert "servers" in {name for row in calendars for name in row["segments"]}
