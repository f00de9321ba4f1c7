"""Which product and cycle of endoflife.date a device's system or an application is. An explicit map: what is not in it
is unknown, never supported."""

import re
from dataclasses import dataclass

ANY_CYCLE = re.compile(r".*")


@dataclass(frozen=True)
class Named:
    """`cycles`: names that the cycle can have there, the likelier first. `track`: cycles that can follow it."""

    product: str
    cycles: tuple[str, ...]
    track: re.Pattern[str] = ANY_CYCLE


# ID of /etc/os-release -> product, and how many parts of VERSION_ID name a cycle.
_LINUX = {
    "almalinux": ("almalinux", 1),
    "alpine": ("alpine-linux", 2),
    "amzn": ("amazon-linux", 2),
    "debian": ("debian", 1),
    "fedora": ("fedora", 1),
    "ol": ("oracle-linux", 1),
    "opensuse-leap": ("opensuse", 2),
    "rhel": ("rhel", 1),
    "rocky": ("rocky-linux", 1),
    "sles": ("sles", 2),
    "ubuntu": ("ubuntu", 2),
}
_CENTOS_STREAM_FROM = 9

# What only its maker packages, so that no distribution goes on maintaining it: name in the inventory -> product.
_APPLICATIONS = {
    r"docker-ce": "docker-engine",
    r"elasticsearch": "elasticsearch",
    r"gitlab-[ce]e": "gitlab",
    r"mongodb-org-server": "mongodb",
    r"mysql-community-server": "mysql",
    r"Microsoft\.DotNet\.(AspNetCore|DesktopRuntime|Runtime|SDK)\.[0-9]+": "dotnet",
    r"Microsoft\.PowerShell": "powershell",
    r"OpenJS\.NodeJS(\.LTS|\.[0-9]+)?": "nodejs",
    r"Oracle\.VirtualBox": "virtualbox",
    r"PostgreSQL\.PostgreSQL\.[0-9]+": "postgresql",
    r"Python\.Python\.[0-9.]+": "python",
    r"TheDocumentFoundation\.LibreOffice": "libreoffice",
}
APPLICATIONS = "^(" + "|".join(f"({name})" for name in _APPLICATIONS) + ")$"
"""Names of applications that are known, as a regular expression that PostgreSQL reads as Python does."""

_WINDOWS = re.compile(r"(?:microsoft )?windows (\d+(?:\.\d+)?)\b(.*)", re.IGNORECASE)
_SERVER = re.compile(r"(?:microsoft )?windows server (\d{4})( r2)?\b", re.IGNORECASE)
_SERVER_TRACK = re.compile(r"\d{4}(-r2)?(-sp\d)?")


def system_named(os_name: str, os_version: str) -> Named | None:
    """By what a device says of itself; None: no product of the map."""
    name, version = os_name.strip().lower(), os_version.strip().lower()
    if server := _SERVER.match(name):
        year = server[1] + ("-r2" if server[2] else "")
        return Named("windows-server", (year, f"{year}-sp2", f"{year}-sp1"), _SERVER_TRACK)
    if windows := _WINDOWS.match(name):
        return _windows(windows[1], windows[2], version)
    if name in ("macos", "mac os x"):
        return Named("macos", (_parts(version, 2 if version.startswith("10.") else 1),))
    if name == "centos":
        stream = version[:2].strip(".").isdecimal() and int(version.partition(".")[0]) >= _CENTOS_STREAM_FROM
        return Named("centos-stream" if stream else "centos", (_parts(version, 1),))
    if name not in _LINUX:
        return None
    product, count = _LINUX[name]
    cycle = _parts(version, count)
    return Named(product, (cycle, f"{cycle}.0") if count > 1 else (cycle,))


def application_named(name: str, version: str) -> Named | None:
    """By its name in the inventory; its cycle by the first parts of its version. None: no product of the map."""
    product = next((each for pattern, each in _APPLICATIONS.items() if re.fullmatch(pattern, name)), None)
    if product is None:
        return None
    parts = re.split(r"[-~+]", version.rpartition(":")[2], maxsplit=1)[0].split(".")
    return Named(product, tuple(".".join(parts[:count]) for count in range(len(parts), 0, -1)))


def _windows(number: str, edition: str, version: str) -> Named:
    """Home and Pro (`-w`), Enterprise and Education (`-e`), and what is maintained for long are cycles of their own."""
    words = set(re.findall(r"[a-z]+", edition))
    base = f"{number}-{version}" if version and number not in ("7", "8", "8.1") else number
    if words & {"ltsc", "ltsb"}:
        suffix = "-iot-lts" if "iot" in words else "-e-lts"
        return Named("windows", (base + suffix,), re.compile(f".*{suffix}"))
    if words & {"pro", "professional", "home"}:
        suffix = "-w"
    elif words & {"enterprise", "education"}:
        suffix = "-e"
    else:
        return Named("windows", (base, f"{base}-sp1"), re.compile(r"\d+(-\w+)?"))
    return Named("windows", (base + suffix, base, f"{base}-sp1"), re.compile(rf"[^-]+-[^-]+{suffix}"))


def _parts(version: str, count: int) -> str:
    return ".".join(version.split(".")[:count])
