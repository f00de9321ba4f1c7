"""The journal is asked within bounds, and what could not be read is said."""

from __future__ import annotations

from pathlib import Path

import pytest

from patchring.wire.messages import Signal
from patchring_agent import clocks, signals
from patchring_agent.errors import CommandProblem
from patchring_agent.signals import journald
from patchring_agent.signals.bounded import Printed, printed
from patchring_agent.signals.found import NOTHING_READ, Found
from patchring_agent.signals.journald import Lines, Span, entries

BIG, LONG = 1_000_000, 30


def test_a_program_is_read_to_its_end() -> None:
    assert printed(["printf", "one\\ntwo\\n"], BIG, LONG) == Printed(["one", "two"], False, 0)
    assert printed(["false"], BIG, LONG) == Printed([], False, 1)


def test_a_program_that_prints_too_much_is_cut_at_a_line() -> None:
    found = printed(["yes", "0123456789"], 200_000, LONG)
    assert (found.cut, found.exit_code, set(found.lines)) == (True, None, {"0123456789"})
    assert 200_000 <= len(found.lines) * 11 + 11 <= 300_000


def test_a_program_that_takes_too_long_is_stopped() -> None:
    assert printed(["sleep", "600"], BIG, 1) == Printed([], True, None)


def test_a_program_that_is_not_there_is_an_operating_error() -> None:
    with pytest.raises(CommandProblem, match="nosuchprogram cannot be started"):
        printed(["nosuchprogram"], BIG, LONG)


def test_a_line_that_is_not_understood_is_passed_over() -> None:
    lines = ["not json", "[]", '{"UNIT": "a"}', '{"__REALTIME_TIMESTAMP": "2000", "UNIT": "a", "MESSAGE": [1, 2]}']
    assert journald.parse(lines, Span(0, 10, 0)) == [
        journald.Line(2, {"__REALTIME_TIMESTAMP": "2000", "UNIT": "a"}),
    ]


def test_a_journal_in_memory_tells_nothing_of_the_time_before_this_boot(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_ms = clocks.now().wall_ms
    monkeypatch.setattr(journald, "STORED", tmp_path / "journal")
    nothing = ["MESSAGE_ID=00000000000000000000000000000000"]
    assert entries(Span(now_ms - 9, now_ms, now_ms - 5), nothing, ["UNIT"]) == Lines([], whole=False)
    assert entries(Span(now_ms - 9, now_ms, now_ms - 9), nothing, ["UNIT"]) == Lines([], whole=True)
    (tmp_path / "journal").mkdir()
    assert entries(Span(now_ms - 9, now_ms, now_ms - 5), nothing, ["UNIT"]) == Lines([], whole=True)


def test_what_does_not_fit_into_a_message_makes_its_name_unread() -> None:
    many = [Signal("app_crash", 1, "count", 5, f"p{number}") for number in range(300)]
    told, unread = signals.fitted({"app_crash": Found(many), "performance": Found(), "failed_logon": NOTHING_READ})
    assert told == many[:63]
    assert unread == ["app_crash", "failed_logon"]


def test_this_very_machine_is_read_and_each_name_is_read_or_said_to_be_unread() -> None:
    """Wherever it runs, with systemd or without."""
    now_ms = clocks.now().wall_ms
    told, unread = signals.read_signals(now_ms - 60_000, now_ms)
    assert set(unread) <= {*signals.IN_THE_JOURNAL, *signals.ELSEWHERE}
    assert all(now_ms - 60_000 <= each.at_ms < now_ms for each in told)
