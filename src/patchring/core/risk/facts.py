"""What is known of a vulnerability and of the device that has it. Unknown is a value of its own, never a guess."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

from patchring.core.devices import Criticality


class Impact(StrEnum):
    """SSVC's technical impact: total is control of the whole component."""

    PARTIAL = "partial"
    TOTAL = "total"


@dataclass(frozen=True)
class Vulnerability:
    """`exploited_at`: since when a catalogue lists it as exploited (KEV), aware UTC; None: it does not. `automatable`
    and `impact` None: nobody said. `cvss_tenths` is the base score times ten (98 is 9.8) and `vector` its vector; None
    and empty: there is none. `epss_millionths` is a probability in millionths; None: not scored. `undisclosed`: the
    vendor gives no details (Cyber Essentials asks)."""

    cve: str
    exploited_at: datetime | None = None
    automatable: bool | None = None
    impact: Impact | None = None
    cvss_tenths: int | None = None
    vector: str = ""
    severity: str = ""
    undisclosed: bool = False
    epss_millionths: int | None = None


@dataclass(frozen=True)
class Exposure:
    """How a device can be reached. `internet_facing` None: nobody confirmed, so it counts as exposed and is listed."""

    internet_facing: bool | None
    criticality: Criticality = Criticality.STANDARD

    @property
    def exposed(self) -> bool:
        return self.internet_facing is not False


@dataclass(frozen=True)
class Finding:
    """A vulnerability on a device for which there is a fix. `found_at`: when both were first known here; `fixable_at`:
    when the fix was; both aware UTC. `device_count`: how many devices of the tenant have it."""

    vulnerability: Vulnerability
    exposure: Exposure
    found_at: datetime
    fixable_at: datetime
    device_count: int = 1
