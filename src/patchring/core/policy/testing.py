"""Testing is not deployment (R7): what a segment asks to be tested of a patch, and whether records say that it was.

Only records of the very patch (a patch is one version) and segment may be handed in here. Of each case the latest word
counts, and only when it was judged by the criterion that the policy has now. A waiver stands in for all of it: asked
for by one person, confirmed by another, with a reason, until an instant.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from patchring.core.reason import Reason, reason


@dataclass(frozen=True)
class Case:
    """One thing that is tried with a patch on a device; `criterion` says in a sentence when it is passed."""

    name: str
    criterion: str


@dataclass(frozen=True)
class CaseResult:
    """`criterion` is that of the plan when it was tried."""

    case: str
    criterion: str
    passed: bool


@dataclass(frozen=True)
class Record:
    """What a person says was tried on at least one device. `recorded_at` in UTC."""

    patch_key: str
    segment: str
    recorded_at: datetime
    tester: str
    device_count: int
    results: tuple[CaseResult, ...]


@dataclass(frozen=True)
class Waiver:
    """`confirmed_by` None: the second person is missing. `expires_at` in UTC, no longer in force at that instant."""

    patch_key: str
    segment: str
    reason: str
    expires_at: datetime
    asked_by: str
    confirmed_by: str | None


def missing_tests(
    plans: Mapping[str, Sequence[Case]],
    patch_key: str,
    records: Sequence[Record],
    waivers: Sequence[Waiver],
    now: datetime,
) -> tuple[Reason, ...]:
    """What lacks a record, by segment and case of `plans`. Nothing: tested, waived by two persons, or not asked for."""
    found: list[Reason] = []
    for segment, cases in plans.items():
        if not cases or any(_waives(each, patch_key, segment, now) for each in waivers):
            continue
        latest = _latest(patch_key, segment, records)
        found += [lack for case in cases if (lack := _lack(segment, case, latest.get(case.name)))]
    return tuple(found)


def _waives(waiver: Waiver, patch_key: str, segment: str, now: datetime) -> bool:
    two = waiver.confirmed_by is not None and waiver.confirmed_by != waiver.asked_by
    about = waiver.patch_key == patch_key and waiver.segment == segment
    return about and two and bool(waiver.reason.strip()) and now < waiver.expires_at


def _latest(patch_key: str, segment: str, records: Sequence[Record]) -> dict[str, tuple[Record, CaseResult]]:
    """The last word on each case. Of two at the same instant the one that failed counts."""
    fitting = [each for each in records if each.patch_key == patch_key and each.segment == segment]
    said = [(record, result) for record in fitting if record.device_count > 0 for result in record.results]
    said.sort(key=lambda each: (each[0].recorded_at, not each[1].passed))
    return {result.case: (record, result) for record, result in said}


def _lack(segment: str, case: Case, last: tuple[Record, CaseResult] | None) -> Reason | None:
    numbers = {"segment": segment, "case": case.name}
    if last is None:
        text = f"the test “{case.name}” of segment {segment} has no record: {case.criterion}"
        return reason("test_missing", text, **numbers)
    record, result = last
    if result.criterion != case.criterion:
        text = f"the test “{case.name}” of segment {segment} has a new criterion since it was tried: {case.criterion}"
        return reason("test_criterion_changed", text, **numbers)
    if result.passed:
        return None
    day = f"{record.recorded_at:%Y-%m-%d}"
    text = f"the test “{case.name}” of segment {segment} failed on {day} ({record.tester}): {case.criterion}"
    return reason("test_failed", text, **numbers)
