"""Runs the migrations: forward only, numbered, each in one transaction, each remembered with its checksum.

`NNNN_name.pre.sql` runs before the new programs do, and must leave the old ones working; `NNNN_name.post.sql` runs
when the old ones are gone. Files are never changed after a release: what is wrong is mended by the next number.
"""

import hashlib
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from importlib import resources

from psycopg import Connection, sql
from psycopg.pq import TransactionStatus

from patchring.store.errors import MigrationError
from patchring.store.roles import RoleNames

MIGRATION_LOCK = 0x70617463_00000002
LOCK_TIMEOUT_MS = 5_000  # rather fail and try again than queue every reader behind us
STATEMENT_TIMEOUT_MS = 600_000

_FILE_NAME = re.compile(r"(\d{4})_([a-z0-9_]+)\.(pre|post)\.sql")

_RECORD = """
CREATE SCHEMA IF NOT EXISTS patchring_private;
CREATE TABLE IF NOT EXISTS patchring_private.migration (
  number smallint NOT NULL,
  phase text NOT NULL,
  name text NOT NULL,
  checksum text NOT NULL,
  applied_at timestamptz NOT NULL,
  PRIMARY KEY (number, phase)
);
COMMENT ON TABLE patchring_private.migration IS 'Which migrations ran, and the SHA-256 of each file at that time.';
"""


class Phase(StrEnum):
    PRE = "pre"
    POST = "post"


@dataclass(frozen=True)
class Migration:
    number: int
    phase: Phase
    name: str
    text: str

    @property
    def file_name(self) -> str:
        return f"{self.number:04}_{self.name}.{self.phase}.sql"

    @property
    def checksum(self) -> str:
        return hashlib.sha256(self.text.encode()).hexdigest()

    @property
    def order(self) -> tuple[int, bool]:
        return self.number, self.phase is Phase.POST


def known_migrations() -> tuple[Migration, ...]:
    """The migrations that ship with this version, in order: 0001 pre, 0001 post, 0002 pre ..."""
    folder = resources.files("patchring.store") / "migrations"
    found = [
        parse_migration(entry.name, entry.read_text(encoding="utf-8"))
        for entry in folder.iterdir()
        if entry.name.endswith(".sql")
    ]
    return ordered_migrations(found)


def parse_migration(file_name: str, text: str) -> Migration:
    match = _FILE_NAME.fullmatch(file_name)
    assert match, f"{file_name}: a migration is called NNNN_name.pre.sql or NNNN_name.post.sql"
    return Migration(int(match[1]), Phase(match[3]), match[2], text)


def ordered_migrations(found: Sequence[Migration]) -> tuple[Migration, ...]:
    """In the order to run them; numbers from 1 without a gap, each phase of a number once, one name per number."""
    ordered = tuple(sorted(found, key=lambda migration: migration.order))
    orders = [migration.order for migration in ordered]
    assert len(set(orders)) == len(orders), "two migrations have the same number and phase"
    names = dict.fromkeys((migration.number, migration.name) for migration in ordered)
    assert [number for number, _ in names] == list(range(1, len(names) + 1)), "migration numbers have a gap or a twin"
    return ordered


def migrate(
    connection: Connection,
    names: RoleNames,
    now: datetime,
    phases: frozenset[Phase] | None = None,
    migrations: Sequence[Migration] | None = None,
) -> list[Migration]:
    """Run what is pending, as the owner; what was run. `phases` None: all, in order (nothing else is running).

    `connection` is in autocommit, of a user that may become the owner. Several may run at once. Raises
    MigrationError.
    """
    known = tuple(migrations) if migrations is not None else known_migrations()
    _make_record(connection, names)
    pending = pending_migrations(known, applied_migrations(connection, names))
    if phases:
        refuse_out_of_turn(pending, phases)
    return [
        migration
        for migration in pending
        if (phases is None or migration.phase in phases) and _apply(connection, names, migration, now)
    ]


def pending_migrations(
    known: Sequence[Migration], applied: dict[tuple[int, Phase], tuple[str, str]]
) -> tuple[Migration, ...]:
    """The known ones that were not applied. Raises MigrationError when what was applied is not what is known."""
    by_key = {(migration.number, migration.phase): migration for migration in known}
    for (number, phase), (name, checksum) in applied.items():
        file = by_key.get((number, phase))
        if file is None:
            raise MigrationError(
                f"The database has migration {number:04}_{name}.{phase}, which this version does not know: it was "
                "used with a newer version. Start that one, or restore the backup from before the upgrade."
            )
        if file.checksum != checksum:
            raise MigrationError(
                f"{file.file_name} was changed after it had been applied (SHA-256 {checksum[:12]} then, "
                f"{file.checksum[:12]} now). Restore the file, and put the change into a new migration."
            )
    return tuple(migration for migration in known if (migration.number, migration.phase) not in applied)


def refuse_out_of_turn(pending: Sequence[Migration], phases: frozenset[Phase]) -> None:
    """One phase alone must not overtake the other: not pre while an older post waits, not post before its pre."""
    waiting_pre = [migration for migration in pending if migration.phase is Phase.PRE]
    waiting_post = [migration for migration in pending if migration.phase is Phase.POST]
    if phases == {Phase.POST} and waiting_pre:
        raise MigrationError(f"{waiting_pre[0].file_name} has to run before any post migration. Run phase pre first.")
    if phases == {Phase.PRE} and waiting_pre and waiting_post and waiting_post[0].number < waiting_pre[0].number:
        raise MigrationError(
            f"{waiting_post[0].file_name} of the version before was never run. Make sure that no older program is "
            "running, then run phase post, then this again."
        )


def applied_migrations(connection: Connection, names: RoleNames) -> dict[tuple[int, Phase], tuple[str, str]]:
    """(number, phase) -> (name, checksum) of what ran in this database."""
    with connection.transaction():
        _become_owner(connection, names)
        rows = connection.execute("SELECT number, phase, name, checksum FROM patchring_private.migration")
        return {(number, Phase(phase)): (name, checksum) for number, phase, name, checksum in rows}


def _make_record(connection: Connection, names: RoleNames) -> None:
    with connection.transaction():
        _become_owner(connection, names)
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        connection.execute(_RECORD)


def _apply(connection: Connection, names: RoleNames, migration: Migration, now: datetime) -> bool:
    """Run one migration and remember it, in one transaction. False: somebody else was faster."""
    with connection.transaction():
        _become_owner(connection, names)
        # Waiting for the other runner may take as long as its migration; the time-outs are for what comes after.
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [MIGRATION_LOCK])
        if not _remember(connection, migration, now):
            return False
        connection.execute(f"SET LOCAL lock_timeout = {LOCK_TIMEOUT_MS}")
        connection.execute(f"SET LOCAL statement_timeout = {STATEMENT_TIMEOUT_MS}")
        connection.execute(names.translate(migration.text).encode())
        in_transaction = connection.info.transaction_status is TransactionStatus.INTRANS
        assert in_transaction, f"{migration.file_name} ends its transaction itself; it must not"
    return True


def _remember(connection: Connection, migration: Migration, now: datetime) -> bool:
    cursor = connection.execute(
        """
        INSERT INTO patchring_private.migration (number, phase, name, checksum, applied_at)
        VALUES (%s, %s, %s, %s, %s) ON CONFLICT (number, phase) DO NOTHING
        """,
        [migration.number, migration.phase.value, migration.name, migration.checksum, now],
    )
    return cursor.rowcount == 1


def _become_owner(connection: Connection, names: RoleNames) -> None:
    connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(names.owner)))
