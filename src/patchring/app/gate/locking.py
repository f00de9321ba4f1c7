"""Looks at one patch go one after the other, over all tenants: steps of evidence have an order."""

import hashlib

from patchring.app.work import Work
from patchring.store import sql


async def lock_gate(work: Work, patch_key: str) -> None:
    """Held to the end of the transaction. Take it before any stop's lock."""
    name = b"patchring.gate:" + patch_key.encode()
    lock_id = int.from_bytes(hashlib.sha256(name).digest()[:8], "big", signed=True)
    await work.tx.execute(sql.rollouts.lock, {"lock_id": lock_id})
