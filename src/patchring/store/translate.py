"""From the driver's exceptions to our own."""

import psycopg
from psycopg import errors
from psycopg_pool import PoolTimeout

from patchring.store.errors import (
    AccessRefused,
    ConnectionLost,
    ConstraintViolated,
    DatabaseUnavailable,
    LockTimeout,
    StatementTimeout,
    StoreError,
    TransactionConflict,
)

# SQLSTATEs with which the server ends a connection: admin shutdown, crash shutdown, cannot connect now,
# idle in transaction for too long.
_ENDED = {"57P01", "57P02", "57P03", "25P03"}


def translated(error: psycopg.Error) -> StoreError | None:
    """Our error for the driver's; None for one that only a bug can cause (a wrong statement, a wrong type)."""
    said = str(error).strip().split("\n")[0]
    match error:
        case errors.SerializationFailure() | errors.DeadlockDetected():
            return TransactionConflict(f"Another transaction was in the way ({said}). Try again.")
        case errors.LockNotAvailable():
            return LockTimeout(f"A lock was not to be had in time ({said}). Try again; if it stays, see pg_locks.")
        case errors.QueryCanceled():
            return StatementTimeout(f"The database stopped a statement ({said}).")
        case errors.InsufficientPrivilege():
            return AccessRefused(f"The database refused access: {said}.")
        case psycopg.IntegrityError():
            return ConstraintViolated(
                error.diag.constraint_name or error.diag.column_name or "?",
                error.diag.table_name or "?",
                error.sqlstate or "?",
            )
        case PoolTimeout():
            return DatabaseUnavailable(f"No connection to the database was to be had ({said}).")
        case errors.TooManyConnections() | errors.CannotConnectNow():
            return DatabaseUnavailable(f"The database does not take connections ({said}).")
        case _ if lost(error):
            return ConnectionLost(f"The connection to the database broke ({said}).")
        case _:
            return None


def lost(error: psycopg.Error) -> bool:
    """Whether the connection is gone: the server said so, or nothing came that has an SQLSTATE."""
    if error.sqlstate is None:
        return isinstance(error, psycopg.OperationalError)
    return error.sqlstate in _ENDED or error.sqlstate.startswith("08")
