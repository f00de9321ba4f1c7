"""The way to the signer: what its silence means depends on whether the request can have reached it."""

import asyncio
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from patchring.app.errors import OutcomeUnknown, Unavailable
from patchring.core.ids import DeviceId, TenantId
from patchring.serve.frames import read_frame, write_frame
from patchring.serve.permit_desk import SignerDesk
from patchring.wire.codec import encode
from patchring.wire.messages import PermitAnswer, PermitRequest, Plan, Reason

pytestmark = pytest.mark.anyio

TENANT, DEVICE = TenantId(UUID(int=1)), DeviceId(UUID(int=2))
REQUEST = PermitRequest(
    str(TENANT), str(DEVICE), str(UUID(int=3)), "install", "ab" * 16, 1, 1, "boot", Plan("apt", []), ""
)
Answering = Callable[[Any], Awaitable[Any]]


async def ask(socket: Path, answering: Answering) -> tuple[PermitAnswer, Any]:
    """The desk's answer and what the signer behind the socket was asked; None as an answer closes the connection."""
    asked: list[Any] = []

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append(await read_frame(reader))
        answer = await answering(asked[-1])
        if answer is not None:
            await write_frame(writer, answer)
        writer.close()

    async with await asyncio.start_unix_server(serve, socket):
        return await SignerDesk(socket).ask(TENANT, DEVICE, REQUEST), asked[0]


async def test_the_request_is_forwarded_as_it_is_and_the_answer_comes_back(tmp_path: Path) -> None:
    denied = PermitAnswer(None, [], [Reason("halted", "the patch is halted")], 60)

    async def answering(_: Any) -> Any:
        return encode(denied)

    answer, asked = await ask(tmp_path / "signer.sock", answering)
    assert answer == denied
    assert asked == {"tenant_id": str(TENANT), "device_id": str(DEVICE), "request": encode(REQUEST)}


async def test_a_signer_that_cannot_be_reached_granted_nothing(tmp_path: Path) -> None:
    with pytest.raises(Unavailable):
        await SignerDesk(tmp_path / "nobody.sock").ask(TENANT, DEVICE, REQUEST)


@pytest.mark.parametrize(
    ("said", "error"),
    [
        (None, OutcomeUnknown),
        ({"unknown": "the commit"}, OutcomeUnknown),
        ({"surprise": 1}, OutcomeUnknown),
        ({"unavailable": "the database"}, Unavailable),
    ],
)
async def test_what_the_signers_words_and_its_silence_mean(tmp_path: Path, said: Any, error: type[Exception]) -> None:
    async def answering(_: Any) -> Any:
        return said

    with pytest.raises(error):
        await ask(tmp_path / "signer.sock", answering)
