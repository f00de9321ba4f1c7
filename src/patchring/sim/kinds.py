"""What kinds of machines the simulated fleet has: their shape, what they run, what people call them. Pure values."""

from dataclasses import dataclass

WINDOWS_11 = ("Windows 11 Pro", "24H2")
WINDOWS_IOT = ("Windows 11 IoT Enterprise LTSC", "24H2")
WINDOWS_SERVER = ("Windows Server 2025", "24H2")


@dataclass(frozen=True)
class Kind:
    """`device_class`, `roles` and `criticality` are what a technician confirms for such a machine. `services` are
    those that its work depends on."""

    name: str
    os: tuple[str, str]
    device_class: str
    roles: tuple[str, ...] = ()
    criticality: str = "standard"
    services: tuple[str, ...] = ()
    model: str = "OptiPlex 7020"
    manufacturer: str = "Dell Inc."
    memory_gib: int = 16


KINDS: dict[str, Kind] = {
    kind.name: kind
    for kind in (
        Kind("workstation", WINDOWS_11, "workstation", services=("Spooler",)),
        Kind("laptop", WINDOWS_11, "laptop", model="ThinkPad T14 Gen 5", manufacturer="LENOVO"),
        Kind("shared", WINDOWS_11, "shared", criticality="low", services=("Spooler",)),
        Kind("kiosk", WINDOWS_IOT, "kiosk", criticality="low", services=("KioskShell",), memory_gib=8),
        Kind("pos", WINDOWS_IOT, "point_of_sale", criticality="high", services=("PosTerminal",), memory_gib=8),
        Kind("cad", WINDOWS_11, "specialised", services=("LicenseHost",), model="Precision 3680", memory_gib=64),
        Kind("dc", WINDOWS_SERVER, "server", ("domain_controller",), "mission", ("NTDS", "DNS"), "PowerEdge R360"),
        Kind("file", WINDOWS_SERVER, "server", (), "high", ("LanmanServer",), "PowerEdge R360"),
        Kind(
            "sql",
            WINDOWS_SERVER,
            "server",
            ("database",),
            "mission",
            ("MSSQLSERVER",),
            "PowerEdge R760",
            memory_gib=256,
        ),
        Kind(
            "erp",
            WINDOWS_SERVER,
            "server",
            ("line_of_business",),
            "mission",
            ("W3SVC",),
            "PowerEdge R760",
            memory_gib=128,
        ),
        Kind(
            "hypervisor", WINDOWS_SERVER, "server", ("hypervisor",), "high", ("vmms",), "PowerEdge R760", memory_gib=512
        ),
    )
}
