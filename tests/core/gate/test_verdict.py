"""What the gate says, in which words, and to whom."""

from dataclasses import replace

import pytest

from patchring.core.gate.hold import Watched
from patchring.core.gate.replay import Beside, Kept, differences, verdict_of
from patchring.core.gate.sequential import Evidence, Step
from patchring.core.gate.signals import Signal
from patchring.core.gate.verdict import GateOutcome, judge, told_to_others

BAD = Evidence().after(Step(4, 0.004, (9.0, 0.0, 0.0)))
CLEAN = Evidence().after(Step(0, 0.2, (40.0, 0.0, 0.0)))
WATCHED = Watched("domain controllers", Signal.SERVICE_FAILURE, BAD, 9, 486, 2, 5)
BUDGET = 1e-4


def test_what_was_seen_at_two_tenants_fails() -> None:
    assert judge(WATCHED, BUDGET).outcome is GateOutcome.FAIL


def test_what_was_seen_at_one_of_several_warns_and_does_not_fail() -> None:
    found = judge(replace(WATCHED, tenants=1), BUDGET)
    assert (found.outcome, found.warned) == (GateOutcome.WAIT, True)
    assert found.reason.text == (
        "Slower for domain controllers: 4 service failures on 9 patched devices against 0.004 expected, so far at one "
        "tenant; they go one by one"
    )


def test_what_lives_in_one_tenant_alone_fails_there() -> None:
    assert judge(replace(WATCHED, tenants=1, tenant_count=1), BUDGET).outcome is GateOutcome.FAIL


@pytest.mark.parametrize(("unread", "outcome"), [(4, GateOutcome.PASS), (5, GateOutcome.INCONCLUSIVE)])
def test_a_signal_that_most_devices_do_not_give_is_inconclusive(unread: int, outcome: GateOutcome) -> None:
    assert judge(replace(WATCHED, evidence=CLEAN), BUDGET, unread).outcome is outcome


def test_inconclusive_says_how_many_cannot_be_read_and_asks_somebody() -> None:
    assert judge(replace(WATCHED, evidence=CLEAN), BUDGET, 7).reason.text == (
        "Inconclusive for domain controllers: service failures cannot be read on 7 of 9 patched; somebody has to look "
        "at them"
    )


@pytest.mark.parametrize(
    ("installed", "left", "outcome"),
    [(0, 5, GateOutcome.WAIT), (2, 5, GateOutcome.WAIT), (3, 5, GateOutcome.PASS), (2, 0, GateOutcome.PASS)],
)
def test_three_have_to_be_seen_or_all_there_are(installed: int, left: int, outcome: GateOutcome) -> None:
    assert judge(replace(WATCHED, evidence=CLEAN, installed=installed, left=left), BUDGET).outcome is outcome


def test_some_trouble_that_is_not_beyond_chance_waits() -> None:
    found = judge(replace(WATCHED, evidence=Evidence().after(Step(1, 0.1, (2.0, 0.0, 0.0)))), BUDGET)
    assert (found.outcome, found.reason.code) == (GateOutcome.WAIT, "gate_unclear")


@pytest.mark.parametrize("tenants", [1, 2])
def test_other_tenants_are_told_no_count_below_three(tenants: int) -> None:
    watched = replace(WATCHED, tenants=tenants)
    told = told_to_others(watched, judge(watched, BUDGET))
    assert not any(character.isdigit() for character in told.text), told.text
    assert told.numbers == {}
    assert "other client" in told.text


def test_from_three_tenants_on_others_are_told_the_numbers() -> None:
    watched = replace(WATCHED, tenants=3)
    verdict = judge(watched, BUDGET)
    assert told_to_others(watched, verdict) == verdict.reason


def record(number: int, step: Step, evidence: Evidence) -> Kept:
    beside = Beside("domain controllers", Signal.SERVICE_FAILURE, 9, 486, 2, 5, 0, BUDGET)
    verdict = verdict_of(evidence, beside)
    return Kept(number, step, beside, evidence.log_e, verdict.outcome.value, verdict.reason)


STEPS = (Step(0, 0.1, (2.0, 0.0, 0.0)), Step(2, 0.01, (1.0, 0.5, 0.0)), Step(1, 0.3, (0.0, 1.0, 2.0)))


def records() -> tuple[list[Kept], Evidence]:
    evidence, kept = Evidence(), []
    for number, step in enumerate(STEPS, 1):
        evidence = evidence.after(step)
        kept.append(record(number, step, evidence))
    return kept, evidence


def test_records_asked_again_give_the_same() -> None:
    kept, evidence = records()
    assert differences(kept, evidence.logs) == []


def test_a_changed_record_a_missing_one_and_other_logs_are_found() -> None:
    kept, evidence = records()
    other = replace(kept[1], step=replace(kept[1].step, events=3))
    assert any(each.startswith("record 2: log E") for each in differences([kept[0], other, kept[2]], evidence.logs))
    assert differences([kept[0], kept[2]], evidence.logs) == ["record 2 is missing: the next is 3"]
    assert differences([replace(kept[0], outcome="fail")], CLEAN.logs)[-1].startswith("the logarithms")
    assert differences([replace(kept[0], outcome="fail")], CLEAN.logs)[0].startswith("record 1: ")
