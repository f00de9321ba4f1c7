"""Over real connections to a real server: bounds on bodies, senders that go away, wrong methods and paths."""

import asyncio
import json

import pytest

from patchring.store.ids import new_id
from tests.api.agent.serving import listening
from tests.api.agent.world import NOW, World, progress, scan

pytestmark = pytest.mark.anyio


async def exchange(port: int, *pieces: bytes) -> tuple[int, dict[str, object]]:
    """Status and JSON of the answer to a request sent in pieces."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    for piece in pieces:
        writer.write(piece)
        await writer.drain()
    head = (await reader.readuntil(b"\r\n\r\n")).decode()
    size = int(head.lower().partition("content-length: ")[2].partition("\r\n")[0])
    body = json.loads(await reader.readexactly(size))
    writer.close()
    await writer.wait_closed()
    return int(head.split()[1]), body


def head(path: str, *lines: str, method: str = "POST") -> bytes:
    return "\r\n".join([f"{method} /agent/v1/{path} HTTP/1.1", "Host: s", *lines, "", ""]).encode()


async def test_a_body_beyond_the_bound_is_refused_by_what_it_says_and_by_what_comes(world: World) -> None:
    async with listening(world) as port:
        said = await exchange(port, head("check-in", "Content-Length: 16385"))
        chunk = b"1000\r\n" + b"x" * 4096 + b"\r\n"
        came = await exchange(port, head("check-in", "Transfer-Encoding: chunked"), *[chunk] * 5)
    assert [(status, body["kind"]) for status, body in (said, came)] == [(413, "message_too_large")] * 2
    assert await world.refusals() == {("check-in", "message_too_large"): 2}


async def test_a_body_in_many_pieces_is_one_body(world: World) -> None:
    device = await world.device(world.tenant())
    report = json.dumps({"reports": [device.report("scan", scan())]}).encode()
    pieces = [report[at : at + 100] for at in range(0, len(report), 100)]
    async with listening(world) as port:
        lines = f"Authorization: Bearer {device.session}", f"Content-Length: {len(report)}"
        status, body = await exchange(port, head("reports", *lines), *pieces)
    assert (status, [receipt["outcome"] for receipt in body["receipts"]]) == (200, ["accepted"])  # type: ignore[attr-defined]


async def test_a_sender_that_goes_away_in_the_middle_leaves_nothing(world: World) -> None:
    device = await world.device(world.tenant())
    async with listening(world) as port:
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.write(head("reports", f"Authorization: Bearer {device.session}", "Content-Length: 100") + b'{"reports":')
        await writer.drain()
        writer.close()
        await writer.wait_closed()
        report = json.dumps({"reports": [device.report("progress", progress(new_id(NOW)))]}).encode()
        lines = f"Authorization: Bearer {device.session}", f"Content-Length: {len(report)}"
        assert (await exchange(port, head("reports", *lines), report))[0] == 200
    assert world.rows("select count(*) from patchring.report") == [(1,)]


async def test_wrong_method_and_unknown_path_have_the_one_shape(world: World) -> None:
    async with listening(world) as port:
        wrong_method = await exchange(port, head("check-in", method="GET"))
        unknown_path = await exchange(port, head("nowhere"))
    assert [(status, body["kind"]) for status, body in (wrong_method, unknown_path)] == [
        (405, "method_not_allowed"),
        (404, "not_found"),
    ]
