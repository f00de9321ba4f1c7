"""The updates of the simulated world: what they are, whom they are for, and whom they harm. Pure values."""

from collections.abc import Mapping
from dataclasses import dataclass, field

PROVIDER = "windows_update"
ORIGIN = "Microsoft"


@dataclass(frozen=True)
class SimUpdate:
    """One update as Windows names it: an update id, a KB, a product and its version before and after.

    `kinds` are the kinds of machines that it is for. `harms` names the service that stops after the installation on
    a kind of machine. Durations are seconds of the device's own clock; `reboot` is never or always.
    """

    key: str
    product: str
    title: str
    kb: str
    update_id: str
    before: str
    after: str
    kinds: frozenset[str]
    type: str = "os"
    classification: str = "security"
    security: bool = True
    reboot: str = "never"
    size_mib: int = 60
    download: int = 4
    install: int = 10
    label: str = "Windows Update"
    suite: str = "Windows 11 24H2"
    harms: Mapping[str, str] = field(default_factory=dict)


WORKPLACES = frozenset({"workstation", "laptop", "cad", "kiosk", "pos", "shared"})
SERVERS = frozenset({"dc", "file", "sql", "erp", "hypervisor"})

FRAMEWORK = SimUpdate(
    key="framework",
    product="Microsoft .NET Runtime 8.0",
    title="2026-11 .NET 8.0.29 Security Update (KB5099021)",
    kb="KB5099021",
    update_id="6f0d1c52-8a51-4c3e-9f0b-1d2a5c7e9021",
    before="8.0.28",
    after="8.0.29",
    kinds=WORKPLACES | SERVERS,
    type="os",
    size_mib=72,
    install=8,
)

WEBVIEW = SimUpdate(
    key="webview",
    product="Microsoft Edge WebView2 Runtime",
    title="Microsoft Edge WebView2 Runtime 149.0.4022.52 (KB5099034)",
    kb="KB5099034",
    update_id="b1a7f3de-22c4-4f6b-8e35-77a0c95d9034",
    before="148.0.3967.70",
    after="149.0.4022.52",
    kinds=WORKPLACES,
    type="browser",
    size_mib=168,
    install=9,
    # The kiosk shell of the reception draws its screens with this runtime; nobody else runs it.
    harms={"kiosk": "KioskShell"},
)

DISPLAY_DRIVER = SimUpdate(
    key="display",
    product="Intel Display Driver",
    title="Intel Corporation - Display - 32.0.101.7076",
    kb="",
    update_id="3c9e5b80-51fd-47b2-a6d4-0f8e2b6d7076",
    before="32.0.101.6987",
    after="32.0.101.7076",
    kinds=frozenset({"cad", "workstation"}),
    type="driver",
    classification="optional",
    security=False,
    reboot="always",
    size_mib=845,
    install=25,
)

SERVER_CUMULATIVE = SimUpdate(
    key="server",
    product="Windows Server 2025",
    title="2026-11 Cumulative Update for Windows Server 2025 (KB5099010)",
    kb="KB5099010",
    update_id="e47d90ab-6c1f-4e0a-b9d2-5a3c1f8e9010",
    before="26100.7019",
    after="26100.7171",
    kinds=SERVERS,
    classification="security",
    reboot="always",
    size_mib=1240,
    install=14,
    suite="Windows Server 2025",
)

UPDATES: tuple[SimUpdate, ...] = (FRAMEWORK, WEBVIEW, DISPLAY_DRIVER, SERVER_CUMULATIVE)
