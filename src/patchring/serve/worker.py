"""The worker process: takes what is due, as often as there is something. `python -m patchring.serve.worker`.

Any number of them may run on one database, on any number of machines; none keeps state.
"""

from typing import Any

from patchring.app.worker.handlers import HANDLERS
from patchring.app.worker.loop import Worker
from patchring.serve.child import run_process, say_ready, stop_event
from patchring.serve.clock import SystemClock
from patchring.serve.stores import open_database


async def main(settings: dict[str, Any]) -> None:
    """`settings`: store (address and secrets of the dispatcher)."""
    stop = stop_event()
    async with open_database(settings["store"]) as database:
        say_ready()
        await Worker(database, SystemClock(), HANDLERS).run(stop)


if __name__ == "__main__":
    run_process("worker", main)
