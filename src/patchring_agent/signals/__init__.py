"""Signals of a Linux device with systemd: services that failed, programs that crashed, refused logons, figures.

Each collector is one file with a NAME and `read(span)`; what it cannot read it says. Boots are not among them: the
loop itself keeps the list of them, which outlives a journal that is kept in memory alone.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping

from patchring.wire.messages import Signal
from patchring_agent import clocks, device
from patchring_agent.commands import systemd_is_there
from patchring_agent.errors import AgentError
from patchring_agent.signals import app_crash, failed_logon, performance, service_failure
from patchring_agent.signals.found import NOTHING_READ, Found
from patchring_agent.signals.journald import Span

Reader = Callable[[Span], Found]
IN_THE_JOURNAL: Mapping[str, Reader] = {
    service_failure.NAME: service_failure.read,
    app_crash.NAME: app_crash.read,
    failed_logon.NAME: failed_logon.read,
}
ELSEWHERE: Mapping[str, Reader] = {performance.NAME: performance.read}
SIGNALS_MAX = 190
"""Of one reading: with the boots, which the loop adds, they stay within the 200 of one message."""


def read_signals(from_ms: int, to_ms: int) -> tuple[list[Signal], list[str]]:
    """What was seen in that span (UTC, milliseconds since 1970), and the names that could not be read in full."""
    span = Span(from_ms, to_ms, clocks.now().wall_ms - device.uptime_ms())
    found = {name: _read(reader, span) for name, reader in ELSEWHERE.items()}
    for name, reader in IN_THE_JOURNAL.items():
        found[name] = _read(reader, span) if systemd_is_there() else NOTHING_READ
    return fitted(found)


def fitted(found: Mapping[str, Found]) -> tuple[list[Signal], list[str]]:
    """All that was found, cut to what one message may hold; a name that was cut counts as unread."""
    share = SIGNALS_MAX // len(found)
    signals = [signal for each in found.values() for signal in each.signals[:share]]
    unread = [name for name, each in found.items() if not each.whole or len(each.signals) > share]
    return signals, sorted(unread)


def _read(reader: Reader, span: Span) -> Found:
    try:
        return reader(span)
    except (AgentError, OSError):
        return NOTHING_READ
