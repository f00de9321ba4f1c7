"""Due rows of kind `device`: what a device said and nobody looked at yet, in its own order.

Several reports are taken in one transaction; once that failed, one at a time, so that a report that cannot be processed
is found, set aside with its problem (`set_aside`), and blocks nothing after it.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from psycopg.types.json import Jsonb

from patchring.app.findings.matching import package_set
from patchring.app.work import Work
from patchring.app.worker.case import Unusable, instant
from patchring.app.worker.claim import DueItem
from patchring.app.worker.inventory import apply_scan
from patchring.app.worker.judge import judge_device
from patchring.app.worker.moves import Place, move_device
from patchring.app.worker.progress import apply_progress, show_permits
from patchring.core.ids import DeviceId
from patchring.core.reason import reason
from patchring.core.rollout.states import DeviceEvent
from patchring.store import sql
from patchring.wire.codec import Refused, decode
from patchring.wire.messages import Progress, Scan

REPORTS_AT_ONCE = 50
# A new patch shows up on many devices at once: a rollout begins over those of the first moments, not over the first.
FINDINGS_DELAY = timedelta(seconds=2)


async def handle(work: Work, item: DueItem) -> None:
    """Take in what is unprocessed; running it twice finds nothing the second time."""
    device_id = DeviceId(item.id)
    await show_permits(work, device_id)
    count = REPORTS_AT_ONCE if item.attempt_count == 1 else 1
    reports = await _unprocessed(work, device_id, count)
    for report in reports:
        problem = await _take_in(work, device_id, report)
        await _mark(work, device_id, report, problem)
    if len(reports) == count:
        work.wake("device", device_id)


async def set_aside(work: Work, item: DueItem, problem: str) -> bool:
    """The first report could not be processed for all attempts: keep it with its problem and go on with the next."""
    device_id = DeviceId(item.id)
    reports = await _unprocessed(work, device_id, 1)
    for report in reports:
        await _mark(work, device_id, report, problem)
    return bool(reports)


async def _unprocessed(work: Work, device_id: DeviceId, count: int) -> list[dict[str, Any]]:
    given = {"tenant_id": work.tenant_id, "device_id": device_id, "count": count}
    return await work.tx.all(sql.inventory.unprocessed, given)


async def _take_in(work: Work, device_id: DeviceId, report: Mapping[str, Any]) -> str | None:
    """The problem of a report that says nothing usable; None when it was taken in or says nothing new."""
    try:
        if report["kind"] == "scan":
            await _scan(work, device_id, report, decode(Scan, report["body"]))
        else:
            progress = decode(Progress, report["body"])
            said = (report["report_id"], report["sequence"], report["received_at"])
            await apply_progress(work, device_id, *said, progress)
            if progress.state in ("finished", "failed"):
                await judge_device(work, device_id)
    except (Refused, Unusable) as error:
        return str(error)
    return None


async def _scan(work: Work, device_id: DeviceId, report: Mapping[str, Any], scan: Scan) -> None:
    """The newest scan counts; one that comes after a newer one says nothing new."""
    key = {"tenant_id": work.tenant_id, "device_id": device_id}
    known = await work.tx.maybe(sql.inventory.known, key)
    if known is not None and known["sequence"] >= report["sequence"]:
        return
    row = {
        "taken_at": instant(scan.taken_at_ms),
        "received_at": report["received_at"],
        "report_id": report["report_id"],
        "boot_id": scan.facts.boot_id,
        "reboot_pending": scan.reboot_pending,
        "scan": Jsonb(report["body"]),
        "package_set": package_set(scan.facts.os_name, scan.facts.os_version, scan.installed),
    }
    await work.tx.execute(sql.inventory.put, {**key, **row})
    changed = await apply_scan(work, device_id, scan)
    for patch_id in changed:
        work.wake("patch", patch_id, work.now + FINDINGS_DELAY)
    if changed or known is None or known["package_set"] != row["package_set"]:
        work.wake("finding", device_id, work.now + FINDINGS_DELAY)
    await _skip_what_is_not_missing(work, device_id)
    await judge_device(work, device_id)


async def _skip_what_is_not_missing(work: Work, device_id: DeviceId) -> None:
    """A patch that a device got by other means, or that was replaced by a newer one, is not waited for."""
    key = {"tenant_id": work.tenant_id, "device_id": device_id}
    for row in await work.tx.all(sql.actions.no_longer_missing, key):
        gone = {**key, "rollout_id": row["rollout_id"], "at": work.now}
        await work.tx.all(sql.actions.withdraw_of_device, gone)
        why = reason("not_missing", "the device's package manager does not offer this patch any more")
        await move_device(work, Place.of(device_id, row), DeviceEvent.SKIPPED, (why,))


async def _mark(work: Work, device_id: DeviceId, report: Mapping[str, Any], problem: str | None) -> None:
    key = {"tenant_id": work.tenant_id, "device_id": device_id, "report_id": report["report_id"]}
    await work.tx.execute(sql.inventory.mark_processed, {**key, "at": work.now, "problem": problem})
    if problem is not None:
        data = {"report_id": str(report["report_id"]), "report_kind": report["kind"], "problem": problem}
        work.record("report_set_aside", "device", device_id, data)
        if report["kind"] == "scan":
            await work.tx.execute(sql.inventory.want_scan, {"tenant_id": work.tenant_id, "device_id": device_id})
