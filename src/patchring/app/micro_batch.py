"""Gathers rows of many callers for a moment and writes them together; each caller waits for its own row's outcome.

What it promises:

* an outcome is handed out only after `write` has returned, that is after its commit;
* at most `rows_max` rows are written together, and one batch at a time, so two of ours never wait for each other;
* at most `waiting_max` rows wait; the next one is refused with Unavailable. When a write fails as a whole, for instance
  because the database is away, those who wait are told so as well (what waits longer than its sender helps nobody);
* nothing runs while nobody waits: there is no task to start or to stop.
"""

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable, Sequence
from typing import Generic, TypeVar

from patchring.app.errors import Unavailable

R = TypeVar("R")
O = TypeVar("O")  # noqa: E741 - R and O: row and outcome

# Long enough for those who come together, no longer: what comes while a batch is written is the next batch anyhow.
WINDOW_S = 0.001
ROWS_MAX = 200
WAITING_MAX = 4_000
RETRY_AFTER_S = 5


class MicroBatch(Generic[R, O]):
    """`write` gives one outcome for each row in the same order; an outcome that is an exception is raised to its
    caller. When `write` itself raises, that is raised to all who wait."""

    def __init__(
        self,
        write: Callable[[Sequence[R]], Awaitable[Sequence[O | Exception]]],
        *,
        window_s: float = WINDOW_S,
        rows_max: int = ROWS_MAX,
        waiting_max: int = WAITING_MAX,
    ) -> None:
        self._write = write
        self._window_s = window_s
        self._rows_max = rows_max
        self._waiting_max = waiting_max
        self._waiting: deque[tuple[R, asyncio.Future[O]]] = deque()
        self._flusher: asyncio.Task[None] | None = None
        self.batch_count = 0
        self.row_count = 0

    async def add(self, row: R) -> O:
        """Wait until the row is written. Raises Unavailable (queue_full) and what `write` raised for the row."""
        if len(self._waiting) >= self._waiting_max:
            raise Unavailable(
                f"{len(self._waiting)} messages wait already, which is the most. Come back later.",
                kind="queue_full",
                retry_after_s=RETRY_AFTER_S,
            )
        future: asyncio.Future[O] = asyncio.get_running_loop().create_future()
        self._waiting.append((row, future))
        if self._flusher is None:
            self._flusher = asyncio.create_task(self._flush_all(), name="micro-batch")
        return await future

    async def _flush_all(self) -> None:
        """Write until nothing waits. The window is waited for only when a batch would not be full."""
        try:
            while self._waiting:
                if len(self._waiting) < self._rows_max:
                    await asyncio.sleep(self._window_s)
                await self._flush()
        finally:
            self._flusher = None

    async def _flush(self) -> None:
        count = min(len(self._waiting), self._rows_max)
        batch = [self._waiting.popleft() for _ in range(count)]
        self.batch_count += 1
        self.row_count += count
        try:
            outcomes = await self._write([row for row, _ in batch])
            assert len(outcomes) == count, f"{count} rows were written and {len(outcomes)} outcomes came back"
        except Exception as error:  # noqa: BLE001 - handed on to everybody who waits, bugs too
            self._settle_all(batch, error)
            return
        except BaseException:
            self._settle_all(batch, _interrupted())
            raise
        for (_, future), outcome in zip(batch, outcomes, strict=True):
            _settle(future, outcome)

    def _settle_all(self, batch: Sequence[tuple[R, asyncio.Future[O]]], error: Exception) -> None:
        for _, future in [*batch, *self._waiting]:
            _settle(future, error)
        self._waiting.clear()


def _settle(future: "asyncio.Future[O]", outcome: O | Exception) -> None:
    """Hand out an outcome; a caller that has gone away meanwhile needs none."""
    if future.done():
        return
    if isinstance(outcome, Exception):
        future.set_exception(outcome)
    else:
        future.set_result(outcome)


def _interrupted() -> Unavailable:
    return Unavailable("The server is being stopped. Come back later.", kind="stopping", retry_after_s=RETRY_AFTER_S)
