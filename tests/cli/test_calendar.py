"""`patchring calendar blackouts`: whole days of a calendar become rows of a policy that `policy check` accepts."""

import json
from pathlib import Path

import pytest
from typer.testing import CliRunner

from patchring.cli.errors import CliError
from patchring.cli.main import app
from patchring.policyfile import load
from tests.policyfile.test_load import SMALL

HOLIDAYS = "\r\n".join(
    [
        "BEGIN:VCALENDAR", "VERSION:2.0", "PRODID:-//test//",
        "BEGIN:VEVENT", "UID:1", "DTSTAMP:20260101T000000Z", 'SUMMARY:Founder\'s "day"',
        "DTSTART;VALUE=DATE:20261204", "DTEND;VALUE=DATE:20261205", "END:VEVENT",
        "BEGIN:VEVENT", "UID:2", "DTSTAMP:20260101T000000Z", "SUMMARY:Closed",
        "DTSTART;VALUE=DATE:20261224", "DTEND;VALUE=DATE:20270102", "END:VEVENT",
        "BEGIN:VEVENT", "UID:3", "DTSTAMP:20260101T000000Z", "SUMMARY:Closed",
        "DTSTART;VALUE=DATE:20270402", "DTEND;VALUE=DATE:20270403", "END:VEVENT",
        "END:VCALENDAR", "",
    ]
)  # fmt: skip


@pytest.fixture
def file(tmp_path: Path) -> Path:
    path = tmp_path / "holidays.ics"
    path.write_text(HOLIDAYS, encoding="utf-8", newline="")
    return path


def run(*arguments: str) -> str:
    result = CliRunner().invoke(app, ["calendar", "blackouts", *arguments])
    if isinstance(result.exception, CliError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return result.output


def test_days_become_rows_that_a_policy_takes(file: Path) -> None:
    """Two of one name get names of their own; quotes stay what they are."""
    printed = run(str(file), "--from", "2026-11-23", "--until", "2027-12-31")
    policy = load(SMALL + printed)
    assert [(each.name, str(each.from_on), str(each.to_on)) for each in policy.blackouts] == [
        ('Founder\'s "day"', "2026-12-04", "2026-12-04"),
        ("Closed 2026-12-24", "2026-12-24", "2027-01-01"),
        ("Closed 2027-04-02", "2027-04-02", "2027-04-02"),
    ]


def test_for_programs(file: Path) -> None:
    rows = json.loads(run(str(file), "--from", "2027-01-15", "--until", "2027-12-31", "--json"))
    assert rows == [{"name": "Closed", "from": "2027-04-02", "to": "2027-04-02"}]
    assert run(str(file), "--from", "2030-01-01", "--until", "2030-12-31") == "blackouts: []\n"


def test_what_is_wrong_is_said_with_the_file(tmp_path: Path, file: Path) -> None:
    other = tmp_path / "notes.ics"
    other.write_text("hello", encoding="utf-8")
    with pytest.raises(CliError, match=r"notes.ics: expected an iCalendar file"):
        run(str(other))
    with pytest.raises(CliError, match="there is no zone 'Berlin'"):
        run(str(file), "--zone", "Berlin")
