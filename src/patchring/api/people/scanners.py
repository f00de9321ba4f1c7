"""What vulnerability scanners say, beside what devices say."""

from datetime import datetime
from typing import Annotated, Any, Literal
from uuid import UUID

from fastapi import APIRouter, Query, Response
from pydantic import Field

from patchring.api.people.answers import Answer, Page
from patchring.api.people.calendar_answers import Instant
from patchring.api.people.door import Ask, in_tenant, once
from patchring.api.people.paging import Paged
from patchring.api.people.shapes import Body
from patchring.app import scanners
from patchring.app.permissions import Permission as P
from patchring.feeds.scanners.model import Host, Said

router = APIRouter(tags=["scanners"])
HOSTS_MAX, FOUND_MAX, NAMES_MAX = 500, 5_000, 10
Severity = Literal["", "info", "low", "medium", "high", "critical"]
HostName = Annotated[str, Field(pattern=r"^[a-z0-9_.:%-]{1,253}$", description="In small letters.")]
Line = Annotated[str, Field(pattern=r"^[^\x00-\x1f]*$")]


class FoundNew(Body):
    cve: str = Field(default="", pattern=r"^(CVE-[0-9]{4}-[0-9]{4,19})?$", description="Empty: the scanner names none.")
    check: Annotated[Line, Field(max_length=60)] = ""
    severity: Severity = ""
    title: Annotated[Line, Field(max_length=300)] = ""
    port: Annotated[Line, Field(max_length=60)] = ""


class HostNew(Body):
    """Without `found` it was looked at and is clean."""

    names: list[HostName] = Field(min_length=1, max_length=NAMES_MAX, description="Every name it has, the best first.")
    seen_at: Instant | None = Field(default=None, description="Null: just now.")
    found: list[FoundNew] = Field(default_factory=list, max_length=FOUND_MAX)

    def host(self) -> Host:
        return Host(tuple(self.names), self.seen_at, tuple(Said(**each.model_dump()) for each in self.found))


class ReportNew(Body):
    scanner: str = Field(pattern=r"^[a-z0-9][a-z0-9-]{0,39}$", description="Its name: nessus, qualys, or your own.")
    hosts: list[HostNew] = Field(min_length=1, max_length=HOSTS_MAX)
    dry_run: bool = False


class ReportTaken(Answer):
    """What changed, or with `dry_run` would. `unmatched`: hosts that are no device here. `older`: hosts of which
    something newer is known, left as they were."""

    hosts: int
    unmatched: list[str]
    older: int
    added: int
    ended: int
    unchanged: int
    dry_run: bool


class ScannerHost(Answer):
    """`device_id` null: no device has any of its names."""

    scanner: str
    host: str
    names: list[str]
    device_id: UUID | None
    device_name: str | None
    looked_at: datetime
    imported_at: datetime
    imported_by: str
    open_count: int


class Disagreement(Answer):
    """`since`: from when on the one that says it has said it. `looked_at`: when the scanner last looked."""

    device_id: UUID
    device_name: str
    cve: str
    scanner: str
    kind: Literal["scanner_alone", "patchring_alone"]
    since: datetime
    looked_at: datetime
    text: str


@router.post("/tenants/{tenant}/scanner-reports")
async def take_scanner_report(
    body: ReportNew, ask: Annotated[Ask, in_tenant(P.SCANS_IMPORT)], response: Response
) -> ReportTaken:
    """Take what a scanner says of some hosts, each whole. `patchring scanners import` reads it from a file."""
    hosts = [each.host() for each in body.hosts]

    async def do() -> Any:
        return await scanners.take_report(ask.who, ask.tenant_id, body.scanner, hosts, body.dry_run)

    return await once(ask.who, response, ReportTaken, do)


@router.get("/tenants/{tenant}/scanner-hosts")
async def list_scanner_hosts(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)],
    paging: Paged,
    unmatched: Annotated[bool, Query(description="Only those that are no device here.")] = False,
) -> Page[ScannerHost]:
    """Hosts that scanners looked at, by scanner and name."""
    after = paging.after(str, str) or ("", "")
    rows = await scanners.list_hosts(ask.who, ask.tenant_id, after, paging.count, unmatched)
    return paging.page(ScannerHost, rows, "scanner", "host")


@router.get("/tenants/{tenant}/scanner-disagreements")
async def list_scanner_disagreements(
    ask: Annotated[Ask, in_tenant(P.PATCHES_READ)], paging: Paged
) -> Page[Disagreement]:
    """Where a scanner and Patchring say different things of a device and CVE. Nothing is resolved by itself."""
    after = paging.after(UUID, str, str) or (UUID(int=0), "", "")
    rows = await scanners.list_disagreements(ask.who, ask.tenant_id, after, paging.count)
    return paging.page(Disagreement, rows, "device_id", "cve", "scanner")
