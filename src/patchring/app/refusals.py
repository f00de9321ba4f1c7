"""Refused messages are counted by day, route and kind: a flood of bad input is seen, and costs no write each."""

import asyncio
from collections import Counter
from datetime import UTC, date

from psycopg.types.json import Jsonb

from patchring.app.services import Services
from patchring.store import sql
from patchring.store.errors import StoreError
from patchring.store.roles import Role

WINDOW_S = 1.0
PAUSE_S = 5.0

Key = tuple[date, str, str]


class Refusals:
    """Counts in memory and writes sums at most once a second. Routes and kinds are ours, so the sums stay few."""

    def __init__(self, services: Services, *, window_s: float = WINDOW_S) -> None:
        self._services = services
        self._window_s = window_s
        self._counts: Counter[Key] = Counter()
        self._writer: asyncio.Task[None] | None = None

    def count(self, route: str, kind: str) -> None:
        """One more refusal; written a little later."""
        self._counts[self._services.clock.now().astimezone(UTC).date(), route, kind] += 1
        if self._writer is None:
            self._writer = asyncio.create_task(self._write_later(), name="refusals")

    async def flush(self) -> None:
        """Write what was counted. Raises StoreError; the counts are then kept for the next time."""
        taken, self._counts = self._counts, Counter()
        if not taken:
            return
        try:
            async with self._services.database.operator(Role.INGEST) as tx:
                await tx.execute(sql.refusals.add, {"rows": Jsonb(_rows(taken))})
        except BaseException:
            self._counts.update(taken)
            raise

    async def close(self) -> None:
        """Write what is left, as far as the database lets us."""
        if self._writer is not None:
            self._writer.cancel()
            await asyncio.gather(self._writer, return_exceptions=True)
        try:
            await self.flush()
        except StoreError:
            self._counts.clear()  # a count is worth no waiting for a database that is away while we end

    async def _write_later(self) -> None:
        pause = self._window_s
        try:
            while self._counts:
                await asyncio.sleep(pause)
                try:
                    await self.flush()
                except StoreError:
                    pause = PAUSE_S
        finally:
            self._writer = None


def _rows(counts: Counter[Key]) -> list[dict[str, object]]:
    """In the order of keys, so that two servers that write at once do not wait for each other in a circle."""
    return [
        {"on_day": day.isoformat(), "route": route, "kind": kind, "count": number}
        for (day, route, kind), number in sorted(counts.items())
    ]
