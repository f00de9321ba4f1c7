"""Names of things: UUIDs of version 7 (RFC 9562), typed so that a site is never passed for a device.

Made in Python and never by the database, so that a thing has its name before it is saved, and no shared
sequence ties tenants together. Their order in an index follows the instant at which they were made.
"""

from datetime import UTC, datetime, timedelta
from typing import NewType
from uuid import UUID

ActionId = NewType("ActionId", UUID)
ApprovalId = NewType("ApprovalId", UUID)
CampaignId = NewType("CampaignId", UUID)
DeviceId = NewType("DeviceId", UUID)
EventId = NewType("EventId", UUID)
PatchId = NewType("PatchId", UUID)
PermitId = NewType("PermitId", UUID)
PolicyVersionId = NewType("PolicyVersionId", UUID)
ReportId = NewType("ReportId", UUID)
RolloutId = NewType("RolloutId", UUID)
SiteId = NewType("SiteId", UUID)
TenantId = NewType("TenantId", UUID)

RANDOMNESS_BYTES = 8
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def uuid7(at: datetime, randomness: bytes) -> UUID:
    """The UUID of version 7 for an instant (aware) and 8 random bytes, of which 62 bits are used.

    The 12 bits after the milliseconds hold the fraction of the millisecond (RFC 9562, section 6.2, method 3),
    so ids made microseconds apart sort by time as well.
    """
    assert at.tzinfo is not None, "uuid7 wants an aware instant"
    assert len(randomness) == RANDOMNESS_BYTES, f"uuid7 wants {RANDOMNESS_BYTES} random bytes"
    milliseconds, microseconds = divmod((at - _EPOCH) // _MICROSECOND, 1000)
    fraction = microseconds * 4096 // 1000
    tail = int.from_bytes(randomness, "big") & ((1 << 62) - 1)
    return UUID(int=(milliseconds << 80) | (0x7 << 76) | (fraction << 64) | (0b10 << 62) | tail)
