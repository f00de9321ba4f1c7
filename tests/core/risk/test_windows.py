"""Which products of MSRC a device is of: the names are those of its documents of 2025 and 2026."""

import pytest

from patchring.core.risk.windows import is_of

PRO = ("Windows 11 Pro", "24H2", "x64")
SERVER = ("Windows Server 2025", "24H2", "x64")
CUMULATIVE = "2025-11 Cumulative Update for Windows 11, version 24H2 for x64-based Systems (KB5068861)"


@pytest.mark.parametrize(
    ("product", "device", "expected"),
    [
        ("Windows 11 Version 24H2 for x64-based Systems", PRO, True),
        ("Windows 11 Version 24H2 for x64-based Systems", ("Windows 11 IoT Enterprise LTSC", "24H2", "amd64"), True),
        ("Windows 11 version 26H1 for x64-based Systems", ("Windows 11", "26H1", "x86_64"), True),
        ("Windows 11 Version 24H2 for ARM64-based Systems", PRO, False),
        ("Windows 11 Version 24H2 for ARM64-based Systems", ("Windows 11 Pro", "24H2", "ARM64"), True),
        ("Windows 11 Version 25H2 for x64-based Systems", PRO, False),
        ("Windows 10 Version 22H2 for x64-based Systems", PRO, False),
        ("Windows 10 for x64-based Systems", ("Windows 10 Pro", "22H2", "x64"), True),
        ("Windows 10 Version 21H2 for 32-bit Systems", ("Windows 10 Pro", "21H2", "x86"), True),
        ("Windows Server 2025", SERVER, True),
        ("Windows Server 2025 (Server Core installation)", SERVER, True),
        ("Windows Server 2025", PRO, False),
        ("Windows Server 2022", SERVER, False),
        ("Windows Server 2012", ("Windows Server 2012 R2 Standard", "", "x64"), False),
        ("Windows Server 2012 R2", ("Windows Server 2012 R2 Standard", "", "x64"), True),
        ("Windows Server 2022, 23H2 Edition (Server Core installation)", ("Windows Server 2022", "23H2", "x64"), True),
        ("Windows Server 2022, 23H2 Edition (Server Core installation)", ("Windows Server 2022", "21H2", "x64"), False),
    ],
)
def test_a_release_of_windows(product: str, device: tuple[str, str, str], expected: bool) -> None:
    assert is_of(product, *device, CUMULATIVE) is expected


@pytest.mark.parametrize(
    ("product", "title", "expected"),
    [
        (".NET 8.0 installed on Windows", "2026-11 .NET 8.0.29 Security Update (KB5099021)", True),
        (".NET 9.0 installed on Windows", "2026-11 .NET 8.0.29 Security Update (KB5099021)", False),
        (".NET 8.0 installed on Linux", "2026-11 .NET Framework 4.8 (KB1)", False),
        ("Microsoft Edge (Chromium-based)", "Microsoft Edge-Stable Channel Version 142 Update", True),
        ("Microsoft Office 2019 for 32-bit editions", "Security Update for Microsoft Office 2016 (KB1)", False),
        ("", "anything", False),
    ],
)
def test_another_product_has_to_be_in_the_title(product: str, title: str, expected: bool) -> None:
    assert is_of(product, *PRO, title) is expected
