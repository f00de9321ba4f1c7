"""What of a simulated device survives a kill and a reboot."""

from dataclasses import dataclass

from patchring.wire.messages import Scan
from patchring_agent.loop import Kept


@dataclass
class Disk:
    """`scan` is the body of the newest scan report, kept while it is not acknowledged."""

    kept: Kept
    scan: Scan | None = None
