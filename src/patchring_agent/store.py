"""The state folder: what survives a restart and a power cut. Only root reads it (0700).

    enrolment.json    where the server is and how it is known; written once by `enrol`
    device.key        the device's private key, 32 bytes in hexadecimal (0600); never leaves the device
    state.json        the loop's `Kept`: job, journal, versions seen
    session           the current session
    scan.json         the scan whose report was not acknowledged yet
    transaction.json  the permit of the last transaction, and what belongs after it
    transaction.log   what it printed
    lock              held by the one agent that runs

Every file is written whole beside its place, flushed to the disk, and then put in its place: a reader sees the old
or the new one.
"""

from __future__ import annotations

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Optional, TypeVar

from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import Scan
from patchring.wire.signing import SigningKey
from patchring_agent.errors import ConfigurationProblem, NotEnrolled, StateDamaged
from patchring_agent.loop.state import Kept

FORMAT = 1
T = TypeVar("T")


@dataclass(frozen=True)
class Enrolment:
    """`server_fingerprint` is the SHA-256 of the server certificate's DER bytes, or `-`."""

    server: str
    server_fingerprint: str
    tenant_id: str
    device_id: str
    pinned_root: str


def write_whole(path: Path, content: bytes) -> None:
    """Durable when it returns."""
    beside = path.with_name(path.name + ".new")
    handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o600)
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
    folder = os.open(path.parent, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


class StateFolder:
    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock: Optional[int] = None

    def make(self) -> None:
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def lock(self) -> None:
        """One agent at a time; raises ConfigurationProblem when another one holds the folder."""
        self._lock = os.open(self.path / "lock", os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError as error:
            self.unlock()
            raise ConfigurationProblem(f"another agent is running on {self.path}; stop it first") from error

    def unlock(self) -> None:
        if self._lock is not None:
            os.close(self._lock)
            self._lock = None

    # --- identity -----------------------------------------------------------------------------------------------

    def key(self) -> SigningKey:
        """The device's key, made at the first call."""
        path = self.path / "device.key"
        if not path.exists():
            write_whole(path, SigningKey.generate().seed().hex().encode())
        text = path.read_text(encoding="ascii").strip()
        try:
            return SigningKey.from_seed(bytes.fromhex(text))
        except ValueError as error:
            raise StateDamaged(f"{path} is not a key of 64 hexadecimal digits; enrol this device anew") from error

    def enrolment(self) -> Optional[Enrolment]:
        found: Optional[Enrolment] = self._read("enrolment.json", Enrolment)
        return found

    def enrolled(self) -> Enrolment:
        """Raises NotEnrolled."""
        found = self.enrolment()
        if found is None:
            raise NotEnrolled(f"no enrolment in {self.path}: run `patchring-agent enrol --server URL --token TOKEN`")
        return found

    def save_enrolment(self, enrolment: Enrolment) -> None:
        self._write("enrolment.json", encode(enrolment))

    # --- the loop's state ---------------------------------------------------------------------------------------

    def kept(self) -> Optional[Kept]:
        found: Optional[Kept] = self._read("state.json", Kept)
        return found

    def save_kept(self, kept: Kept) -> None:
        self._write("state.json", encode(kept))

    def scan(self) -> Optional[Scan]:
        try:
            found: Optional[Scan] = self._read("scan.json", Scan)
        except StateDamaged:
            return None  # a scan can be made again
        return found

    def save_scan(self, scan: Scan) -> None:
        self._write("scan.json", encode(scan))

    def session(self) -> str:
        path = self.path / "session"
        return path.read_text(encoding="ascii").strip() if path.exists() else ""

    def save_session(self, session: str) -> None:
        write_whole(self.path / "session", session.encode("ascii"))

    # --- the running transaction --------------------------------------------------------------------------------

    @property
    def transaction_log(self) -> Path:
        return self.path / "transaction.log"

    @property
    def transaction_lock(self) -> Path:
        return self.path / "transaction.lock"

    def save_begun(self, permit_id: str, afterwards: list[list[str]]) -> None:
        """Written right before the transaction starts: where it is not written, nothing was started."""
        self._write("transaction.json", {"permit_id": permit_id, "afterwards": afterwards})

    def begun(self) -> tuple[str, list[list[str]]]:
        """The permit of the last transaction, and the commands that belong after it."""
        found = self._read("transaction.json", None) or {"permit_id": "", "afterwards": []}
        return found["permit_id"], found["afterwards"]

    # --- files --------------------------------------------------------------------------------------------------

    def _write(self, name: str, value: Any) -> None:
        content = json.dumps({"format": FORMAT, "value": value}, ensure_ascii=False, separators=(",", ":"))
        write_whole(self.path / name, content.encode("utf-8"))

    def _read(self, name: str, shape: Optional[type[T]]) -> Any:
        path = self.path / name
        try:
            content = json.loads(path.read_bytes())
            if content["format"] != FORMAT:
                raise StateDamaged(f"{path} has format {content['format']}; this agent reads {FORMAT}")
            return content["value"] if shape is None else decode(shape, content["value"])
        except FileNotFoundError:
            return None
        except PermissionError as error:
            raise ConfigurationProblem(f"{path} cannot be read by this user: run as root") from error
        except (ValueError, KeyError, TypeError, Refused) as error:
            raise StateDamaged(f"{path} cannot be read: {error}; enrol this device anew") from error
