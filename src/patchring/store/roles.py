"""The roles of the database: one owner that nobody logs in as, and one login for each kind of process.

Each has the least it needs; the grants stand with the tables, in the migrations. None is superuser, none bypasses
row-level security, none owns anything. Roles belong to the whole server, so two installations on one server need
two prefixes; migrations are written with the prefix `patchring`.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum

DEFAULT_PREFIX = "patchring"


class Role(StrEnum):
    """A login of ours. The owner is not among them: it has no password and is only taken on by migrations."""

    WEB = "web"
    STAFF = "staff"
    DISPATCHER = "dispatcher"
    SIGNER = "signer"
    INGEST = "ingest"
    POOLER = "pooler"
    FEEDER = "feeder"


# Who may carry a scope over several tenants: staff see those they are given, ingest writes a batch of check-ins,
# the pooler adds up evidence. The others act for one tenant at a time.
OVER_MANY_TENANTS = frozenset({Role.STAFF, Role.INGEST, Role.POOLER})


@dataclass(frozen=True)
class TimeOuts:
    """In milliseconds, kept by the server itself: a client that was killed cannot keep locks for longer."""

    statement: int
    lock: int
    idle_in_transaction: int


TIME_OUTS: Mapping[Role, TimeOuts] = {
    Role.WEB: TimeOuts(statement=15_000, lock=5_000, idle_in_transaction=15_000),
    Role.STAFF: TimeOuts(statement=30_000, lock=5_000, idle_in_transaction=30_000),
    Role.DISPATCHER: TimeOuts(statement=60_000, lock=10_000, idle_in_transaction=60_000),
    Role.SIGNER: TimeOuts(statement=10_000, lock=5_000, idle_in_transaction=10_000),
    Role.INGEST: TimeOuts(statement=15_000, lock=5_000, idle_in_transaction=15_000),
    Role.POOLER: TimeOuts(statement=60_000, lock=10_000, idle_in_transaction=60_000),
    Role.FEEDER: TimeOuts(statement=60_000, lock=10_000, idle_in_transaction=60_000),
}

# Joins are made in the order in which they are written. The signer's are written from key to key; to try every other
# order of eight tables took the planner twenty times as long as the query, while a permit holds off a halt.
JOINED_AS_WRITTEN = frozenset({Role.SIGNER})


@dataclass(frozen=True)
class RoleNames:
    """What the roles are called on the server."""

    prefix: str = DEFAULT_PREFIX

    def __post_init__(self) -> None:
        fits = re.fullmatch(r"[a-z][a-z0-9_]{0,39}", self.prefix)
        assert fits, f"a prefix of roles is small letters, digits and _, 40 at most, not {self.prefix!r}"

    @property
    def owner(self) -> str:
        return f"{self.prefix}_owner"

    def of(self, role: Role) -> str:
        return f"{self.prefix}_{role.value}"

    @property
    def logins(self) -> tuple[str, ...]:
        return tuple(self.of(role) for role in Role)

    def translate(self, sql: str) -> str:
        """SQL written for the default prefix, for this one."""
        if self.prefix == DEFAULT_PREFIX:
            return sql
        roles = "|".join(["owner", *Role])
        return re.sub(rf"\b{DEFAULT_PREFIX}_({roles})\b", rf"{self.prefix}_\1", sql)
