"""Rows gathered for a moment: each caller gets its own outcome, after the write."""

import asyncio
from collections.abc import Sequence

import pytest

from patchring.app.errors import Invalid, Unavailable
from patchring.app.micro_batch import MicroBatch

pytestmark = pytest.mark.anyio


class Writer:
    """Doubles numbers, refuses odd ones, and notes the batches. `gate` holds every write back while it is unset."""

    def __init__(self) -> None:
        self.batches: list[list[int]] = []
        self.gate = asyncio.Event()
        self.gate.set()
        self.error: Exception | None = None

    async def __call__(self, rows: Sequence[int]) -> list[int | Exception]:
        self.batches.append(list(rows))
        await self.gate.wait()
        if self.error:
            raise self.error
        return [row * 2 if row % 2 == 0 else Invalid(f"{row} is odd") for row in rows]


async def test_rows_of_a_moment_are_written_together_and_each_gets_its_own_outcome() -> None:
    writer = Writer()
    batch = MicroBatch(writer, window_s=0.001)
    found = await asyncio.gather(*(batch.add(number) for number in range(4)), return_exceptions=True)
    assert [found[0], found[2]] == [0, 4]
    assert [str(found[1]), str(found[3])] == ["1 is odd", "3 is odd"]
    assert writer.batches == [[0, 1, 2, 3]]


async def test_a_batch_has_a_bound_and_one_is_written_at_a_time() -> None:
    writer = Writer()
    writer.gate.clear()
    batch = MicroBatch(writer, window_s=0.001, rows_max=3)
    waiting = [asyncio.create_task(batch.add(number)) for number in range(0, 16, 2)]
    while not writer.batches:
        await asyncio.sleep(0)
    assert writer.batches == [[0, 2, 4]]
    writer.gate.set()
    assert await asyncio.gather(*waiting) == [number * 2 for number in range(0, 16, 2)]
    assert writer.batches == [[0, 2, 4], [6, 8, 10], [12, 14]]


async def test_nobody_is_answered_before_the_write_is_done() -> None:
    writer = Writer()
    writer.gate.clear()
    batch = MicroBatch(writer, window_s=0.0)
    waiting = asyncio.create_task(batch.add(2))
    while not writer.batches:
        await asyncio.sleep(0)
    await asyncio.sleep(0.01)
    assert not waiting.done()
    writer.gate.set()
    assert await waiting == 4


async def test_when_too_many_wait_the_next_is_told_to_come_back() -> None:
    writer = Writer()
    batch = MicroBatch(writer, window_s=0.001, waiting_max=2)
    found = await asyncio.gather(*(batch.add(2) for _ in range(3)), return_exceptions=True)
    assert found[:2] == [4, 4]
    assert isinstance(found[2], Unavailable)
    assert (found[2].kind, found[2].fields) == ("queue_full", {"retry_after_s": 5})
    assert await batch.add(2) == 4, "afterwards there is room again"


async def test_when_a_write_fails_all_who_wait_are_told() -> None:
    writer = Writer()
    writer.gate.clear()
    batch = MicroBatch(writer, window_s=0.001, rows_max=2)
    waiting = [asyncio.create_task(batch.add(2)) for _ in range(5)]
    while not writer.batches:
        await asyncio.sleep(0)
    writer.error = Unavailable("away")
    writer.gate.set()
    assert await asyncio.gather(*waiting, return_exceptions=True) == [writer.error] * 5
    assert len(writer.batches) == 1
    writer.error = None
    assert await batch.add(2) == 4, "the next one tries again"


async def test_when_the_server_stops_nobody_waits_for_ever() -> None:
    writer = Writer()
    writer.gate.clear()
    batch = MicroBatch(writer, window_s=0.001, rows_max=1)
    waiting = [asyncio.create_task(batch.add(2)) for _ in range(3)]
    while not writer.batches:
        await asyncio.sleep(0)
    [flusher] = [task for task in asyncio.all_tasks() if task.get_name() == "micro-batch"]
    flusher.cancel()
    found = await asyncio.gather(*waiting, return_exceptions=True)
    assert [error.kind for error in found if isinstance(error, Unavailable)] == ["stopping"] * 3


async def test_a_caller_that_goes_away_does_not_disturb_the_others() -> None:
    writer = Writer()
    writer.gate.clear()
    batch = MicroBatch(writer, window_s=0.0)
    gone, staying = asyncio.create_task(batch.add(2)), asyncio.create_task(batch.add(4))
    while not writer.batches:
        await asyncio.sleep(0)
    gone.cancel()
    writer.gate.set()
    assert await staying == 8
    assert gone.cancelled() or await asyncio.gather(gone, return_exceptions=True)
