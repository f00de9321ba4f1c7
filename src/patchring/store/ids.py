"""New ids: the pure `uuid7` of core with the chance that core may not have."""

import secrets
from datetime import datetime
from uuid import UUID

from patchring.core.ids import RANDOMNESS_BYTES, uuid7


def new_id(at: datetime) -> UUID:
    """A new UUIDv7 for the instant (aware UTC) of the work that makes it: `DeviceId(new_id(work.now))`."""
    return uuid7(at, secrets.token_bytes(RANDOMNESS_BYTES))
