"""Operating errors of the processes.

ServeError
├── ConfigurationWrong   a setting is not what is expected
├── PortTaken            another program listens where we should
└── ChildFailed          one of the processes ended before it was ready
"""

from pathlib import Path


class ServeError(Exception):
    """The server cannot run as it was asked to."""

    kind: str = "serve_error"


class ConfigurationWrong(ServeError):
    """A setting is not what is expected."""

    kind = "configuration_wrong"

    def __init__(self, name: str, expected: str, got: str) -> None:
        super().__init__(f"setting {name}: expected {expected}, got {got}; `patchring config show` lists all settings")


class PortTaken(ServeError):
    """Another program listens where we should."""

    kind = "port_taken"

    def __init__(self, host: str, port: int, flag: str) -> None:
        super().__init__(
            f"{host}:{port} is taken by another program; stop that one, or choose another port with {flag}"
        )


class ChildFailed(ServeError):
    """One of the processes ended before it was ready."""

    kind = "child_failed"

    def __init__(self, name: str, code: int | None, log: Path, last: str) -> None:
        how = f"ended with {code}" if code is not None else "was not ready in time"
        super().__init__(f"the {name} process {how}: {last or 'it said nothing'} (whole log: {log})")
