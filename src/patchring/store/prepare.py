"""Makes a database fit for Patchring: roles, what they may do with the database, migrations, the scope's key.

Every step may be run again and changes nothing then. It needs a user that may make roles and schemas; the
programs themselves never use that one.
"""

from datetime import datetime

import psycopg
from psycopg import Connection, sql

from patchring.store.errors import DatabaseUnavailable, MissingPrivilege, UnsafeRole
from patchring.store.migrate import Phase, migrate
from patchring.store.roles import JOINED_AS_WRITTEN, TIME_OUTS, Role, RoleNames, TimeOuts
from patchring.store.scope import inner_pad, outer_pad
from patchring.store.secrets import StoreSecrets
from patchring.store.translate import translated

# Two preparations at once would trip over each other's CREATE ROLE. Roles belong to the server, locks to a database,
# so across databases this only narrows the race; the loser gets an error that a second try cures.
PREPARE_LOCK = 0x70617463_00000001


def prepare_database(admin: str, secrets: StoreSecrets, now: datetime, phases: frozenset[Phase] | None = None) -> None:
    """Bring the database of a connection string up to this version. `phases` None: all of them, in order.

    Raises SetUpError, DatabaseUnavailable, LockTimeout or another StoreError.
    """
    try:
        connection = psycopg.connect(admin, autocommit=True)
    except psycopg.OperationalError as error:
        raise DatabaseUnavailable(f"The database does not answer: {_first_line(error)}") from error
    with connection:
        try:
            ensure_roles(connection, secrets)
            ensure_grants(connection, secrets.names)
            migrate(connection, secrets.names, now, phases)
            install_scope_key(connection, secrets)
        except psycopg.errors.InsufficientPrivilege as error:
            raise MissingPrivilege(connection.info.user, _first_line(error)) from error
        except psycopg.Error as error:
            raise translated(error) or error from error


def ensure_roles(connection: Connection, secrets: StoreSecrets) -> None:
    """Make the roles that are missing; set passwords, time-outs and how joins are planned. Raises UnsafeRole."""
    with connection.transaction():
        connection.execute("SELECT pg_advisory_xact_lock(%s)", [PREPARE_LOCK])
        _ensure_role(connection, secrets.names.owner, "NOLOGIN")
        connection.execute(sql.SQL("GRANT {} TO CURRENT_USER").format(sql.Identifier(secrets.names.owner)))
        for role in Role:
            name = secrets.names.of(role)
            _ensure_role(connection, name, "LOGIN")
            _set_password(connection, name, secrets.passwords[role])
            _set_time_outs(connection, name, TIME_OUTS[role])
            if role in JOINED_AS_WRITTEN:
                _set(connection, name, "join_collapse_limit", 1)
    _refuse_powers(connection, secrets.names)


def ensure_grants(connection: Connection, names: RoleNames) -> None:
    """Who may do what with the database itself. Not copied with a template, so it is a step of its own."""
    database = sql.Identifier(connection.info.dbname)
    logins = sql.SQL(", ").join(map(sql.Identifier, names.logins))
    owner = sql.Identifier(names.owner)
    with connection.transaction():
        for statement in (
            # Without temporary tables nobody can put a table of his own in front of one of ours.
            "REVOKE ALL ON DATABASE {database} FROM PUBLIC",
            "GRANT CONNECT ON DATABASE {database} TO {owner}, {logins}",
            "GRANT CREATE ON DATABASE {database} TO {owner}",
        ):
            connection.execute(sql.SQL(statement).format(database=database, owner=owner, logins=logins))


def install_scope_key(connection: Connection, secrets: StoreSecrets) -> None:
    """Give the key that scopes are signed with to the one function that checks them."""
    pads = {"inner": inner_pad(secrets.scope_key), "outer": outer_pad(secrets.scope_key)}
    with connection.transaction():
        connection.execute(sql.SQL("SET LOCAL ROLE {}").format(sql.Identifier(secrets.names.owner)))
        connection.execute(
            """
            INSERT INTO patchring_private.scope_key AS held (only_row, inner_pad, outer_pad)
            VALUES (true, %(inner)s, %(outer)s)
            ON CONFLICT (only_row) DO UPDATE SET inner_pad = excluded.inner_pad, outer_pad = excluded.outer_pad
            WHERE (held.inner_pad, held.outer_pad) <> (excluded.inner_pad, excluded.outer_pad)
            """,
            pads,
        )


def _ensure_role(connection: Connection, name: str, login: str) -> None:
    if connection.execute("SELECT FROM pg_roles WHERE rolname = %s", [name]).fetchone() is None:
        powers = f"{login} NOINHERIT NOSUPERUSER NOCREATEDB NOCREATEROLE NOREPLICATION NOBYPASSRLS"
        connection.execute(sql.SQL("CREATE ROLE {} " + powers).format(sql.Identifier(name)))


def _set_password(connection: Connection, name: str, password: str) -> None:
    """Sent as a verifier, so that the password itself is never in a statement or a server's log."""
    verifier = connection.pgconn.encrypt_password(password.encode(), name.encode(), b"scram-sha-256").decode()
    connection.execute(sql.SQL("ALTER ROLE {} PASSWORD {}").format(sql.Identifier(name), sql.Literal(verifier)))


def _set_time_outs(connection: Connection, name: str, limits: TimeOuts) -> None:
    settings = {
        "statement_timeout": limits.statement,
        "lock_timeout": limits.lock,
        "idle_in_transaction_session_timeout": limits.idle_in_transaction,
    }
    for setting, milliseconds in settings.items():
        _set(connection, name, setting, milliseconds)


def _set(connection: Connection, name: str, setting: str, value: int) -> None:
    """A setting that each session of the role begins with."""
    statement = sql.SQL("ALTER ROLE {} SET {} = {}")
    names = sql.Identifier(name), sql.Identifier(setting)
    connection.execute(statement.format(*names, sql.Literal(value)))


def _refuse_powers(connection: Connection, names: RoleNames) -> None:
    """A role that was there before us may be able to do more than we would have given it."""
    rows = connection.execute(
        """
        SELECT rolname, rolsuper, rolbypassrls, rolcreaterole, rolcreatedb, rolreplication
        FROM pg_roles WHERE rolname = ANY (%s) ORDER BY rolname
        """,
        [[names.owner, *names.logins]],
    )
    words = ("SUPERUSER", "BYPASSRLS", "CREATEROLE", "CREATEDB", "REPLICATION")
    for name, *has in rows:
        powers = [word for word, present in zip(words, has, strict=True) if present]
        if powers:
            raise UnsafeRole(name, powers)


def _first_line(error: psycopg.Error) -> str:
    return str(error).strip().split("\n")[0]
