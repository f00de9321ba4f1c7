"""The journal of reports that the server has not acknowledged. Pure: values in, values out.

Progress is never dropped; a scan is superseded by the newest one; what the server refused stays, with its reason,
and is offered once more after each restart. A full journal takes no new work: with nothing new, nothing grows.
"""

from __future__ import annotations

import hashlib
import uuid
from collections.abc import Iterable
from dataclasses import replace
from typing import Any

from patchring.wire.codec import encode
from patchring.wire.messages import Progress, Receipt
from patchring_agent.loop.events import Now
from patchring_agent.loop.state import Entry, Kept

ENTRIES_MAX = 500
OUTPUT_CHARACTERS_MAX = 8_192
DETAIL_CHARACTERS_MAX = 500


def is_full(kept: Kept) -> bool:
    return len(kept.journal) >= ENTRIES_MAX


def record(kept: Kept, now: Now, progress: Progress) -> Kept:
    """Append a statement about an action. Over-long output keeps its end: that is where errors stand."""
    fitted = replace(
        progress,
        detail=progress.detail[:DETAIL_CHARACTERS_MAX],
        output=progress.output[-OUTPUT_CHARACTERS_MAX:],
    )
    entry = _entry(kept, now.wall_ms, "progress", encode(fitted), kept.sequence + 1)
    return replace(kept, journal=[*kept.journal, entry], sequence=entry.sequence)


def record_scan(kept: Kept, taken_at_ms: int, state_digest: str, lost_body: bool) -> Kept:
    """Put the report of the newest scan in place of the one before.

    With `lost_body` it takes the place of a report that was announced before a crash, so that it still comes
    before the progress that builds on it.
    """
    take_place = lost_body and kept.scan is not None
    sequence = kept.scan.sequence if take_place and kept.scan is not None else kept.sequence + 1
    entry = _entry(kept, taken_at_ms, "scan", {}, sequence)
    return replace(kept, scan=entry, sequence=max(kept.sequence, sequence), scanned_digest=state_digest)


def unsent(kept: Kept) -> list[Entry]:
    """What the server has neither acknowledged nor refused, oldest first."""
    scans = [kept.scan] if kept.scan is not None else []
    return sorted((e for e in [*kept.journal, *scans] if not e.refused), key=lambda e: e.sequence)


def settle(kept: Kept, receipts: Iterable[Receipt]) -> Kept:
    """Forget what was accepted or repeated, mark what was refused; receipts for unknown reports change nothing."""
    for receipt in receipts:
        if receipt.outcome in ("accepted", "repeated"):
            kept = _forget(kept, receipt.report_id)
        elif receipt.outcome == "refused":
            kept = refuse(kept, [receipt.report_id], receipt.reason or "the server gave no reason")
    return kept


def refuse(kept: Kept, report_ids: Iterable[str], reason: str) -> Kept:
    wanted = set(report_ids)
    marked = [replace(e, refused=reason) if e.report_id in wanted else e for e in kept.journal]
    scan = kept.scan
    if scan is not None and scan.report_id in wanted:
        scan = replace(scan, refused=reason)
    return replace(kept, journal=marked, scan=scan)


def try_refused_again(kept: Kept) -> Kept:
    """After a restart (of a newer agent, perhaps) what was refused gets another chance."""
    journal = [replace(e, refused="") for e in kept.journal]
    scan = replace(kept.scan, refused="") if kept.scan is not None else None
    return replace(kept, journal=journal, scan=scan)


def drop(kept: Kept, report_id: str) -> Kept:
    """What a person decided to give up."""
    return _forget(kept, report_id)


def _forget(kept: Kept, report_id: str) -> Kept:
    journal = [e for e in kept.journal if e.report_id != report_id]
    if kept.scan is not None and kept.scan.report_id == report_id:
        return replace(kept, journal=journal, scan=None, acknowledged_digest=kept.scanned_digest)
    return replace(kept, journal=journal)


def _entry(kept: Kept, at_ms: int, kind: str, body: dict[str, Any], sequence: int) -> Entry:
    seed = f"{kept.identity.device_id}/{sequence}/{at_ms}/{kind}"
    return Entry(_report_id(at_ms, seed), sequence, kind, at_ms, body)


def _report_id(at_ms: int, seed: str) -> str:
    """A UUIDv7 whose random part is drawn from what the report is, so that the loop needs no chance."""
    chance = int.from_bytes(hashlib.sha256(seed.encode()).digest()[:10], "big")
    high = ((at_ms & (2**48 - 1)) << 16) | 0x7000 | (chance >> 68)
    low = (0b10 << 62) | (chance & (2**62 - 1))
    return str(uuid.UUID(int=(high << 64) | low))
