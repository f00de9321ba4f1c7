"""Over a socket, from a real server: unchanged, changed, moved, too large, slow, cut off, busy, away."""

import gzip
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from dataclasses import replace
from typing import Any

import httpx
import pytest

from patchring.feeds import fetch as fetching
from patchring.feeds import kev, sources
from patchring.feeds.answers import NO_VALIDATORS, Answer, Failed, Fetched, NotModified, Validators
from patchring.feeds.fetch import Effort, fetch
from patchring.feeds.guards import BOUNDS
from patchring.feeds.redirects import Refused, next_address, safe_address
from patchring.feeds.sources import Source
from patchring.testing.clock import ManualClock
from tests.feeds.feedserver import FeedServer, Handler, answering, feed_server
from tests.feeds.material import OBSERVED, POLLS, cut

pytestmark = pytest.mark.anyio

BODY = cut(f"kev/{POLLS[0]}.json")
EFFORT = Effort(jitter=lambda: 0.0, quiet_seconds=5.0)
STAYS = "; what we have stays"
Get = Callable[..., Awaitable[Answer]]


@pytest.fixture
def server() -> Iterator[FeedServer]:
    with feed_server() as running:
        yield running


@pytest.fixture
async def http(anyio_backend: str) -> AsyncIterator[httpx.AsyncClient]:
    async with httpx.AsyncClient(trust_env=False) as client:
        yield client


@pytest.fixture
def waited() -> list[float]:
    return []


@pytest.fixture
def get(server: FeedServer, http: httpx.AsyncClient, waited: list[float]) -> Get:
    async def sleep(seconds: float) -> None:
        waited.append(seconds)

    async def got(path: str = "/kev", known: Validators = NO_VALIDATORS, effort: Effort = EFFORT) -> Answer:
        source = Source("kev", server.url + path)
        clock = ManualClock(OBSERVED)
        return await fetch(http, source, clock, effort, known, plain_loopback=True, sleep=sleep)

    return got


def failure(answer: Answer) -> tuple[str, str, int]:
    assert isinstance(answer, Failed), answer
    return answer.kind, answer.text, answer.attempts


async def test_a_feed_comes_with_what_to_ask_by_next_time(server: FeedServer, get: Get) -> None:
    last = "Fri, 21 Aug 2026 12:00:00 GMT"
    server.routes["/kev"] = [answering(200, BODY, ETag='"a1"', Last_Modified=last), answering(304)]
    answer = await get()
    source = Source("kev", f"{server.url}/kev")
    assert answer == Fetched(source, BODY, OBSERVED, Validators('"a1"', last))
    assert await get(known=answer.validators) == NotModified(source, OBSERVED)
    (_, first), (_, second) = server.asked
    asked = ("if-none-match", "if-modified-since", "user-agent", "accept-encoding")
    assert [first.get(name) for name in asked] == [None, None, "Patchring", "gzip"]
    assert [second.get(name) for name in asked] == ['"a1"', last, "Patchring", "gzip"]


async def test_what_comes_packed_stays_packed_until_it_is_read(server: FeedServer, get: Get) -> None:
    packed = gzip.compress(BODY)
    server.routes["/kev"] = [answering(200, packed, Content_Encoding="gzip")]
    answer = await get()
    assert isinstance(answer, Fetched)
    assert answer.content == packed
    assert kev.parse(answer.content, OBSERVED).rows == kev.parse(BODY, OBSERVED).rows


async def test_not_modified_is_no_answer_to_who_has_nothing(server: FeedServer, get: Get) -> None:
    server.routes["/kev"] = [answering(304)]
    text = f"kev: expected status 200 from 127.0.0.1, got 304{STAYS}"
    assert failure(await get()) == ("feed_status", text, 1)


async def test_validators_that_no_header_can_carry_are_forgotten(server: FeedServer, get: Get) -> None:
    server.routes["/kev"] = [answering(200, BODY, ETag='"' + "a" * 600 + '"', Last_Modified="ge\xe4ndert")]
    answer = await get()
    assert isinstance(answer, Fetched)
    assert answer.validators == NO_VALIDATORS


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
async def test_a_redirect_is_followed(server: FeedServer, get: Get, status: int) -> None:
    server.routes = {"/kev": [answering(status, Location="/there/kev")], "/there/kev": [answering(200, BODY)]}
    answer = await get(known=Validators('"a1"'))
    assert isinstance(answer, Fetched)
    assert (answer.content, answer.source.url) == (BODY, f"{server.url}/kev")
    assert [(path, headers["if-none-match"]) for path, headers in server.asked] == [
        ("/kev", '"a1"'),
        ("/there/kev", '"a1"'),
    ]


