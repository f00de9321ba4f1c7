"""What can go wrong between us and the database.

StoreError
├── SetUpError                 the database cannot be prepared; a person has to act
│   ├── MissingPrivilege       DATABASE_URL names a user that may not make roles or schemas
│   ├── UnsafeRole             a role of ours can do more than it should
│   ├── BrokenSecrets          the secrets file cannot be used
│   └── MigrationError         the migrations do not fit the database
├── DatabaseUnavailable        no connection: the server is away or busy
├── ConnectionLost             the connection broke; nothing of the transaction was kept
├── CommitUnknown              the connection broke during the commit: kept or not, nobody knows
├── TransactionConflict        another transaction won; try again
├── LockTimeout                a lock was not to be had in time
├── StatementTimeout           a statement ran longer than its role may
├── ConstraintViolated         the database refused what an invariant forbids; the name says which
└── AccessRefused              no or a bad tenant scope, a foreign tenant's row, or a missing grant
"""

from typing import ClassVar


class StoreError(Exception):
    """Root of this room's operating errors. `kind` is stable; `transient` says that trying again may help."""

    kind: ClassVar[str] = "store"
    transient: ClassVar[bool] = False


class SetUpError(StoreError):
    kind = "store_set_up"


class MissingPrivilege(SetUpError):
    kind = "store_missing_privilege"

    def __init__(self, user: str, said: str) -> None:
        self.user = user
        self.said = said
        super().__init__(
            f"The user {user!r} of DATABASE_URL may not prepare the database ({said}). Give a user that may make "
            "roles and owns the database: ALTER ROLE ... CREATEROLE, ALTER DATABASE ... OWNER TO ..."
        )


class UnsafeRole(SetUpError):
    kind = "store_unsafe_role"

    def __init__(self, role: str, powers: list[str]) -> None:
        self.role = role
        self.powers = powers
        super().__init__(
            f"The database role {role} must have no special powers and has: {', '.join(powers)}. "
            f"Take them away with ALTER ROLE {role} ... before Patchring starts."
        )


class BrokenSecrets(SetUpError):
    kind = "store_broken_secrets"

    def __init__(self, path: str, said: str) -> None:
        self.path = path
        super().__init__(f"The secrets file {path} cannot be used: {said}. Restore it from the backup.")


class MigrationError(SetUpError):
    kind = "store_migration"


class DatabaseUnavailable(StoreError):
    kind = "store_unavailable"
    transient = True


class ConnectionLost(StoreError):
    kind = "store_connection_lost"
    transient = True


class CommitUnknown(StoreError):
    """Tried again only by who can do the same thing twice without harm."""

    kind = "store_commit_unknown"


class TransactionConflict(StoreError):
    kind = "store_conflict"
    transient = True


class LockTimeout(StoreError):
    kind = "store_lock_timeout"
    transient = True


class StatementTimeout(StoreError):
    kind = "store_statement_timeout"


class ConstraintViolated(StoreError):
    kind = "store_constraint"

    def __init__(self, constraint: str, table: str, sqlstate: str) -> None:
        self.constraint = constraint
        self.table = table
        self.sqlstate = sqlstate
        super().__init__(f"The database refused a change of {table}: it would break {constraint} ({sqlstate}).")


class AccessRefused(StoreError):
    kind = "store_access_refused"
