"""The embedded server: started as our child, watched, started again when it dies, ended with us.

One thread starts the child and waits for it. It has to be the same thread for as long as the server runs: the
parent-death signal is tied to the thread that started the child.
"""

import fcntl
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Future
from pathlib import Path
from types import TracebackType
from typing import IO, Self

from psycopg.conninfo import make_conninfo

from patchring.serve.postgres import launch
from patchring.serve.postgres.account import Account, server_account
from patchring.serve.postgres.binaries import Binaries, find_binaries, reachable_binaries
from patchring.serve.postgres.cluster import ENVIRONMENT, SUPERUSER, Settings, prepare_cluster
from patchring.serve.postgres.errors import AlreadyRunning, StartFailed
from patchring.serve.postgres.folders import Folders, prepare_folders, run_folder, superuser_password
from patchring.serve.postgres.leftovers import remove_stale_lock, wait_until_unused

_START_SECONDS_MAX = 600.0  # the repair after a crash reads the whole log since the last checkpoint
_LEFTOVER_SECONDS_MAX = 60.0
_STOP_SECONDS = (60.0, 10.0, 10.0)
_STOP_SIGNALS = (signal.SIGINT, signal.SIGQUIT, signal.SIGKILL)  # fast, immediate, by force
_RESTART_PAUSE_SECONDS = (0.0, 0.1, 0.5, 2.0, 5.0)
_STEADY_SECONDS = 60.0


class EmbeddedPostgres:
    """One PostgreSQL in one folder for this process and its children. `start`, then `address`, then `stop`."""

    def __init__(self, home: Path, *, binaries: Path | None = None, settings: Settings | None = None) -> None:
        self._home = home.absolute()
        self._given = binaries
        self._settings = settings or Settings()
        self._guard = threading.Lock()
        self._wake = threading.Event()
        self._stopping = False
        self._child: subprocess.Popen[bytes] | None = None
        self._thread: threading.Thread | None = None
        self._lock: IO[str] | None = None
        self.start_count = 0

    @property
    def address(self) -> str:
        """Connection string of the superuser. Never log it: the password is in it."""
        return address_of(self._home)

    @property
    def pid(self) -> int | None:
        """Process number of the server; None while it is down."""
        child = self._child
        return child.pid if child and child.poll() is None else None

    def start(self) -> str:
        """Start and wait until it answers; the superuser's connection string. Raises PostgresError."""
        assert self._thread is None, "the embedded PostgreSQL was started twice"
        account = server_account()
        folders = prepare_folders(self._home, account, self._settings.socket_shared)
        self._lock = _hold(folders)
        try:
            binaries = reachable_binaries(find_binaries(self._given), account, folders.home)
            prepare_cluster(folders, binaries, account, self._settings)
            self._supervise(folders, binaries, account)
        except BaseException:
            self._release()
            raise
        return self.address

    def stop(self) -> None:
        """End the server cleanly; does nothing when it is not running."""
        thread, self._thread = self._thread, None
        if thread is None:
            return
        with self._guard:
            self._stopping = True
        self._wake.set()
        for number, seconds in zip(_STOP_SIGNALS, _STOP_SECONDS, strict=True):
            if self._child:
                self._child.send_signal(number)
            thread.join(seconds)
            if not thread.is_alive():
                break
        wait_until_unused(self._home / "data", _STOP_SECONDS[-1])  # its logger outlives it by a moment
        self._release()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()

    def _supervise(self, folders: Folders, binaries: Binaries, account: Account) -> None:
        first: Future[None] = Future()
        arguments = (first, folders, binaries, account)
        self._stopping = False
        self._wake.clear()
        self._thread = threading.Thread(target=self._keep, args=arguments, name="postgres", daemon=True)
        self._thread.start()
        try:
            first.result()
        except BaseException:
            self.stop()
            raise

    def _keep(self, first: Future[None], folders: Folders, binaries: Binaries, account: Account) -> None:
        """The thread: start, wait for the end, start again. Ends when told to, or when the first start fails."""
        failures = 0
        while not self._stopping:
            began = time.monotonic()
            try:
                self._run_once(first, folders, binaries, account)
            except Exception as error:  # noqa: BLE001 - the outermost loop of this thread: what fails is tried again
                if not first.done():
                    first.set_exception(error)
                    return
            failures = 0 if time.monotonic() - began > _STEADY_SECONDS else failures + 1
            pause = _RESTART_PAUSE_SECONDS[min(failures, len(_RESTART_PAUSE_SECONDS)) - 1] if failures else 0.0
            self._wake.wait(pause)

    def _run_once(self, first: Future[None], folders: Folders, binaries: Binaries, account: Account) -> None:
        if not wait_until_unused(folders.data, _LEFTOVER_SECONDS_MAX):
            raise StartFailed("PostgreSQL", f"an earlier server still works in {folders.data}")
        remove_stale_lock(folders.data)
        with self._guard:
            if self._stopping:
                return
            self._child = child = _launch(folders, binaries, account)
        try:
            if not _wait_until_ready(child, folders):
                raise StartFailed("PostgreSQL", _last_words(folders))
            self.start_count += 1
            if not first.done():
                first.set_result(None)
            child.wait()
        finally:
            child.kill()  # does nothing when it has ended
            child.wait()

    def _release(self) -> None:
        if self._lock:
            self._lock.close()
            self._lock = None


def address_of(home: Path) -> str:
    """Connection string of the superuser of the server in HOME, for another process of the same installation."""
    folders = Folders(home.absolute(), run_folder(home.absolute()))
    password = superuser_password(folders)
    return make_conninfo(host=str(folders.run), user=SUPERUSER, password=password, dbname="postgres")


def _hold(folders: Folders) -> IO[str]:
    """The lock that says that this process runs the database. The system frees it, however we end."""
    file = folders.lock.open("a", encoding="utf-8")
    try:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        raise AlreadyRunning(folders.home) from None
    return file


def _launch(folders: Folders, binaries: Binaries, account: Account) -> subprocess.Popen[bytes]:
    who = [str(account.uid), str(account.gid)] if account.switch else ["-", "-"]
    program = [binaries.program("postgres"), "-D", str(folders.data)]
    with folders.start_log.open("wb") as log:
        return subprocess.Popen(
            [sys.executable, "-I", "-S", launch.__file__, str(os.getpid()), *who, *program],
            env=ENVIRONMENT,
            cwd="/",
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            # Ctrl-C in the terminal is for us; we stop the server when our own work is done.
            start_new_session=True,
        )


def _wait_until_ready(child: subprocess.Popen[bytes], folders: Folders) -> bool:
    """Wait for the server to say so in its pid file (line 1: its number, line 8: its state)."""
    deadline = time.monotonic() + _START_SECONDS_MAX
    while child.poll() is None and time.monotonic() < deadline:
        try:
            lines = (folders.data / "postmaster.pid").read_text(encoding="utf-8").splitlines()
        except FileNotFoundError:
            lines = []
        if len(lines) >= 8 and lines[0] == str(child.pid) and lines[7].strip() == "ready":
            return True
        time.sleep(0.01)
    return False


def _last_words(folders: Folders) -> str:
    """The end of what the server said, in one line: in its own log once that was open, before that in ours."""
    log = folders.start_log
    if "redirecting log output" in log.read_text(encoding="utf-8", errors="replace"):
        log = max((folders.data / "log").glob("*.log"), key=os.path.getmtime, default=log)
    return "; ".join(log.read_text(encoding="utf-8", errors="replace").splitlines()[-4:])
