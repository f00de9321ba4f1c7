"""PostgreSQL without an installation: the programs of a wheel, run as our child in a folder of our own.

It listens on a socket in a folder that nobody else can enter, asks for a password even there, never runs as
root, is started again when it dies and ends when we end. With DATABASE_URL set, none of this is used.
"""

from patchring.serve.postgres.binaries import Binaries, find_binaries
from patchring.serve.postgres.cluster import Settings
from patchring.serve.postgres.errors import (
    AlreadyRunning,
    BinariesMissing,
    NoAccount,
    PostgresError,
    StartFailed,
    Unreachable,
    WrongVersion,
)
from patchring.serve.postgres.server import EmbeddedPostgres, address_of

__all__ = [
    "AlreadyRunning",
    "Binaries",
    "BinariesMissing",
    "EmbeddedPostgres",
    "NoAccount",
    "PostgresError",
    "Settings",
    "StartFailed",
    "Unreachable",
    "WrongVersion",
    "address_of",
    "find_binaries",
]
