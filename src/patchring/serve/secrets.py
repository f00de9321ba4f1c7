"""One secret, one purpose, one file of mode 0600 under HOME/secrets; made when missing, never printed, never logged.

session.key    the MAC of device sessions                                    (web)
scope.key      the MAC of tenant scopes; the database holds its counterpart  (web, worker, signer)
NAME.password  the password of a database role                               (the process of that role)
permit.key     the seed of the permit key                                    (signer alone)
agents.key     the private key of the agents' listener                       (web)
"""

import os
import secrets
from collections.abc import Callable
from pathlib import Path

from patchring.wire.signing import SigningKey

KEY_BYTES = 32


class SecretFolder:
    """HOME/secrets, mode 0700."""

    def __init__(self, home: Path) -> None:
        self.path = home / "secrets"
        self.path.mkdir(mode=0o700, parents=True, exist_ok=True)
        self.path.chmod(0o700)

    def key(self, name: str) -> bytes:
        """32 random bytes of this name."""
        return bytes.fromhex(self._text(name, lambda: secrets.token_hex(KEY_BYTES)))

    def signing_key(self, name: str) -> SigningKey:
        """An Ed25519 key, kept as its seed."""
        return SigningKey.from_seed(bytes.fromhex(self._text(name, lambda: SigningKey.generate().seed().hex())))

    def file(self, name: str) -> Path:
        return self.path / name

    def write(self, name: str, text: str) -> Path:
        """Write a secret whole or not at all."""
        path, draft = self.path / name, self.path / f"{name}.draft"
        draft.unlink(missing_ok=True)
        handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(handle)
        draft.rename(path)
        return path

    def _text(self, name: str, make: Callable[[], str]) -> str:
        path = self.path / name
        if not path.exists():
            self.write(name, make())
        return path.read_text(encoding="utf-8").strip()
