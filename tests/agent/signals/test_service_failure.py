"""Failed services, from the journal of a real Debian 12 and from the journal of this machine."""

from __future__ import annotations

import shutil

import pytest

from patchring.wire.messages import Signal
from patchring_agent import clocks
from patchring_agent.signals import service_failure
from patchring_agent.signals.found import Found, Seen, counted
from patchring_agent.signals.journald import Span
from tests.agent.signals.golden import journal

UNIT_FAILED = "debian12.journalctl-unit_failed.stdout"
FIRST_MS = 1_795_489_841_355


def test_each_failure_of_a_service_counts_whether_it_was_started_again_or_stayed_failed() -> None:
    """Five starts that failed and the sixth that systemd refused; an instance and a made-up name tell the kind."""
    signals = counted(service_failure.NAME, service_failure.failures(journal(UNIT_FAILED)))
    assert signals == [
        Signal("service_failure", 6, "count", FIRST_MS, "lab-fails.service"),
        Signal("service_failure", 1, "count", FIRST_MS + 33, "lab-once@.service"),
        Signal("service_failure", 1, "count", FIRST_MS + 69, "run-.service"),
    ]


def test_what_is_outside_the_span_does_not_count() -> None:
    """A span has its beginning and not its end."""
    after_first = Span(FIRST_MS + 33, FIRST_MS + 69, 0)
    assert service_failure.failures(journal(UNIT_FAILED, after_first)) == [Seen(FIRST_MS + 33, "lab-once@.service")]


@pytest.mark.parametrize(
    ("unit", "told"),
    [
        ("nginx.service", "nginx.service"),
        ("user@1000.service", "user@.service"),
        ("home-alice.mount", None),
        ("session-4.scope", None),
        ("patchring-act-0192.service", None),
        ("", None),
    ],
)
def test_no_unit_is_told_whose_name_may_be_about_a_person(unit: str, told: str | None) -> None:
    assert service_failure.subject(unit) == told


@pytest.mark.skipif(shutil.which("journalctl") is None, reason="this machine has no journalctl")
def test_the_journal_of_this_machine_is_asked_and_an_empty_span_is_answered() -> None:
    now_ms = clocks.now().wall_ms
    assert service_failure.read(Span(now_ms - 1, now_ms - 1, 0)) == Found([], whole=True)
