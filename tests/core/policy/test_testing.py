"""What lacks a test: by a table of records and waivers, and what a ring and its devices make of it."""

from dataclasses import replace
from datetime import timedelta

import pytest

from patchring.core.policy.testing import Case, CaseResult, Record, Waiver, missing_tests
from tests.core.builders import NOW

KEY, DAY = "apt:demo=1.1", timedelta(days=1)
SALE, PRINT = Case("sale", "a sale is booked"), Case("print", "a receipt comes out")
PLANS = {"tills": (SALE, PRINT), "rest": ()}
SOLD, PRINTED = (CaseResult(case.name, case.criterion, True) for case in (SALE, PRINT))
BOTH = Record(KEY, "tills", NOW, "ada", 1, (SOLD, PRINTED))
FAILED = replace(BOTH, results=(replace(SOLD, passed=False), PRINTED))
WAIVER = Waiver(KEY, "tills", "it is attacked", NOW + DAY, "ada", "bob")
NO_SALE = "the test “sale” of segment tills has no record: a sale is booked"
NO_PRINT = "the test “print” of segment tills has no record: a receipt comes out"
BAD_SALE = "the test “sale” of segment tills failed on {day} (ada): a sale is booked"
NEW_SALE = "the test “sale” of segment tills has a new criterion since it was tried: a sale is booked"


def told(records: list[Record], waivers: list[Waiver]) -> list[str]:
    day = f"{NOW:%Y-%m-%d}"
    found = missing_tests(PLANS, KEY, records, waivers, NOW)
    return [each.text.replace(day, "{day}") for each in found]


RECORDS: dict[str, tuple[list[Record], list[str]]] = {
    "nothing": ([], [NO_SALE, NO_PRINT]),
    "all passed": ([BOTH], []),
    "another version": ([replace(BOTH, patch_key="apt:demo=1.2")], [NO_SALE, NO_PRINT]),
    "another segment": ([replace(BOTH, segment="rest")], [NO_SALE, NO_PRINT]),
    "no device": ([replace(BOTH, device_count=0)], [NO_SALE, NO_PRINT]),
    "a case is missing": ([replace(BOTH, results=(SOLD,))], [NO_PRINT]),
    "two people, a case each": ([replace(BOTH, results=(SOLD,)), replace(BOTH, results=(PRINTED,))], []),
    "a case failed": ([FAILED], [BAD_SALE]),
    "failed, then passed": ([FAILED, replace(BOTH, recorded_at=NOW + DAY)], []),
    "passed, then failed": ([replace(BOTH, recorded_at=NOW - DAY), FAILED], [BAD_SALE]),
    "passed and failed at once": ([FAILED, BOTH], [BAD_SALE]),
    "an older criterion": ([replace(BOTH, results=(replace(SOLD, criterion="it runs"), PRINTED))], [NEW_SALE]),
    "a case that nobody asks for": ([replace(BOTH, results=(SOLD, PRINTED, CaseResult("x", "y", False)))], []),
}
WAIVERS: dict[str, tuple[Waiver, bool]] = {
    "by two persons": (WAIVER, True),
    "by one": (replace(WAIVER, confirmed_by=None), False),
    "twice by one": (replace(WAIVER, confirmed_by="ada"), False),
    "over": (replace(WAIVER, expires_at=NOW), False),
    "to its last moment": (replace(WAIVER, expires_at=NOW + timedelta(microseconds=1)), True),
    "without a reason": (replace(WAIVER, reason=" "), False),
    "another version": (replace(WAIVER, patch_key="apt:demo=1.2"), False),
    "another segment": (replace(WAIVER, segment="rest"), False),
}


@pytest.mark.parametrize("name", RECORDS)
def test_a_record_counts_for_its_own_patch_segment_and_case(name: str) -> None:
    records, expected = RECORDS[name]
    assert told(records, []) == expected
    assert told(records[::-1], []) == expected


@pytest.mark.parametrize("name", WAIVERS)
def test_a_waiver_takes_two_persons_a_reason_and_an_end(name: str) -> None:
    waiver, counts = WAIVERS[name]
    assert told([FAILED], [waiver]) == ([] if counts else [BAD_SALE])


def test_a_policy_that_asks_for_nothing_lacks_nothing() -> None:
    assert missing_tests({"rest": ()}, KEY, [], [], NOW) == ()
