"""Due rows of kind `finding` (a device was scanned) and `catalogue` (feeds say something else than before)."""

from patchring.app.findings.keeping import keep_findings_of_device, keep_findings_of_tenant
from patchring.app.work import Work
from patchring.app.worker.claim import DueItem


async def handle_finding(work: Work, item: DueItem) -> None:
    await keep_findings_of_device(work, item.id)


async def handle_catalogue(work: Work, item: DueItem) -> None:
    await keep_findings_of_tenant(work)
