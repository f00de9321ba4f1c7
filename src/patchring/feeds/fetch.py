"""Gets a feed over HTTPS: only when it has changed, never more than it may have, again after a while when it fails.

A failure is a value: the last good feed stays, and its age is told. The parser, not this, says whether it is sound.
"""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace

import httpx

from patchring.core.clock import Clock
from patchring.feeds.answers import NO_VALIDATORS, Answer, Failed, Fetched, NotModified, Validators
from patchring.feeds.guards import BOUNDS
from patchring.feeds.redirects import Refused, next_address, safe_address
from patchring.feeds.sources import Source

_VALIDATOR_LONGEST = 500
_PASSING = {408, 425, 429, 500, 502, 503, 504}
_REDIRECTS = {301, 302, 303, 307, 308}


@dataclass(frozen=True)
class Effort:
    """How hard to try. Between attempts: `pause_seconds`, doubled each time up to `pause_seconds_max`, of which
    `jitter` (0 up to 1, drawn for each pause) decides how much of the second half is waited. A server that names a time
    (Retry-After) gets it, up to the same limit. `whole_seconds`: for an attempt from first to last byte."""

    jitter: Callable[[], float]
    attempts_max: int = 4
    pause_seconds: float = 2.0
    pause_seconds_max: float = 60.0
    quiet_seconds: float = 30.0
    whole_seconds: float = 600.0
    redirects_max: int = 5

    def pause(self, attempt: int, asked: float | None) -> float:
        """Seconds after attempt 1, 2, ...; `asked`: what the server wants, None: it did not say."""
        longest = min(self.pause_seconds * 2.0 ** (attempt - 1), self.pause_seconds_max)
        wanted = longest / 2 + longest / 2 * self.jitter()
        return wanted if asked is None else min(max(asked, wanted), self.pause_seconds_max)


@dataclass(frozen=True)
class _Passing:
    """A failure that may be over soon."""

    failed: Failed
    retry_after: float | None = None


async def fetch(
    http: httpx.AsyncClient,
    source: Source,
    clock: Clock,
    effort: Effort,
    known: Validators = NO_VALIDATORS,
    *,
    plain_loopback: bool = False,
    sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
) -> Answer:
    """The feed, that it has not changed since `known`, or why neither came. Never raises for what a server does.

    `plain_loopback`: http:// is taken to this machine itself, for tests and for a mirror beside the server."""
    attempt = 1
    while True:
        came = await _attempt(http, source, clock, effort, known, plain_loopback)
        if not isinstance(came, _Passing):
            return replace(came, attempts=attempt) if isinstance(came, Failed) else came
        if attempt >= effort.attempts_max:
            return replace(came.failed, attempts=attempt)
        await sleep(effort.pause(attempt, came.retry_after))
        attempt += 1


async def _attempt(
    http: httpx.AsyncClient, source: Source, clock: Clock, effort: Effort, known: Validators, plain_loopback: bool
) -> Answer | _Passing:
    def failed(kind: str, text: str) -> Failed:
        return Failed(source, clock.now(), kind, f"{source.feed}: {text}; what we have stays")

    try:
        async with asyncio.timeout(effort.whole_seconds):
            return await _followed(http, source, clock, effort, known, plain_loopback)
    except Refused as error:
        return failed(error.kind, str(error))
    except (TimeoutError, httpx.TimeoutException):
        return _Passing(failed("feed_timeout", f"expected an answer from {_host(source)} in time, none came"))
    except (httpx.HTTPError, httpx.InvalidURL, httpx.StreamError) as error:
        found = f"expected an answer from {_host(source)}, got {type(error).__name__} ({error})"
        return _Passing(failed("feed_unreachable", found))


async def _followed(
    http: httpx.AsyncClient, source: Source, clock: Clock, effort: Effort, known: Validators, plain_loopback: bool
) -> Answer | _Passing:
    """One attempt, through as many other addresses as are allowed. Raises Refused, httpx.HTTPError, TimeoutError."""
    address = safe_address(source.url, plain_loopback=plain_loopback)
    for _ in range(effort.redirects_max + 1):
        request = http.build_request("GET", address, headers=_headers(known), timeout=effort.quiet_seconds)
        answer = await http.send(request, stream=True, follow_redirects=False, auth=None)
        try:
            if answer.status_code not in _REDIRECTS:
                return await _read(answer, source, clock, known)
            address = next_address(address, answer.headers.get("location", ""), plain_loopback=plain_loopback)
        finally:
            await answer.aclose()
    raise Refused("feed_redirects", f"expected the feed after {effort.redirects_max} redirects, another one came")


async def _read(answer: httpx.Response, source: Source, clock: Clock, known: Validators) -> Answer | _Passing:
    if answer.status_code == httpx.codes.OK:
        content = await _content(answer, BOUNDS[source.feed].bytes_packed)
        return Fetched(source, content, clock.now(), _validators(answer))
    if answer.status_code == httpx.codes.NOT_MODIFIED and known != NO_VALIDATORS:
        return NotModified(source, clock.now())
    text = f"{source.feed}: expected status 200 from {_host(source)}, got {answer.status_code}; what we have stays"
    failed = Failed(source, clock.now(), "feed_status", text)
    return _Passing(failed, _retry_after(answer)) if answer.status_code in _PASSING else failed


async def _content(answer: httpx.Response, most: int) -> bytes:
    """The body as it was sent: gzip stays gzip, because unpacking has its own limits. Raises Refused."""
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", "x-gzip", ""):
        raise Refused("feed_wrong_encoding", f"expected plain or gzip, the server sent {packing[:30]!r}")
    parts, size = [], 0
    async for part in answer.aiter_raw():
        size += len(part)
        if size > most:
            raise Refused("feed_too_large", f"expected at most {most} bytes, more came")
        parts.append(part)
    return b"".join(parts)


def _headers(known: Validators) -> dict[str, str]:
    headers = {"accept": "*/*", "accept-encoding": "gzip", "user-agent": "Patchring"}
    if known.etag:
        headers["if-none-match"] = known.etag
    if known.last_modified:
        headers["if-modified-since"] = known.last_modified
    return headers


def _validators(answer: httpx.Response) -> Validators:
    return Validators(_kept(answer.headers.get("etag")), _kept(answer.headers.get("last-modified")))


def _kept(said: str | None) -> str | None:
    """A header that we will send back; None where it is not one that can be."""
    sound = said is not None and 0 < len(said) <= _VALIDATOR_LONGEST and said.isascii() and said.isprintable()
    return said if sound else None


def _retry_after(answer: httpx.Response) -> float | None:
    """In seconds; None: not said, or as a date, which needs the server's clock to be right."""
    said = answer.headers.get("retry-after", "").strip()
    return float(said) if said.isascii() and said.isdigit() and len(said) < 7 else None


def _host(source: Source) -> str:
    return httpx.URL(source.url).host
