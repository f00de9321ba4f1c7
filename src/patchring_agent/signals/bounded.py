"""Reads what a program prints, up to so many bytes and seconds: a journal may be larger than anybody wants to read."""

from __future__ import annotations

import os
import selectors
import subprocess
from collections.abc import Sequence
from dataclasses import dataclass

from patchring_agent import clocks
from patchring_agent.commands import ENVIRONMENT, as_text
from patchring_agent.errors import CommandProblem

CHUNK_BYTES = 65_536


@dataclass(frozen=True)
class Printed:
    """Whole lines. `cut`: there was more, or the program did not end in time. `exit_code` is None then."""

    lines: list[str]
    cut: bool
    exit_code: int | None


def printed(argv: Sequence[str], bytes_max: int, timeout_s: int) -> Printed:
    """Raises CommandProblem when the program cannot be started. What it says of errors is dropped."""
    try:
        process = subprocess.Popen(
            list(argv), stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=ENVIRONMENT
        )
    except OSError as error:
        raise CommandProblem(f"{argv[0]} cannot be started on this device: {error}") from error
    with process:
        content, ended = _read(process, bytes_max, clocks.boot_ms() + timeout_s * 1000)
        if not ended:
            process.kill()
        code = process.wait()
    whole = content if ended else content[: content.rfind(b"\n") + 1]
    return Printed(as_text(whole).splitlines(), not ended, code if ended else None)


def _read(process: subprocess.Popen[bytes], bytes_max: int, until_boot_ms: int) -> tuple[bytes, bool]:
    """What came, and whether that was all of it."""
    assert process.stdout is not None, "the program was started with a pipe"
    handle, content = process.stdout.fileno(), b""
    with selectors.DefaultSelector() as waiting:
        waiting.register(handle, selectors.EVENT_READ)
        while len(content) < bytes_max:
            left_ms = until_boot_ms - clocks.boot_ms()
            if left_ms <= 0 or not waiting.select(left_ms / 1000):
                return content, False
            chunk = os.read(handle, CHUNK_BYTES)
            if not chunk:
                return content, True
            content += chunk
    return content, False
