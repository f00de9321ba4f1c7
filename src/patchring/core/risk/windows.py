"""Whether a product of Microsoft's security updates is the one of a device. A KB alone never says so: one KB settles
different weaknesses in different products.

Products of MSRC: `Windows 11 Version 24H2 for x64-based Systems`, `Windows Server 2025 (Server Core installation)`,
`.NET 8.0 installed on Windows`. A device says `Windows 11 Pro`, `24H2`, `x64`.
"""

import re

_CLIENT = re.compile(r"(Windows \d+)(?: version (\S+))? for (\S+?)(?:-based)? systems?", re.IGNORECASE)
_SERVER = re.compile(r"(Windows Server \d{4}(?: R2)?)(?:, (\S+) Edition)?", re.IGNORECASE)
_ARCHITECTURES = {"x64": {"x64", "amd64", "x86_64"}, "arm64": {"arm64", "aarch64"}, "32-bit": {"x86", "i386", "32-bit"}}
_WORD = re.compile(r"[A-Za-z.#]+|\d+(?:\.\d+)?")


def is_of(product: str, os_name: str, os_version: str, architecture: str, title: str) -> bool:
    """Whether an update called `title`, offered to such a device, settles what is said of `product`.

    For a release of Windows its name, version and architecture decide. For another product its words have to be in the
    title of the update that the device is offered.
    """
    client = _CLIENT.match(product)
    if client is not None:
        return _is_client(client, os_name, os_version, architecture)
    server = _SERVER.match(product)
    if server is not None:
        edition = server[2]
        return _is_server(server[1], os_name) and (not edition or edition.lower() == os_version.lower())
    return _named(product, title)


def _is_client(client: re.Match[str], os_name: str, os_version: str, architecture: str) -> bool:
    named = os_name.lower().startswith(f"{client[1].lower()} ") or os_name.lower() == client[1].lower()
    version = (client[2] or "").lower()
    fits = architecture.lower() in _ARCHITECTURES.get(client[3].lower(), set())
    return named and version == (os_version.lower() if version else "") and fits


def _is_server(name: str, os_name: str) -> bool:
    rest = os_name.lower().removeprefix(name.lower())
    return rest != os_name.lower() and not rest.startswith(" r2")


def _named(product: str, title: str) -> bool:
    """The words before `installed on`, `on`, `for`, `(`: `.NET 8.0`, `Microsoft Edge`."""
    name = re.split(r" (?:installed on|on|for) |\(", product, maxsplit=1)[0]
    wanted = [word.lower() for word in _WORD.findall(name) if word.lower() != "microsoft"]
    there = {word.lower() for word in _WORD.findall(title)}
    return bool(wanted) and all(_is_there(word, there) for word in wanted)


def _is_there(word: str, there: set[str]) -> bool:
    """`8.0` is in a title that says 8.0.29 too."""
    return word in there or any(each.startswith(f"{word}.") for each in there)
