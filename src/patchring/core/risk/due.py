"""When a finding is due, and why then.

The clock starts when the finding was known and a fix was there, whichever came later. When a catalogue lists the CVE as
exploited afterwards, a clock for the shorter term starts at the listing; the earlier of both dates counts. So news can
bring a date forward, never put it off: only a withdrawn listing, which stays on record, gives the longer term back.
"""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from patchring.core.reason import Reason, reason
from patchring.core.risk.facts import Finding
from patchring.core.risk.ssvc import Inputs, inputs_of
from patchring.core.risk.tables import Table, Term


@dataclass(frozen=True)
class Due:
    """`at` None: with the next upgrade. `triage`: look for an intruder first. `reasons` say the row, the clock and what
    was assumed, in this order."""

    at: datetime | None
    term: Term
    inputs: Inputs
    reasons: tuple[Reason, ...]

    @property
    def triage(self) -> bool:
        return self.term.triage


def due_of(finding: Finding, table: Table) -> Due:
    """The due date of a finding by a table of tables.py."""
    vulnerability = finding.vulnerability
    inputs = inputs_of(vulnerability, finding.exposure)
    term = table(inputs, vulnerability)
    started_at = max(finding.found_at, finding.fixable_at)
    clocks = [(_after(started_at, term), f"found, with a fix, since {started_at:%Y-%m-%d}")]
    if vulnerability.exploited_at is not None:
        clocks = _clocks_of_exploited(finding, table, term, started_at, vulnerability.exploited_at)
    at, why = min(clocks, key=lambda clock: (clock[0] is None, clock[0] or started_at))
    text = f"due {at:%Y-%m-%d %H:%M} UTC: {why}" if at else f"due with the next upgrade: {why}"
    told = (reason("due_row", term.row), reason("due_clock", text), *inputs.assumed)
    return Due(at, term, inputs, told)


def _clocks_of_exploited(
    finding: Finding, table: Table, term: Term, started_at: datetime, listed_at: datetime
) -> list[tuple[datetime | None, str]]:
    """The clock that ran before the listing goes on beside the one that starts with it."""
    unlisted = replace(finding.vulnerability, exploited_at=None)
    before = table(inputs_of(unlisted, finding.exposure), unlisted)
    since = max(started_at, listed_at)
    words = f"{finding.vulnerability.cve} is listed as exploited since {listed_at:%Y-%m-%d}"
    listed = (_after(since, term), f"{words}, {term.days} days" if term.days is not None else words)
    if listed_at <= started_at:
        return [listed]
    return [(_after(started_at, before), f"found, with a fix, since {started_at:%Y-%m-%d}"), listed]


def _after(start: datetime, term: Term) -> datetime | None:
    return None if term.days is None else start + timedelta(days=term.days)
