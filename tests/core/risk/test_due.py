"""The sixteen rows of CISA's table for a device, on both sides of each input; clocks; other tables; stand-ins."""

import csv
import io
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from patchring.core.devices import Criticality
from patchring.core.risk.due import due_of
from patchring.core.risk.facts import Exposure, Finding, Impact, Vulnerability
from patchring.core.risk.ssvc import inputs_of
from patchring.core.risk.tables import TABLES, bod_26_04, cyber_essentials, flat

FOUND = datetime(2026, 8, 10, 9, tzinfo=UTC)
LISTED = datetime(2026, 8, 21, 15, 2, tzinfo=UTC)
# Transcribed from the directive: exposed, in KEV, automatable, impact -> days ("-": next upgrade), forensic triage.
TABLE_1 = """
1 1 1 total   3  triage
1 1 1 partial 3  -
1 1 0 total   3  triage
1 1 0 partial 14 -
1 0 1 total   3  -
1 0 1 partial 14 -
1 0 0 total   14 -
1 0 0 partial 60 -
0 1 1 total   3  triage
0 1 1 partial 14 -
0 1 0 total   14 -
0 1 0 partial 14 -
0 0 1 total   60 -
0 0 1 partial 60 -
0 0 0 total   -  -
0 0 0 partial -  -
"""
ROWS = [tuple(line.split()) for line in TABLE_1.split("\n") if line]


def finding(exposed: bool | None = True, found_at: datetime = FOUND, **known: Any) -> Finding:
    vulnerability = Vulnerability("CVE-2026-1", **{"automatable": False, "impact": Impact.PARTIAL, **known})
    return Finding(vulnerability, Exposure(exposed, Criticality.STANDARD), found_at, FOUND)


@pytest.mark.parametrize(("number", "row"), list(enumerate(ROWS, start=1)))
def test_every_row_of_the_table_gives_its_days_and_triage_for_a_device(number: int, row: tuple[str, ...]) -> None:
    exposed, kev, automatable, impact, days, triage = row
    known: dict[str, Any] = {
        "automatable": automatable == "1",
        "impact": Impact(impact),
        "exploited_at": FOUND if kev == "1" else None,
    }
    due = due_of(finding(exposed == "1", **known), bod_26_04)
    expected = None if days == "-" else FOUND + timedelta(days=int(days))
    assert (due.at, due.triage, due.inputs.assumed) == (expected, triage == "triage", ())
    assert due.term.row.startswith(f"BOD 26-04 row {number}:")


def test_the_transcription_is_that_of_the_shared_data() -> None:
    path = Path(__file__).parents[4] / "shared" / "data" / "kev" / "bod_26_04_table1.csv"
    if not path.exists():
        pytest.skip("the shared data folder is not beside this tree")
    rows = csv.DictReader(io.StringIO(path.read_text(encoding="utf-8")))
    inputs = ("publicly_exposed", "in_kev", "automatable", "technical_impact", "days")
    triage = {"1": "triage", "0": "-"}
    read = [(*(row[name] or "-" for name in inputs), triage[row["forensic_triage"]]) for row in rows]
    assert read == ROWS


def test_a_listing_brings_the_date_forward_and_says_so() -> None:
    before = finding(exposed=True, impact=Impact.TOTAL, found_at=FOUND + timedelta(days=2))
    after = replace(before, vulnerability=replace(before.vulnerability, exploited_at=LISTED))
    assert due_of(before, bod_26_04).at == FOUND + timedelta(days=16)
    due = due_of(after, bod_26_04)
    assert (due.at, due.triage) == (LISTED + timedelta(days=3), True)
    assert [each.text for each in due.reasons] == [
        "BOD 26-04 row 3: exposed, exploited, not automatable, total impact",
        "due 2026-08-24 15:02 UTC: CVE-2026-1 is listed as exploited since 2026-08-21, 3 days",
    ]


def test_a_listing_never_puts_a_date_off() -> None:
    """Fourteen days ran already when the listing came that gives fourteen: the first date stays."""
    listed = finding(exposed=True, automatable=True, exploited_at=None)
    late = replace(listed, vulnerability=replace(listed.vulnerability, exploited_at=FOUND + timedelta(days=13)))
    assert due_of(listed, bod_26_04).at == FOUND + timedelta(days=14)
    due = due_of(late, bod_26_04)
    assert due.at == FOUND + timedelta(days=14)
    assert due.reasons[1].text == "due 2026-08-24 09:00 UTC: found, with a fix, since 2026-08-10"


def test_what_was_found_after_the_listing_starts_when_it_was_found() -> None:
    later = LISTED + timedelta(days=30)
    assert due_of(finding(exploited_at=LISTED, found_at=later), bod_26_04).at == later + timedelta(days=14)


def test_unknown_exposure_counts_as_exposed_and_is_said() -> None:
    due = due_of(finding(exposed=None, impact=Impact.TOTAL), bod_26_04)
    assert due.at == FOUND + timedelta(days=14)
    assert [each.code for each in due.reasons] == ["due_row", "due_clock", "exposure_unknown"]


WORM = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"
LOCAL = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:N/A:N"
NEWER = "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:H/VA:H/SC:N/SI:N/SA:N"


@pytest.mark.parametrize(
    ("vector", "exploited", "automatable", "total", "codes"),
    [
        (WORM, False, True, True, ["automatable_by_vector", "impact_by_vector"]),
        (NEWER, False, True, True, ["automatable_by_vector", "impact_by_vector"]),
        (LOCAL, True, False, False, ["automatable_by_vector", "impact_by_vector"]),
        ("", True, True, True, ["automatable_unknown", "impact_unknown"]),
        ("", False, False, False, ["automatable_unknown", "impact_unknown"]),
    ],
)
def test_where_nobody_said_the_vector_stands_in_and_it_is_said(
    vector: str, exploited: bool, automatable: bool, total: bool, codes: list[str]
) -> None:
    vulnerability = Vulnerability("CVE-2026-2", LISTED if exploited else None, vector=vector)
    inputs = inputs_of(vulnerability, Exposure(False))
    assert (inputs.automatable, inputs.total) == (automatable, total)
    assert [each.code for each in inputs.assumed] == codes


@pytest.mark.parametrize(
    ("known", "days"),
    [
        ({"severity": "Critical"}, 14),
        ({"severity": "high", "cvss_tenths": 10}, 14),
        ({"cvss_tenths": 70}, 14),
        ({"cvss_tenths": 69}, None),
        ({"severity": "moderate"}, None),
        ({"severity": "low", "undisclosed": True}, 14),
        ({}, 14),
    ],
)
def test_cyber_essentials_asks_for_what_is_high_or_undisclosed(known: dict[str, Any], days: int | None) -> None:
    expected = None if days is None else FOUND + timedelta(days=days)
    assert due_of(finding(**known), cyber_essentials).at == expected


def test_the_flat_table_asks_the_same_of_all_and_tables_are_found_by_name() -> None:
    assert due_of(finding(), flat).at == FOUND + timedelta(days=14)
    assert sorted(TABLES) == ["bod_26_04", "cyber_essentials", "flat"]
