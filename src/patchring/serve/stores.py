"""How a process gets to the database: an address and the secrets of its own roles, as plain JSON for its settings."""

from collections.abc import Collection
from typing import Any

from patchring.serve.clock import SystemClock
from patchring.store.database import Database, PoolSettings
from patchring.store.roles import Role, RoleNames
from patchring.store.secrets import StoreSecrets


def store_settings(address: str, secrets: StoreSecrets, roles: Collection[Role]) -> dict[str, Any]:
    """What a process with these roles is handed; nothing of the others."""
    chosen = secrets.only(roles)
    return {
        "address": address,
        "scope_key": chosen.scope_key.hex(),
        "prefix": chosen.names.prefix,
        "passwords": {role.value: password for role, password in chosen.passwords.items()},
    }


def open_database(settings: dict[str, Any], pool: PoolSettings | None = None) -> Database:
    """The database of a process' settings; connections open when they are first needed."""
    passwords = {Role(name): password for name, password in settings["passwords"].items()}
    secrets = StoreSecrets(bytes.fromhex(settings["scope_key"]), passwords, RoleNames(settings["prefix"]))
    return Database(settings["address"], secrets, SystemClock(), pool)
