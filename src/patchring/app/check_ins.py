"""Check-ins: the heartbeat of every device, written in micro-batches over all tenants and answered after the commit.

A batch is one transaction of the role `ingest` in the scope of the tenants in it, and one statement with one
parameter. The device a row belongs to comes from its session, never from the message. A session of an older epoch
writes nothing and is told so. Offers are loaded only for devices that have live actions.
"""

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import msgspec
from psycopg import DataError
from psycopg.types.json import Jsonb

from patchring.app.errors import Invalid, NotSignedIn
from patchring.app.micro_batch import MicroBatch
from patchring.app.services import Services
from patchring.app.sessions import Session, milliseconds, session_expired, tenant_id_of
from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.errors import (
    CommitUnknown,
    ConnectionLost,
    ConstraintViolated,
    TransactionConflict,
)
from patchring.store.roles import Role
from patchring.store.transaction import Tx
from patchring.wire.codec import decode
from patchring.wire.messages import CheckIn, CheckInAnswer, Offer, Package

JITTER_SHARE = 0.2
OFFERS_MAX = 20


class Row(msgspec.Struct, gc=False):
    """One check-in. The names are the statement's columns; ids are 32 hexadecimal digits."""

    tenant_id: str
    device_id: str
    epoch: int
    boot_id: str
    uptime_s: int
    agent_version: str
    scan_digest: str
    unsent_count: int
    busy_action_id: str


@dataclass(slots=True)
class Outcome:
    """What the database says about one check-in. `live`: it has an action that is not over."""

    scan_wanted: bool
    live: bool
    offers: list[Offer] = field(default_factory=list)


class CheckIns:
    """Takes check-ins; one for each process."""

    def __init__(self, services: Services) -> None:
        self._services = services
        self.batch: MicroBatch[Row, Outcome] = MicroBatch(self.write)

    async def take(self, session: Session, message: CheckIn, now: datetime) -> CheckInAnswer:
        """Record that the device was seen and say what there is to do; durable when it returns.

        Raises NotSignedIn (session_expired, device_unknown), Invalid (check_in_not_kept), Unavailable, StoreError.
        """
        outcome = await self.batch.add(_row(session, message))
        usual = self._services.check_in_interval_busy if outcome.live else self._services.check_in_interval
        interval = jittered(usual, session.device)
        return CheckInAnswer(interval, milliseconds(now), outcome.scan_wanted, outcome.offers)

    async def write(self, rows: Sequence[Row]) -> list[Outcome | Exception]:
        """Write a batch. A row that the database cannot take fails alone: the rows are then written one by one."""
        try:
            return await self._write_again(rows)
        except (DataError, ConstraintViolated) as error:
            if len(rows) > 1:
                return [(await self.write([row]))[0] for row in rows]
            return [_refusal(error)]

    async def _write_again(self, rows: Sequence[Row]) -> list[Outcome | Exception]:
        """A check-in may be written twice: so once more at once when a connection or a conflict spoilt it."""
        try:
            return await self._write_once(rows)
        except (ConnectionLost, TransactionConflict, CommitUnknown):
            return await self._write_once(rows)

    async def _write_once(self, rows: Sequence[Row]) -> list[Outcome | Exception]:
        last = _last_of_each(rows)
        tenant_ids = list({tenant_id_of(row.tenant_id) for row in last.values()})
        async with self._services.database.tenant(Role.INGEST, tenant_ids) as tx:
            given = {"rows": as_jsonb(list(last.values())), "tenant_ids": tenant_ids, "at": self._services.clock.now()}
            outcomes: dict[str, Outcome] = {}
            for found in await tx.all(sql.check_ins.record, given):
                wanted = found["scan_wanted"] or found["scan_digest"] != last[found["device"]].scan_digest
                outcomes[found["device"]] = Outcome(wanted, found["live"])
            await _load_offers(tx, last, tenant_ids, outcomes)
        return [
            outcomes[row.device_id]
            if row.device_id in outcomes and row.epoch == last[row.device_id].epoch
            else session_expired()
            for row in rows
        ]


def _last_of_each(rows: Sequence[Row]) -> dict[str, Row]:
    """The last row of each device, among those of its newest session (epochs only rise)."""
    last: dict[str, Row] = {}
    for row in rows:
        known = last.get(row.device_id)
        if known is None or row.epoch >= known.epoch:
            last[row.device_id] = row
    return last


def _refusal(error: DataError | ConstraintViolated) -> Exception:
    """What a row that the database refused on its own means to its device."""
    if isinstance(error, ConstraintViolated):
        return NotSignedIn("There is no such device any more. Enrol it with a token.", kind="device_unknown")
    return Invalid("The database cannot keep this check-in.", kind="check_in_not_kept")


async def _load_offers(
    tx: Tx, rows: Mapping[str, Row], tenant_ids: list[TenantId], outcomes: Mapping[str, Outcome]
) -> None:
    """Put what is offered into the outcomes of the devices that have live actions."""
    live = [rows[device] for device, outcome in outcomes.items() if outcome.live]
    if not live:
        return
    for row in await tx.all(sql.check_ins.offers, {"rows": as_jsonb(live), "tenant_ids": tenant_ids}):
        offers = outcomes[row["device"]].offers
        if len(offers) < OFFERS_MAX:
            offers.append(_offer(row))


def _offer(row: dict[str, Any]) -> Offer:
    packages = [decode(Package, package) for package in row["packages"]]
    return Offer(str(row["action_id"]), row["kind"], packages, row["reboot"], list(row["probes"]), row["title"])


def _row(session: Session, message: CheckIn) -> Row:
    return Row(
        session.tenant,
        session.device,
        session.epoch,
        message.boot_id,
        message.uptime_s,
        message.agent_version,
        message.scan_digest,
        message.unsent_count,
        message.busy_action_id,
    )


def jittered(interval_s: int, device: str) -> int:
    """The interval, longer or shorter by up to a fifth: always the same for a device, different between devices, so a
    herd that woke together comes back spread out."""
    share = zlib.crc32(device.encode()) / 2**32
    return max(1, round(interval_s * (1 - JITTER_SHARE + 2 * JITTER_SHARE * share)))


def as_jsonb(rows: Sequence[Any]) -> Jsonb:
    """Rows as the one parameter of a set-based statement."""
    return Jsonb(rows, dumps=msgspec.json.encode)
