"""Runs programs of the host: argument arrays, never a shell; an error carries what the program printed."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

from lab.errors import CommandFailed

Argument = str | Path


def search_path() -> str:
    """PATH with root's folders, which it lacks where root is reached by `su`."""
    return os.environ.get("PATH", os.defpath) + ":/usr/sbin:/sbin"


def run(
    command: Sequence[Argument],
    *,
    timeout: float = 120,
    check: bool = True,
    environment: Mapping[str, str] | None = None,
    cwd: Path | None = None,
    where: str = "this machine",
    input: bytes = b"",
) -> subprocess.CompletedProcess[str]:
    """The finished program with its text; `timeout` in seconds.

    Raises CommandFailed when it ends with an error (unless `check` is false) or its time is up (code 124).
    """
    words = [str(word) for word in command]
    full = {**os.environ, "LC_ALL": "C.UTF-8", "PATH": search_path(), **(environment or {})}
    try:
        done = subprocess.run(words, input=input, capture_output=True, timeout=timeout, env=full, cwd=cwd, check=False)
    except subprocess.TimeoutExpired as late:
        raise CommandFailed(words, 124, f"it took longer than {timeout:g} s", where) from late
    except FileNotFoundError as missing:
        raise CommandFailed(words, 127, f"{words[0]} is not installed", where) from missing
    stdout, stderr = (stream.decode(errors="replace") for stream in (done.stdout, done.stderr))
    if check and done.returncode:
        raise CommandFailed(words, done.returncode, stdout + stderr, where)
    return subprocess.CompletedProcess(words, done.returncode, stdout, stderr)
