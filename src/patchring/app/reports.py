"""Reports: the signed statements of devices. What is answered "accepted" is in the database.

One report that is wrong is refused with its reason and does not hold up the others. A report that is there already is
"repeated", and nothing is done twice. The worker hears of new ones in the same transaction.
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from patchring.app.check_ins import as_jsonb
from patchring.app.errors import NotSignedIn
from patchring.app.services import Services
from patchring.app.sessions import Session, session_expired
from patchring.app.signed import unsigned
from patchring.app.work import Work, unit_of_work
from patchring.store import sql
from patchring.store.roles import Role
from patchring.wire.messages import Receipt, Report, ReportsAnswer
from patchring.wire.signing import signature_holds


@dataclass(frozen=True)
class Refusal:
    """Why one report is not taken: a stable kind and a sentence."""

    kind: str
    detail: str


@dataclass(frozen=True)
class Received:
    """One report as it came. `value` is the JSON as it was sent, over which the signature is; `report` is None exactly
    when `refusal` says why it could not be read."""

    report_id: str
    value: dict[str, Any]
    report: Report | None
    refusal: Refusal | None = None


@dataclass(frozen=True)
class Taken:
    """The answer, and the kinds of the refusals in it to be counted."""

    answer: ReportsAnswer
    refused: list[str]


async def take_reports(services: Services, session: Session, received: Sequence[Received]) -> Taken:
    """Keep what is right; durable when it returns. Raises NotSignedIn (session_expired), StoreError."""
    public_key = await device_key(services, session)
    judged = await asyncio.to_thread(_judge_all, session, public_key, received)
    wanted = [entry.report for entry in judged if entry.report is not None and entry.refusal is None]
    new = await _keep(services, session, wanted) if wanted else set()
    receipts = []
    for entry in judged:
        receipts.append(_receipt(entry, new))
        new.discard(entry.report_id)  # the same report twice in one request: accepted once, repeated after
    return Taken(ReportsAnswer(receipts), [entry.refusal.kind for entry in judged if entry.refusal is not None])


async def device_key(services: Services, session: Session) -> str:
    """The public key of the session's device. Raises NotSignedIn when the session or the device has ended."""
    given = {"tenant_id": session.tenant_id, "device_id": session.device_id}
    async with services.database.tenant(Role.INGEST, session.tenant_id, read_only=True) as tx:
        device = await tx.maybe(sql.sessions.device, given)
    if device is None or device["session_epoch"] != session.epoch or device["state"] != "active":
        raise session_expired()
    return str(device["public_key"])


def _judge_all(session: Session, public_key: str, received: Sequence[Received]) -> list[Received]:
    """Signatures over megabytes take a moment: run in a thread, so that heartbeats go on."""
    return [_judge(session, public_key, entry) for entry in received]


def _judge(session: Session, public_key: str, entry: Received) -> Received:
    """The report with the refusal that it deserves, or as it is."""
    if entry.refusal is not None or entry.report is None:
        return entry
    names = (UUID(entry.report.tenant_id), UUID(entry.report.device_id))
    if names != (session.tenant_id, session.device_id):
        detail = f"The report is of device {entry.report.device_id}, the session of {session.device_id}."
        return _refused(entry, "other_device", detail)
    if not signature_holds(public_key, "report", unsigned(entry.value), entry.report.signature):
        detail = "The signature is not that of the device's key over all other fields, as sent."
        return _refused(entry, "signature_wrong", detail)
    return entry


def _refused(entry: Received, kind: str, detail: str) -> Received:
    return Received(entry.report_id, entry.value, entry.report, Refusal(kind, detail))


async def _keep(services: Services, session: Session, reports: Sequence[Report]) -> set[str]:
    """Write them in one transaction; the ids of those that were not there yet."""
    actor = f"device:{session.device_id}"
    async with unit_of_work(services.database, Role.INGEST, services.clock, actor, session.tenant_id) as work:
        rows = as_jsonb(_rows(reports))
        device = {"tenant_id": session.tenant_id, "device_id": session.device_id}
        added = await work.tx.all(sql.reports.add, {**device, "rows": rows, "received_at": work.now})
        new = {str(row["report_id"]) for row in added}
        await _note_scan(work, device, [report for report in reports if report.report_id in new])
        if new:
            work.wake("device", session.device_id)
    return new


def _rows(reports: Sequence[Report]) -> list[dict[str, Any]]:
    """One row for each report, the first of those with one id."""
    first: dict[str, Report] = {}
    for report in reports:
        first.setdefault(report.report_id, report)
    names = ("report_id", "sequence", "kind", "made_at_ms", "body", "signature")
    return [{name: getattr(report, name) for name in names} for report in first.values()]


async def _note_scan(work: Work, device: dict[str, Any], new: Sequence[Report]) -> None:
    """Remember which scan is the newest one that we hold: while the device names the same, it need not scan."""
    scans = [report for report in new if report.kind == "scan"]
    if scans:
        newest = max(scans, key=lambda report: report.sequence)
        await work.tx.execute(sql.reports.note_scan, {**device, "scan_digest": newest.body["state_digest"]})


def _receipt(entry: Received, new: set[str]) -> Receipt:
    if entry.refusal is not None:
        return Receipt(entry.report_id, "refused", f"{entry.refusal.kind}: {entry.refusal.detail}")
    return Receipt(entry.report_id, "accepted" if entry.report_id in new else "repeated")


def require_own(session: Session, tenant_id: str, device_id: str) -> None:
    """Raises NotSignedIn (other_device) for a message that names another device than the session does."""
    if (UUID(tenant_id), UUID(device_id)) != (session.tenant_id, session.device_id):
        raise NotSignedIn(
            f"The message is of device {device_id}, the session of {session.device_id}. Use the device's own session.",
            kind="other_device",
        )
