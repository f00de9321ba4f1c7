"""What each process of the server begins with: its own settings from standard input, logs to standard error, and a
clean stop on SIGTERM or SIGINT (the latter also when its parent died).

A process gets only what it needs: the signer never hears the web's keys, the web never hears the signer's.
"""

import asyncio
import json
import signal
import sys
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
import uvloop

READY = "ready"


def read_settings() -> dict[str, Any]:
    """The one JSON document on standard input."""
    settings: dict[str, Any] = json.loads(sys.stdin.readline())
    return settings


def say_ready() -> None:
    """Tell the parent that the process serves now."""
    print(READY, flush=True)


def configure_logs(process: str) -> None:
    """One line of JSON for each event on standard error."""
    structlog.configure(
        processors=[
            structlog.contextvars.merge_contextvars,
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            structlog.processors.JSONRenderer(sort_keys=True),
        ],
        logger_factory=structlog.PrintLoggerFactory(sys.stderr),
    )
    structlog.contextvars.bind_contextvars(process=process)


def stop_event() -> asyncio.Event:
    """Set when the process is asked to end."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    return stop


def run_process(name: str, main: Callable[[dict[str, Any]], Awaitable[None]]) -> None:
    """The body of `python -m patchring.serve.NAME`."""
    configure_logs(name)
    settings = read_settings()

    async def body() -> None:
        await main(settings)

    uvloop.run(body())