async def test_redirects_have_an_end(server: FeedServer, get: Get) -> None:
    server.routes["/kev"] = [answering(302, Location="/kev")]
    text = f"kev: expected the feed after 5 redirects, another one came{STAYS}"
    assert failure(await get()) == ("feed_redirects", text, 1)
    assert len(server.asked) == 6


@pytest.mark.parametrize(
    ("location", "kind", "text"),
    [
        ("http://example.test/kev", "feed_insecure", "expected an https address, got 'http://example.test/kev': use h"),
        ("file:///etc/passwd", "feed_insecure", "expected an https address, got 'file:/etc/passwd': use https"),
        ("http://127.0.0.1.example.test/", "feed_insecure", "expected an https address, got 'http://127.0.0.1.exam"),
        ("https://a:b@example.test/", "feed_address", "expected an address without a password in it (host example.t"),
        ("https://", "feed_insecure", "expected an https address, got 'https:"),
        ("", "feed_redirects", "expected a redirect to say where to, it does not"),
    ],
)
async def test_a_redirect_to_where_it_is_not_safe_is_not_followed(
    server: FeedServer, get: Get, location: str, kind: str, text: str
) -> None:
    server.routes["/kev"] = [answering(302, Location=location)]
    found = failure(await get())
    assert (found[0], found[1][: len(text) + 5], found[2]) == (kind, f"kev: {text}", 1)
    assert len(server.asked) == 1


async def test_only_https_is_asked_unless_this_machine_is_allowed(server: FeedServer, http: httpx.AsyncClient) -> None:
    server.routes["/kev"] = [answering(200, BODY)]
    clock = ManualClock(OBSERVED)
    for url in (f"{server.url}/kev", "http://example.test/kev", "ftp://example.test/kev", "kev", ""):
        answer = await fetch(http, Source("kev", url), clock, EFFORT)
        assert failure(answer) == ("feed_insecure", f"kev: expected an https address, got {url!r}: use https{STAYS}", 1)
    answer = await fetch(http, Source("kev", "https://[::1"), clock, EFFORT)
    assert failure(answer)[0] == "feed_address"
    named = await fetch(http, Source("kev", "http://localhost:1/kev"), clock, EFFORT, plain_loopback=True)
    assert failure(named)[0] == "feed_insecure", "a name may lead anywhere"
    assert server.asked == []


def endless(handler: Handler) -> None:
    """More than may come, without saying how much."""
    handler.send_response(200)
    handler.send_header("Transfer-Encoding", "chunked")
    handler.end_headers()
    for _ in range(1000):
        handler.wfile.write(b"10000\r\n" + b" " * 0x10000 + b"\r\n")
    handler.wfile.write(b"0\r\n\r\n")


async def test_no_more_is_taken_than_a_feed_may_have(
    server: FeedServer, get: Get, monkeypatch: pytest.MonkeyPatch
) -> None:
    small = {**BOUNDS, "kev": replace(BOUNDS["kev"], bytes_packed=len(BODY))}
    monkeypatch.setattr(fetching, "BOUNDS", small)
    server.routes["/kev"] = [answering(200, BODY + b" "), endless, answering(200, BODY)]
    text = f"kev: expected at most {len(BODY)} bytes, more came{STAYS}"
    assert failure(await get()) == ("feed_too_large", text, 1)
    assert failure(await get()) == ("feed_too_large", text, 1)
    assert isinstance(await get(), Fetched)


async def test_a_packing_that_was_not_asked_for_is_refused(server: FeedServer, get: Get) -> None:
    server.routes["/kev"] = [answering(200, BODY, Content_Encoding="br")]
    text = f"kev: expected plain or gzip, the server sent 'br'{STAYS}"
    assert failure(await get()) == ("feed_wrong_encoding", text, 1)


def cut_off(handler: Handler) -> None:
    handler.send_response(200)
    handler.send_header("Content-Length", str(len(BODY)))
    handler.end_headers()
    handler.wfile.write(BODY[:1000])
    handler.close_connection = True


def hung_up(handler: Handler) -> None:
    handler.close_connection = True


def no_http(handler: Handler) -> None:
    handler.wfile.write(b"SSH-2.0-OpenSSH_9.2\r\n")
    handler.close_connection = True


nowhere = answering(302, Location="https://[::1")


