"""Commands that are done once, and changes that overwrite nobody's.

With an `Idempotency-Key` a command is claimed in the transaction that does it; whoever sends it again gets the first
answer. With `If-Match` a change happens only to the version that was read.
"""

import re
from collections.abc import Awaitable, Callable
from typing import Annotated, Any, TypeVar

from fastapi import Header, Response
from pydantic import BaseModel

from patchring.app.caller import Caller
from patchring.app.errors import AppError, Invalid
from patchring.app.idempotency import DoneBefore, recall, remember

REPLAYED = "idempotency-replayed"
_ETAG = re.compile(r'(?:W/)?"([1-9][0-9]{0,8})"')

Answer = TypeVar("Answer", bound=BaseModel)


class VersionMissing(AppError):
    kind, status, title = "version_missing", 428, "Say which version you read"


async def once(
    caller: Caller,
    response: Response,
    model: type[Answer],
    run: Callable[[], Awaitable[Any]],
    *,
    secret: frozenset[str] = frozenset(),
) -> Answer:
    """Run the command, or give the answer of the time before. Fields in `secret` are never kept."""
    if caller.command is None:
        return model.model_validate(await run())
    before = await recall(caller)
    if before is None:
        try:
            answer = model.model_validate(await run())
        except DoneBefore:
            before = await recall(caller, done=True)
        else:
            await remember(caller, answer.model_dump(mode="json", exclude=set(secret)))
            return answer
    response.headers[REPLAYED] = "true"
    return model.model_validate(before)


def set_etag(response: Response, row_version: int) -> None:
    response.headers["etag"] = f'"{row_version}"'


async def version_asked(
    if_match: Annotated[str | None, Header(max_length=40, description="The ETag of what was read.")] = None,
) -> int | None:
    """The version in If-Match; None without the header or with `*`. Raises Invalid."""
    if if_match is None or if_match.strip() == "*":
        return None
    found = _ETAG.fullmatch(if_match.strip())
    if found is None:
        raise Invalid(f'If-Match wants an ETag such as "3", got {if_match[:40]!r}.', kind="if_match_invalid")
    return int(found[1])


async def version_needed(
    if_match: Annotated[str | None, Header(max_length=40, description="The ETag of what was read.")] = None,
) -> int | None:
    """The same where overwriting unawares would do harm. Raises VersionMissing, Invalid."""
    if if_match is None:
        raise VersionMissing('Read it first and send its ETag as If-Match: "VERSION" (or * to overwrite whatever is there).')
    return await version_asked(if_match)
