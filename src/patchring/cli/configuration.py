"""Which server the command line talks to, with which token, and where each of the two was said.

In this order: environment (`PATCHRING_URL`, `PATCHRING_TOKEN`), the file of `PATCHRING_CONFIG` (default
~/.config/patchring/client.toml: `url`, and `token` or `token_file`), the server on this machine with its operator's
token. A file with a token in it has to be closed to others.
"""

import os
import stat
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from patchring.cli.errors import NotConfigured
from patchring.serve.errors import ConfigurationWrong
from patchring.serve.settings import OPERATOR_TOKEN_FILE, Settings, default_home, gather, understand

KNOWN = ("url", "token", "token_file")


@dataclass(frozen=True)
class Said:
    """A value and where it comes from."""

    value: str
    source: str


@dataclass(frozen=True)
class Server:
    """`token` None: none was found; `looked_in` then says where."""

    url: Said
    token: Said | None
    looked_in: str


def config_folder(environment: Mapping[str, str]) -> Path:
    base = environment.get("XDG_CONFIG_HOME") or str(Path(environment.get("HOME") or Path.home()) / ".config")
    return Path(base) / "patchring"


def keys_folder(environment: Mapping[str, str] | None = None) -> Path:
    """Where the keys of tenants are kept on this machine."""
    known = os.environ if environment is None else environment
    return Path(known.get("PATCHRING_KEYS") or config_folder(known) / "keys")


def find_server(environment: Mapping[str, str]) -> Server:
    """Raises NotConfigured for a file that cannot be used."""
    place = Path(environment.get("PATCHRING_CONFIG") or config_folder(environment) / "client.toml")
    given = _read(place)
    home = Path(environment.get("PATCHRING_HOME") or default_home())
    here = home / OPERATOR_TOKEN_FILE
    url = _first(
        ("environment PATCHRING_URL", environment.get("PATCHRING_URL")),
        (str(place), given.get("url")),
        (f"the server on this machine ({home})", _local(environment).people_address),
    )
    assert url is not None, "the address of this machine's server is always known"
    token = _first(
        ("environment PATCHRING_TOKEN", environment.get("PATCHRING_TOKEN")),
        (str(place), given.get("token")),
        (f"{place}, token_file", _text(Path(given["token_file"]).expanduser()) if "token_file" in given else None),
        (str(here), _text(here)),
    )
    return Server(url, token, f"PATCHRING_TOKEN, {place} and {here}")


def _local(environment: Mapping[str, str]) -> Settings:
    try:
        return understand(gather(environment, {}))
    except ConfigurationWrong as error:
        raise NotConfigured(str(error)) from error


def _first(*candidates: tuple[str, str | None]) -> Said | None:
    return next((Said(value, source) for source, value in candidates if value), None)


def _text(path: Path) -> str | None:
    try:
        return path.read_text(encoding="utf-8").strip()
    except OSError:
        return None


def _read(path: Path) -> dict[str, str]:
    try:
        mode = stat.S_IMODE(path.stat().st_mode)
        values = tomllib.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    except (OSError, ValueError) as error:
        raise NotConfigured(f"{path} cannot be read as TOML: {error}") from error
    unknown = sorted(set(values) - set(KNOWN))
    if unknown:
        raise NotConfigured(f"{path}: unknown setting {unknown[0]!r}; known are {', '.join(KNOWN)}")
    if "token" in values and mode & 0o077:
        raise NotConfigured(f"{path} holds a token and others can read it; run: chmod 600 {path}")
    return {name: str(value) for name, value in values.items()}