@pytest.mark.parametrize("route", [cut_off, hung_up, no_http, nowhere, answering(503), answering(429), answering(500)])
async def test_what_may_be_over_soon_is_tried_again(
    server: FeedServer, get: Get, waited: list[float], route: Any
) -> None:
    server.routes["/kev"] = [route, route, answering(200, BODY)]
    answer = await get()
    assert isinstance(answer, Fetched)
    assert (answer.content, waited) == (BODY, [1.0, 2.0])


async def test_after_the_last_attempt_the_failure_is_told(server: FeedServer, get: Get, waited: list[float]) -> None:
    server.routes["/kev"] = [cut_off]
    kind, text, attempts = failure(await get())
    assert (kind, attempts, waited) == ("feed_unreachable", 4, [1.0, 2.0, 4.0])
    assert text.startswith("kev: expected an answer from 127.0.0.1, got RemoteProtocolError (")


@pytest.mark.parametrize("status", [400, 401, 403, 404, 410, 204, 206])
async def test_what_will_not_change_is_not_tried_again(
    server: FeedServer, get: Get, waited: list[float], status: int
) -> None:
    server.routes["/kev"] = [answering(status)]
    text = f"kev: expected status 200 from 127.0.0.1, got {status}{STAYS}"
    assert (failure(await get()), waited) == (("feed_status", text, 1), [])


@pytest.mark.parametrize(
    ("said", "seconds"),
    [("30", 30.0), ("0", 1.0), ("100000", 60.0), ("-5", 1.0), ("soon", 1.0), ("99999999", 1.0), ("٣", 1.0)],
)
async def test_a_server_that_names_a_time_gets_it_within_limits(
    server: FeedServer, get: Get, waited: list[float], said: str, seconds: float
) -> None:
    header = said.encode().decode("latin-1")
    server.routes["/kev"] = [answering(429, Retry_After=header), answering(200, BODY)]
    assert isinstance(await get(), Fetched)
    assert waited == [seconds]


async def test_nobody_there_is_a_failure(http: httpx.AsyncClient) -> None:
    with feed_server() as gone:
        url = gone.url
    effort = replace(EFFORT, attempts_max=1)
    answer = await fetch(http, Source("kev", url), ManualClock(OBSERVED), effort, plain_loopback=True)
    assert failure(answer)[0] == "feed_unreachable"


async def test_a_server_that_drips_is_left(server: FeedServer, get: Get) -> None:
    """Each byte comes in time, and all of them never do."""

    def dripping(handler: Handler) -> None:
        handler.send_response(200)
        handler.send_header("Content-Length", "1000000")
        handler.end_headers()
        for _ in range(200):
            handler.wfile.write(b" ")
            time.sleep(0.02)

    def silent(handler: Handler) -> None:
        time.sleep(1)

    server.routes["/kev"] = [dripping, silent]
    text = f"kev: expected an answer from 127.0.0.1 in time, none came{STAYS}"
    hurried = replace(EFFORT, attempts_max=1)
    assert failure(await get(effort=replace(hurried, whole_seconds=0.3))) == ("feed_timeout", text, 1)
    assert failure(await get(effort=replace(hurried, quiet_seconds=0.2))) == ("feed_timeout", text, 1)


def test_nothing_leads_from_https_to_http_not_even_to_this_machine() -> None:
    here = httpx.URL("https://example.test/a/kev")
    assert next_address(here, "../b", plain_loopback=True) == "https://example.test/b"
    with pytest.raises(Refused, match="expected an https address"):
        next_address(here, "http://127.0.0.1/kev", plain_loopback=True)
    assert safe_address("http://[::1]:8080/kev", plain_loopback=True).port == 8080


def test_pauses_double_to_a_limit_and_the_second_half_is_by_chance() -> None:
    least, most = Effort(jitter=lambda: 0.0), Effort(jitter=lambda: 1.0)
    assert [least.pause(attempt, None) for attempt in range(1, 8)] == [1, 2, 4, 8, 16, 30, 30]
    assert [most.pause(attempt, None) for attempt in range(1, 8)] == [2, 4, 8, 16, 32, 60, 60]


def test_the_sources_are_https_and_name_their_part() -> None:
    assert sources.osv("Rocky Linux") == Source(
        "osv", "https://osv-vulnerabilities.storage.googleapis.com/Rocky%20Linux/all.zip", "Rocky Linux"
    )
    assert {source.feed for source in (sources.KEV, sources.EPSS) if source.url.startswith("https://")} == {
        "kev",
        "epss",
    }
