"""The main job on real devices, and what the proof asks of the records: it finds what it is there to find."""

from __future__ import annotations

import io
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console

from lab import LabError, host
from lab.place import locked
from lab.prove import record
from lab.prove.errors import ProofFailed
from lab.prove.roster import NORTH, PLACES, RINGS, in_ring
from lab.prove.run import Step, carry_out, prove
from lab.prove.scene import Scene
from lab.prove.table import Done, show
from lab.prove.waiting import eventually

ROLLOUT = "rollout-1"
RING_OF = {"kiosk": 1, "desk": 2}


@pytest.mark.lab
@pytest.mark.xdist_group("lab")
def test_the_main_job_end_to_end_on_real_devices() -> None:
    """Every step of `./dev lab --prove` passes, and nothing is left. Skips where the machine cannot carry a lab."""
    obstacle = host.obstacle()
    if obstacle:
        pytest.skip(obstacle)
    with locked("proof"):  # a second run on this machine waits here
        assert prove("prprooft") == 0


def test_every_ring_has_at_least_two_devices() -> None:
    assert [len(in_ring(ring)) for ring in RINGS] == [2, 2, 2, 2]
    assert [PLACES[name][1].ring for name in ("bench-1", "north-kiosk", "north-desk", "east-web")] == [0, 1, 2, 3]
    assert in_ring(3, NORTH) == ["north-web"]


def event(seq: int, kind: str, subject: str, second: int = 0, **data: Any) -> Mapping[str, Any]:
    at = datetime(2026, 11, 23, 8, 0, second, tzinfo=UTC).isoformat()
    return {"seq": seq, "at": at, "kind": kind, "subject_id": subject, "data": data}


def started(seq: int, device: str) -> Mapping[str, Any]:
    return event(seq, "action_started", device, rollout_id=ROLLOUT, action="install")


def passed(seq: int, ring: int, rollout: str = ROLLOUT) -> Mapping[str, Any]:
    return event(seq, "ring_passed", rollout, ring=ring)


def test_starts_after_all_inner_rings_are_in_order() -> None:
    chain = [passed(1, 0), started(2, "kiosk"), passed(3, 1), started(4, "desk")]
    assert record.out_of_order(chain, ROLLOUT, RING_OF) == []


def test_a_start_before_an_inner_ring_passed_is_found() -> None:
    """Also when that ring passed later, or in another rollout."""
    chain = [passed(1, 0), started(2, "kiosk"), passed(3, 1, "rollout-2"), started(4, "desk"), passed(5, 1)]
    assert record.out_of_order(chain, ROLLOUT, RING_OF) == ["event 4: a start in ring 2, passed were {0}"]


def test_permits_after_a_halt_are_found_but_no_way_back_and_no_other_patch() -> None:
    halted_at = datetime(2026, 11, 23, 8, 0, 10, tzinfo=UTC)
    chain = [
        event(1, "permit_granted", "kiosk", 10, action="install", patch_key="bad"),
        event(2, "permit_granted", "desk", 11, action="downgrade", patch_key="bad"),
        event(3, "permit_granted", "kiosk", 11, action="install", patch_key="other"),
        event(4, "permit_granted", "desk", 12, action="install", patch_key="bad"),
    ]
    assert record.permits_after(chain, "bad", halted_at) == ["event 4 at 2026-11-23T08:00:12+00:00"]


def test_waiting_ends_with_what_was_expected_and_what_is_the_case() -> None:
    with pytest.raises(ProofFailed) as failure:
        eventually("it rains", lambda: "sun", lambda seen: seen == "rain", 0, lambda: "the sky is blue")
    assert str(failure.value) == "expected: it rains within 0 s\nfound:    sun\nthe sky is blue"


def test_a_failed_step_is_in_the_table_with_its_whole_sentence() -> None:
    def fails(_: Scene) -> str:
        raise LabError("expected: snow\nfound:    rain")

    done = carry_out(Step("Weather", fails), Scene.__new__(Scene))
    assert (done.title, done.result, done.failed) == ("Weather", "", "expected: snow\nfound:    rain")
    printed = io.StringIO()
    show(Console(file=printed, width=100), [Done("First", 1.25, "seen"), done], left=3)
    lines = [line.split() for line in printed.getvalue().splitlines() if line.strip()]
    assert lines[1] == ["1.", "First", "passed", "1.2", "seen"]
    assert lines[2][:3] == ["2.", "Weather", "failed"]
    assert lines[3][1:] == ["3", "steps", "were", "not", "reached"]
    assert [" ".join(line) for line in lines[4:]] == ["failed: Weather", "expected: snow", "found: rain"]
