"""What vulnerability scanners say (C6): taken host by host, kept beside what devices say, and compared, never merged.

A report speaks of the hosts that are in it: what it does not say of them any more has an end, and hosts that it lacks
stay as they are. A report older than what is known of a host says nothing new of it.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from psycopg.types.json import Jsonb

from patchring.app.caller import Caller
from patchring.app.work import Work
from patchring.core.ids import TenantId
from patchring.feeds.scanners.model import Host, Said
from patchring.store import sql
from patchring.store.transaction import Row

_Key = tuple[str, str, str, str]


@dataclass(frozen=True)
class Taken:
    """`hosts`: taken now. `unmatched`: names of those that are no device here. `older`: those left as they were."""

    hosts: int
    unmatched: tuple[str, ...]
    older: int
    added: int
    ended: int
    unchanged: int


async def take_report(
    caller: Caller, tenant_id: TenantId, scanner: str, hosts: Sequence[Host], dry_run: bool
) -> dict[str, Any]:
    """Some hosts of a report, each whole. Doing it again changes nothing. `dry_run`: only say what would change."""
    async with caller.work(tenant_id) as work:
        taken = await _take(work, scanner, hosts, dry_run)
        if not dry_run:
            counts = {"scanner": scanner, "host_count": taken.hosts, "added": taken.added, "ended": taken.ended}
            work.record("scan_imported", "tenant", tenant_id, counts)
        return {**taken.__dict__, "dry_run": dry_run}


async def list_hosts(
    caller: Caller, tenant_id: TenantId, after: tuple[str, str], limit: int, unmatched: bool
) -> list[Row]:
    """By scanner and host. `unmatched`: only those that are no device here."""
    given = {"after_scanner": after[0], "after_host": after[1], "limit": limit, "unmatched": unmatched}
    async with caller.reading(tenant_id) as tx:
        return await tx.all(sql.scanners.hosts, {"tenant_id": tenant_id, **given})


async def list_disagreements(
    caller: Caller, tenant_id: TenantId, after: tuple[UUID, str, str], limit: int
) -> list[dict[str, Any]]:
    """By device, CVE and scanner, each with a sentence."""
    given = {"after_device": after[0], "after_cve": after[1], "after_scanner": after[2], "limit": limit}
    async with caller.reading(tenant_id) as tx:
        rows = await tx.all(sql.scanners.disagreements, {"tenant_id": tenant_id, **given})
    return [{**row, "text": _sentence(row)} for row in rows]


async def _take(work: Work, scanner: str, hosts: Sequence[Host], dry_run: bool) -> Taken:
    key = {"tenant_id": work.tenant_id, "scanner": scanner}
    names = {"hosts": [host.names[0] for host in hosts]}
    looked = {row["host"]: row["looked_at"] for row in await work.tx.all(sql.scanners.looked, {**key, **names})}
    devices = _by_name(await work.tx.all(sql.scanners.devices, {"tenant_id": work.tenant_id}))
    new = [host for host in hosts if _seen_at(host, work.now) >= looked.get(host.names[0], _seen_at(host, work.now))]
    is_open = {
        _key(row): row
        for row in await work.tx.all(sql.scanners.open, {**key, "hosts": [host.names[0] for host in new]})
    }
    said = {(host.names[0], each.cve, each.check, each.port): each for host in new for each in host.found}
    added = [_row(found, each) for found, each in said.items() if found not in is_open]
    ended = [_row(found) for found in is_open if found not in said]
    rows = [_host(host, devices, work.now) for host in new]
    if not dry_run and new:
        at = {**key, "at": work.now}
        await work.tx.execute(sql.scanners.put_hosts, {**at, "by": work.actor, "rows": Jsonb(rows)})
        await work.tx.execute(sql.scanners.close, {**at, "rows": Jsonb(ended)})
        await work.tx.execute(sql.scanners.add, {**at, "rows": Jsonb(added)})
    unmatched = tuple(row["host"] for row in rows if row["device_id"] is None)
    return Taken(len(new), unmatched, len(hosts) - len(new), len(added), len(ended), len(said) - len(added))


def _seen_at(host: Host, now: datetime) -> datetime:
    """A clock that is ahead says nothing of the future."""
    return min(host.seen_at, now) if host.seen_at else now


@dataclass(frozen=True)
class _Devices:
    """By whole name and by the part before its first dot; None: several are called that."""

    whole: Mapping[str, UUID | None]
    short: Mapping[str, UUID | None]


def _by_name(devices: Sequence[Row]) -> _Devices:
    whole: dict[str, UUID | None] = {}
    short: dict[str, UUID | None] = {}
    for row in devices:
        name = row["name"].lower()
        for found, each in ((whole, name), (short, name.partition(".")[0])):
            found[each] = None if each in found else row["device_id"]
    return _Devices(whole, short)


def _device(host: Host, devices: _Devices) -> UUID | None:
    """A host with a domain is no device of another domain, only because both are called mail or dc there."""
    tried = dict.fromkeys(name for each in host.names for name in (each, _short(each)))
    with_domain = any(_short(each) != each for each in host.names)
    known = devices.whole if with_domain else {**devices.short, **devices.whole}
    return next((found for name in tried if (found := known.get(name)) is not None), None)


def _host(host: Host, devices: _Devices, now: datetime) -> dict[str, Any]:
    device_id = _device(host, devices)
    said = {"host": host.names[0], "names": list(host.names), "looked_at": _seen_at(host, now).isoformat()}
    return {**said, "device_id": str(device_id) if device_id else None}


def _short(name: str) -> str:
    """The part before the first dot; an address has none."""
    short = name.partition(".")[0]
    return name if short.isdigit() else short


def _key(row: Row) -> _Key:
    return row["host"], row["cve"], row["check_id"], row["port"]


def _row(key: _Key, said: Said | None = None) -> dict[str, str]:
    row = dict(zip(("host", "cve", "check_id", "port"), key, strict=True))
    return row | {"severity": said.severity, "title": said.title} if said else row


def _sentence(row: Row) -> str:
    day = f"{row['looked_at']:%Y-%m-%d}"
    if row["kind"] == "scanner_alone":
        told = f"{row['scanner']} found {row['cve']} on {row['device_name']} on {day}"
        return f"{told}; nothing that Patchring reads says so"
    return f"{row['cve']} is open on {row['device_name']}, and {row['scanner']} did not find it on {day}"
