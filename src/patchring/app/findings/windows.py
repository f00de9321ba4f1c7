"""What the security updates that Windows devices miss would settle, by KB, product and device (never by KB alone).

A finding stays open while the device misses its update or one that replaces it; when it misses none of them any more,
the device has shown that it is over.
"""

from collections.abc import Iterable, Iterator, Sequence
from datetime import UTC, date, datetime, time
from typing import Any
from uuid import UUID

import msgspec
from psycopg.types.json import Jsonb

from patchring.app.findings.matching import Weak
from patchring.app.work import Work
from patchring.core.risk.windows import is_of
from patchring.feeds.model import Weakness, WindowsUpdate
from patchring.feeds.msrc_updates import merged
from patchring.store import sql
from patchring.store.transaction import Row, Tx

ECOSYSTEM = "Windows"
REPLACED_MAX = 60
"""So many updates in a row are followed from one to the one that it replaces: five years of months."""


async def keep_windows_findings(work: Work, device_ids: Sequence[UUID] | None) -> None:
    """Of these devices (None: of the tenant)."""
    which = {"tenant_id": work.tenant_id, "device_ids": list(device_ids) if device_ids is not None else None}
    missed = await work.tx.all(sql.windows.missed, which, replan=device_ids is None)
    known = await _known(work.tx, {row["kb"] for row in missed})
    for row in missed:
        weak = list(_weak(row, known.get(row["kb"], ())))
        if weak:
            given = {"tenant_id": work.tenant_id, "device_ids": row["device_ids"], "at": work.now}
            said = Jsonb([each.as_json() for each in weak])
            await work.tx.execute(sql.findings.renew, {k: v for k, v in given.items() if k != "at"} | {"rows": said})
            await work.tx.execute(sql.findings.open, {**given, "rows": said})
            await work.tx.execute(sql.windows.rate, {k: v for k, v in given.items() if k != "at"} | {"rows": said})
    pairs = [{"device_id": str(device_id), "kb": kb} for row in missed for kb, device_id in _covered(row, known)]
    given = {**which, "missed": Jsonb(pairs), "at": work.now}
    await work.tx.execute(sql.windows.close, given, replan=device_ids is None)


async def _known(tx: Tx, kbs: set[str]) -> dict[str, tuple[WindowsUpdate, ...]]:
    """What MSRC says of these KBs and of those that they replace, one row for each product, by KB."""
    found: dict[str, tuple[WindowsUpdate, ...]] = {}
    wanted = kbs
    for _ in range(REPLACED_MAX):
        if not wanted:
            break
        rows = await tx.all(sql.windows.updates, {"kbs": sorted(wanted)})
        updates = [msgspec.convert(row["body"], WindowsUpdate) for row in rows]
        for kb in wanted:
            found[kb] = tuple(_by_product(each for each in updates if each.kb == kb))
        replaced = {old for kb in wanted for update in found[kb] for old in update.supersedes}
        wanted = replaced - found.keys()
    return found


def _by_product(updates: Iterable[WindowsUpdate]) -> Iterator[WindowsUpdate]:
    """Several months may speak of one update: what they say adds up."""
    of_key: dict[str, list[WindowsUpdate]] = {}
    for update in updates:
        of_key.setdefault(update.key, []).append(update)
    for key in sorted(of_key):
        yield merged(of_key[key])


def _weak(row: Row, updates: Iterable[WindowsUpdate]) -> Iterator[Weak]:
    """Each CVE once, as the gravest of the products that the device is of says it."""
    device = (row["os_name"], row["os_version"], row["architecture"], row["title"])
    worst: dict[str, tuple[Weakness, date | None]] = {}
    for update in updates:
        if is_of(update.product, *device):
            for each in update.weaknesses:
                before = worst.get(each.cve)
                if before is None or (each.cvss_tenths or 0) > (before[0].cvss_tenths or 0):
                    worst[each.cve] = each, update.released_on
    for cve, (weakness, released_on) in sorted(worst.items()):
        yield Weak(
            cve=cve,
            package=row["kb"],
            installed_version=row["installed_version"],
            fixed_version=row["version"],
            ecosystem=ECOSYSTEM,
            advisory_id=row["kb"],
            severity=weakness.severity,
            vector=weakness.vector,
            fixable_at=_midnight(released_on) or row["known_from"],
            cvss_tenths=weakness.cvss_tenths,
        )


def _midnight(day: date | None) -> datetime | None:
    return datetime.combine(day, time(0), UTC) if day else None


def _covered(row: Row, known: dict[str, tuple[WindowsUpdate, ...]]) -> Iterator[tuple[str, Any]]:
    """The KBs that a device still lacks by missing this one: itself, and all that it replaces."""
    lacking, left = set[str](), [row["kb"]]
    while left:
        kb = left.pop()
        if kb not in lacking:
            lacking.add(kb)
            left += [old for update in known.get(kb, ()) for old in update.supersedes]
    for kb in sorted(lacking):
        for device_id in row["device_ids"]:
            yield kb, device_id
