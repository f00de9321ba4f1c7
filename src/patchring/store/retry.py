"""Trying again what another transaction or a lost connection spoilt."""

import asyncio
import random
from collections.abc import Awaitable, Callable
from typing import TypeVar

from patchring.store.errors import CommitUnknown, StoreError

T = TypeVar("T")

_PAUSE_SECONDS = 0.05
_PAUSE_SECONDS_MAX = 2.0


async def retried(
    work: Callable[[], Awaitable[T]],
    *,
    attempts_max: int = 5,
    repeatable: bool = False,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> T:
    """What `work` returns; it is called again after a transient StoreError, with growing, random pauses.

    `work` opens its own transaction, so that nothing of a failed try is left, and must do nothing outside it.
    `repeatable`: doing it twice does no harm, so it is also called again when a commit's end is unknown.
    After the last attempt its error is raised.
    """
    for attempt in range(1, attempts_max):
        try:
            return await work()
        except StoreError as error:
            if not (error.transient or (repeatable and isinstance(error, CommitUnknown))):
                raise
        longest = min(_PAUSE_SECONDS * 2**attempt, _PAUSE_SECONDS_MAX)
        await sleep(random.uniform(longest / 2, longest))  # noqa: S311 - jitter, not a secret
    return await work()
