"""What rules know of a device and of a patch."""

from dataclasses import dataclass, field
from enum import StrEnum
from uuid import UUID


class DeviceClass(StrEnum):
    WORKSTATION = "workstation"
    LAPTOP = "laptop"
    SERVER = "server"
    SHARED = "shared"
    KIOSK = "kiosk"
    POINT_OF_SALE = "point_of_sale"
    SPECIALISED = "specialised"
    SENSITIVE = "sensitive"


class Criticality(StrEnum):
    LOW = "low"
    STANDARD = "standard"
    HIGH = "high"
    MISSION = "mission"


@dataclass(frozen=True)
class DeviceFacts:
    """A device as people confirmed it. `internal`: it belongs to the MSP itself. `sacrificial`: client and MSP declared
    that a failure here is acceptable. `internet_facing` None: nobody knows, so it counts as exposed. `site` is
    the name of the site."""

    device_id: UUID
    tenant_id: UUID
    site_id: UUID
    name: str
    device_class: DeviceClass = DeviceClass.WORKSTATION
    roles: frozenset[str] = frozenset()
    criticality: Criticality = Criticality.STANDARD
    internet_facing: bool | None = None
    redundancy_group: str | None = None
    groups: frozenset[str] = frozenset()
    internal: bool = False
    sacrificial: bool = False
    os_name: str = ""
    os_version: str = ""
    site: str = ""

    @property
    def exposed(self) -> bool:
        return self.internet_facing is not False


@dataclass(frozen=True)
class PatchFacts:
    """A patch as the devices of one tenant reported it. `exploited`: known to be (KEV). `noisy`: earlier
    releases of the same product made trouble."""

    patch_key: str
    provider: str
    name: str
    version: str
    title: str = ""
    source: str = ""
    origin: str = ""
    label: str = ""
    suite: str = ""
    security: bool = False
    type: str = "os"
    classification: str = "unknown"
    reboot: str = "unknown"
    kb: str = ""
    update_id: str = ""
    exploited: bool = field(default=False)
    noisy: bool = False
