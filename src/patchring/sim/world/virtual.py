"""An event loop whose time is virtual: it jumps to the next timer as soon as nobody has anything to do.

While somebody waits for the outside (`outside`: a database on a socket), time stands still, so that an answer takes no
virtual time, however long it took.
"""

import asyncio
import selectors
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

EPOCH = datetime(2026, 11, 2, tzinfo=UTC)  # a Monday


class NothingToDo(AssertionError):
    """Everybody waits, and nobody for a time or for the outside: a bug of what runs in the loop."""


class _JumpingSelector(selectors.BaseSelector):
    """Waits for files only while somebody waits for the outside; else it lets the time pass at once."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.outside_count = 0
        self._real = selectors.DefaultSelector()

    def select(self, timeout: float | None = None) -> Any:
        at_once = timeout is not None and timeout <= 0
        if self.outside_count:
            return self._real.select(0 if at_once else None)
        if at_once:
            return []
        if timeout is None:
            raise NothingToDo("everybody waits, and nobody for a time")
        self.now_s += timeout
        return []

    def register(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.register(fileobj, events, data)

    def unregister(self, fileobj: Any) -> selectors.SelectorKey:
        return self._real.unregister(fileobj)

    def modify(self, fileobj: Any, events: int, data: Any = None) -> selectors.SelectorKey:
        return self._real.modify(fileobj, events, data)

    def close(self) -> None:
        self._real.close()

    def get_map(self) -> Mapping[Any, selectors.SelectorKey]:
        return self._real.get_map()


class VirtualLoop(asyncio.SelectorEventLoop):
    """What would run in a thread runs at once: threads know nothing of virtual time."""

    def __init__(self) -> None:
        self._jumping = _JumpingSelector()
        super().__init__(self._jumping)

    def time(self) -> float:
        return self._jumping.now_s

    @contextmanager
    def outside(self) -> Iterator[None]:
        """Somebody waits for something that is not in this loop."""
        self._jumping.outside_count += 1
        try:
            yield
        finally:
            self._jumping.outside_count -= 1

    def run_in_executor(self, executor: Any, func: Any, *args: Any) -> Any:  # type: ignore[override]
        done: asyncio.Future[Any] = self.create_future()
        try:
            done.set_result(func(*args))
        except Exception as error:  # noqa: BLE001 - it belongs to who waits for the result
            done.set_exception(error)
        return done


class WorldClock:
    """The server's clock: wall time that passes as the loop's does."""

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop

    def now(self) -> datetime:
        return EPOCH + timedelta(microseconds=round(self._loop.time() * 1_000_000))


class SkewedClock:
    """A device's wall clock: off by a number of seconds that may jump."""

    def __init__(self, clock: WorldClock) -> None:
        self._clock = clock
        self.off_s = 0.0

    def now(self) -> datetime:
        return self._clock.now() + timedelta(seconds=self.off_s)
