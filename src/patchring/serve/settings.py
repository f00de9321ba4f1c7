"""Configuration in three stages: fragments (defaults, file, environment, flags), inputs (text by name), settings.

Later fragments win over earlier ones; where each value came from is kept, and `patchring config show` prints it.
Secrets are not configuration: they are files under HOME (see `secrets.py`), one for each purpose.
"""

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path

from patchring.serve.errors import ConfigurationWrong

ENVIRONMENT_PREFIX = "PATCHRING_"
OPERATOR_TOKEN_FILE = "operator-token"  # noqa: S105 - a file name


@dataclass(frozen=True)
class Settings:
    """Durations are seconds. `agents_host` other than loopback needs nothing more: agents speak TLS with a pinned
    certificate. `database_url` empty: the embedded PostgreSQL under HOME. `feeds_fetched` False: feeds come from files
    alone (`patchring feeds import`), where there is no internet."""

    home: Path
    people_host: str = "127.0.0.1"
    people_port: int = 8440
    agents_host: str = "127.0.0.1"
    agents_port: int = 8441
    agents_url: str = ""
    agents_tls: bool = True
    database_url: str = ""
    check_in_interval: int = 300
    check_in_interval_busy: int = 5
    worker_count: int = 1
    feeds_fetched: bool = True

    @property
    def people_address(self) -> str:
        return f"http://{self.people_host}:{self.people_port}"

    @property
    def agents_address(self) -> str:
        """What an agent is told as `--server`."""
        scheme = "https" if self.agents_tls else "http"
        return self.agents_url or f"{scheme}://{self.agents_host}:{self.agents_port}"


@dataclass(frozen=True)
class Input:
    """One value before it is understood: its text, and where it was written."""

    text: str
    source: str


def default_home() -> Path:
    """Where everything lives. Root's own folder is closed to the account PostgreSQL needs, so root has /var/lib."""
    if os.geteuid() == 0:
        return Path("/var/lib/patchring")
    base = os.environ.get("XDG_DATA_HOME") or str(Path.home() / ".local/share")
    return Path(base) / "patchring"


def gather(environment: Mapping[str, str], flags: Mapping[str, object]) -> dict[str, Input]:
    """All inputs with their sources. Raises ConfigurationWrong for a name that no setting has."""
    inputs: dict[str, Input] = {}
    home = flags.get("home") or environment.get("PATCHRING_HOME") or str(default_home())
    file = Path(str(home)) / "config.toml"
    if file.exists():
        values = tomllib.loads(file.read_text(encoding="utf-8"))
        inputs |= {name: Input(str(value), str(file)) for name, value in values.items()}
    names = {field.name for field in fields(Settings)}
    for name in sorted(names):
        variable = ENVIRONMENT_PREFIX + name.upper()
        if variable in environment:
            inputs[name] = Input(environment[variable], f"environment {variable}")
    if environment.get("DATABASE_URL"):
        inputs["database_url"] = Input(environment["DATABASE_URL"], "environment DATABASE_URL")
    inputs |= {name: Input(str(value), f"--{name.replace('_', '-')}") for name, value in flags.items() if value}
    inputs["home"] = inputs.get("home", Input(str(home), "default"))
    unknown = sorted(set(inputs) - names)
    if unknown:
        raise ConfigurationWrong(unknown[0], f"a setting ({', '.join(sorted(names))})", inputs[unknown[0]].source)
    return inputs


def understand(inputs: Mapping[str, Input]) -> Settings:
    """The settings; raises ConfigurationWrong naming the source of what could not be understood."""
    values: dict[str, object] = {}
    for field in fields(Settings):
        if field.name in inputs:
            values[field.name] = _value(field.name, str(field.type), inputs[field.name])
    return Settings(**values)  # type: ignore[arg-type]


def _value(name: str, type_name: str, given: Input) -> object:
    if "Path" in type_name:
        return Path(given.text).expanduser().absolute()
    if "bool" in type_name:
        words = {"true": True, "yes": True, "1": True, "false": False, "no": False, "0": False}
        if given.text.lower() not in words:
            raise ConfigurationWrong(name, "true or false", f"{given.text!r} ({given.source})")
        return words[given.text.lower()]
    if "int" in type_name:
        if not given.text.isdecimal():
            raise ConfigurationWrong(name, "a whole number", f"{given.text!r} ({given.source})")
        return int(given.text)
    return given.text
