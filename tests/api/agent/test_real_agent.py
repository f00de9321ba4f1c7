"""The agent's own side of the wire against the routes: what it sends is taken, what it gets it understands."""

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from patchring.serve.clock import SystemClock
from patchring.store.database import Database
from patchring.store.ids import new_id
from patchring.wire.codec import encode
from patchring.wire.messages import CheckIn, Plan
from patchring_agent.client import Client
from patchring_agent.enrolling import enrol
from patchring_agent.loop.events import CheckInAnswered, PermitAnswered, ReportsAnswered
from patchring_agent.loop.state import Entry
from patchring_agent.server import Server
from patchring_agent.store import StateFolder
from tests.api.agent.serving import listening
from tests.api.agent.world import NOW, World, make_world, progress, scan
from tests.databases import FreshDatabase

pytestmark = pytest.mark.anyio


@pytest.fixture
async def present(database: Database, fresh: FreshDatabase) -> AsyncIterator[World]:
    """A world whose clock stands at the real time, which is the agent's."""
    made = make_world(database, fresh.admin, SystemClock().now())
    async with made.http:
        yield made
    await made.door.close()


async def test_enrol_check_in_report_and_permit(present: World, tmp_path: Path) -> None:
    token = present.tenant().token.text()
    folder = StateFolder(tmp_path / "state")
    async with listening(present) as port:
        address = f"http://127.0.0.1:{port}"
        enrolment = await asyncio.to_thread(enrol, folder, address, token, True)
        client = Client(address, "-", True)
        server = Server(client, folder, enrolment, folder.key())
        try:
            message = CheckIn("boot-1", 60, "0.1.0", "")
            seen = await asyncio.to_thread(server.check_in, message, "state-1")
            entries = [
                Entry(str(new_id(NOW)), 1, "scan", 1_795_000_000_000, {}),
                Entry(str(new_id(NOW)), 2, "progress", 1_795_000_000_000, encode(progress(new_id(NOW)))),
            ]
            sent = await asyncio.to_thread(server.reports, entries, scan())
            present.run("update patchring.device_contact set session_epoch = 2")  # the agent renews its session
            asked = await asyncio.to_thread(server.permit, str(new_id(NOW)), "install", Plan("apt", []), 1)
        finally:
            client.close()
    assert isinstance(seen, CheckInAnswered)
    assert seen.answer.scan_wanted
    assert isinstance(sent, ReportsAnswered)
    assert [receipt.outcome for receipt in sent.answer.receipts] == ["accepted", "accepted"]
    assert isinstance(asked, PermitAnswered)
    assert [reason.code for reason in asked.answer.denied] == ["ring_waits"]
    assert present.desk.asked[0][2] == asked.request
    assert await present.refusals() == {("permit", "session_expired"): 1}
