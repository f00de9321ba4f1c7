"""What a process has to know to use the database: its roles' passwords and the key that signs tenant scopes.

Kept in one file of mode 0600. Where each kind of process has a system user of its own, each gets a file with
its own role alone (`only`).
"""

import json
import os
import secrets
import stat
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from patchring.store.errors import BrokenSecrets
from patchring.store.roles import DEFAULT_PREFIX, Role, RoleNames

SCOPE_KEY_BYTES = 32


@dataclass(frozen=True)
class StoreSecrets:
    scope_key: bytes = field(repr=False)
    passwords: Mapping[Role, str] = field(repr=False)
    names: RoleNames

    def only(self, roles: Collection[Role]) -> "StoreSecrets":
        """The same, with the passwords of some roles."""
        chosen = {role: self.passwords[role] for role in self.passwords if role in roles}
        return StoreSecrets(self.scope_key, chosen, self.names)

    def document(self) -> dict[str, Any]:
        """As plain JSON values, to be kept in a file or handed to a child through its standard input."""
        return {
            "prefix": self.names.prefix,
            "scope_key": self.scope_key.hex(),
            "passwords": {role.value: password for role, password in self.passwords.items()},
        }


def new_secrets(prefix: str = DEFAULT_PREFIX) -> StoreSecrets:
    passwords = {role: secrets.token_urlsafe(32) for role in Role}
    return StoreSecrets(secrets.token_bytes(SCOPE_KEY_BYTES), passwords, RoleNames(prefix))


def load_or_make_secrets(path: Path, prefix: str = DEFAULT_PREFIX) -> StoreSecrets:
    """Read the file, or make it with new secrets. A role that is new in this version gets its password here.

    Raises BrokenSecrets.
    """
    if not path.exists():
        made = new_secrets(prefix)
        write_secrets(path, made)
        return made
    found = read_secrets(path)
    missing = [role for role in Role if role not in found.passwords]
    if not missing:
        return found
    added = {role: secrets.token_urlsafe(32) for role in missing}
    whole = StoreSecrets(found.scope_key, {**found.passwords, **added}, found.names)
    write_secrets(path, whole)
    return whole


def read_secrets(path: Path) -> StoreSecrets:
    """Read the file. Raises BrokenSecrets when others can read it or it does not hold what it should."""
    try:
        if stat.S_IMODE(path.stat().st_mode) & 0o077:
            raise BrokenSecrets(str(path), "others can read it (expected mode 0600)")
        return secrets_from_document(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BrokenSecrets(str(path), f"{type(error).__name__}: {error}") from error


def write_secrets(path: Path, held: StoreSecrets) -> None:
    """Write the file with mode 0600, whole or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    handle = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(handle, "w", encoding="utf-8") as file:
        json.dump(held.document(), file, indent=2)
        file.flush()
        os.fsync(handle)
    draft.rename(path)


def secrets_from_document(document: Mapping[str, Any]) -> StoreSecrets:
    """What `document` gave. Raises ValueError, KeyError, TypeError or AttributeError for anything else."""
    passwords = {Role(name): str(password) for name, password in document["passwords"].items()}
    key = bytes.fromhex(document["scope_key"])
    if len(key) != SCOPE_KEY_BYTES:
        raise ValueError(f"the scope key has {len(key)} bytes, not {SCOPE_KEY_BYTES}")
    return StoreSecrets(key, passwords, RoleNames(str(document["prefix"])))
