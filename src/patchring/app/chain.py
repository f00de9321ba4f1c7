"""The hash chain of a tenant's events.

The hash of an event is SHA-256 over the canonical bytes of the event with the hash of the one before it, so a verifier
needs the exported rows and nothing else. `CHAIN_START` stands before the first.
"""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from psycopg.types.json import Jsonb

from patchring.core.ids import TenantId
from patchring.store import sql
from patchring.store.transaction import Tx
from patchring.wire.canonical import digest

if TYPE_CHECKING:
    from patchring.app.work import Happened

CHAIN_START = "0" * 64
SCHEMA_VERSION = 1


def event_hash(previous: str, event: Mapping[str, Any]) -> str:
    """The hash of one event. `event` has tenant_id, seq, at (RFC 3339, UTC, microseconds), actor, kind, subject_kind,
    subject_id, data, schema_version and policy_fingerprint."""
    return digest({"previous_hash": previous, "event": dict(event)})


def instant_text(at: datetime) -> str:
    """The spelling of an instant in hashed data: UTC with microseconds, for instance 2026-11-23T05:00:00.000000Z."""
    return at.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ")


async def append_events(tx: Tx, tenant_id: TenantId, actor: str, at: datetime, events: Sequence["Happened"]) -> None:
    """Lock the head of the chain, link the events to it and move it; the last thing that a transaction does."""
    await tx.execute(sql.events.ensure_head, {"tenant_id": tenant_id, "hash": CHAIN_START})
    head = await tx.one(sql.events.lock_head, {"tenant_id": tenant_id})
    seq, previous = head["seq"], head["hash"]
    rows = []
    for event in events:
        seq += 1
        hashed = {
            "tenant_id": str(tenant_id),
            "seq": seq,
            "at": instant_text(at),
            "actor": actor,
            "kind": event.kind,
            "subject_kind": event.subject_kind,
            "subject_id": event.subject_id,
            "data": dict(event.data),
            "schema_version": SCHEMA_VERSION,
            "policy_fingerprint": event.policy_fingerprint,
        }
        link = event_hash(previous, hashed)
        rows.append({**hashed, "on_month": at.strftime("%Y-%m-01"), "previous_hash": previous, "hash": link})
        previous = link
    await tx.execute(sql.events.append, {"rows": Jsonb(rows)})
    await tx.execute(sql.events.move_head, {"tenant_id": tenant_id, "seq": seq, "hash": previous})


def broken_links(rows: Sequence[Mapping[str, Any]], start: str = CHAIN_START) -> list[int]:
    """The sequence numbers at which a chain read from the table does not hold; empty when it does.

    `rows` are in order of `seq`, beginning right after the event whose hash is `start`.
    """
    broken = []
    previous = start
    for row in rows:
        hashed = {key: row[key] for key in _HASHED if key not in ("tenant_id", "at")}
        hashed |= {"tenant_id": str(row["tenant_id"]), "at": instant_text(row["at"])}
        if row["previous_hash"] != previous or event_hash(previous, hashed) != row["hash"]:
            broken.append(row["seq"])
        previous = row["hash"]
    return broken


_HASHED = (
    "tenant_id",
    "seq",
    "at",
    "actor",
    "kind",
    "subject_kind",
    "subject_id",
    "data",
    "schema_version",
    "policy_fingerprint",
)
