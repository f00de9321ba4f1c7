"""The other side of the wire for one tenant, in memory: takes everything down, and signs real permits."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from patchring.serve.clock import SystemClock
from patchring.sim.catalogue import UPDATES
from patchring.sim.clocks import DeviceClock
from patchring.sim.device import SimDevice
from patchring.sim.faults import FaultRates, Faults
from patchring.sim.kinds import KINDS
from patchring.sim.link import Link
from patchring.sim.machine import Machine
from patchring.sim.roster import Place
from patchring.wire.authority import Grant
from patchring.wire.codec import decode, encode
from patchring.wire.messages import (
    CheckInAnswer,
    EnrolAnswer,
    EnrolRequest,
    Offer,
    Package,
    PermitAnswer,
    PermitRequest,
    Reason,
    Receipt,
    Report,
    Reports,
    ReportsAnswer,
)
from patchring.wire.signing import SigningKey, signature_holds
from patchring.wire.token import EnrolmentToken
from tests.agent.authority import DEVICE, TENANT, Authority

PROVIDER = "windows_update"
SPEED = 200.0
WAIT_S = 10.0


class OneTenant:
    """`offers` are what the device is offered until it has finished them; `reports` what it said, first words only."""

    def __init__(self) -> None:
        self.authority = Authority()
        grants = [
            Grant("security", ["install"], PROVIDER, ["*"], ["Microsoft"], ["*"], ["*"]),
            Grant("remedy", ["downgrade"], PROVIDER, ["*"], ["kept"], ["*"], ["*"]),
            Grant("reboots", ["reboot"], "*", ["*"], ["*"], ["*"], ["*"]),
        ]
        self.authority.policy = replace(self.authority.policy, grants=grants)
        self.offers: list[Offer] = []
        self.reports: dict[str, Report] = {}
        self.sequences: list[int] = []
        self.permit_count = 0
        self.deny = False
        self.session_count = 0
        self.public_key = ""
        names = ("enrol", "session", "check-in", "reports", "permit")
        handlers = (self.enrol, self.session, self.check_in, self.take_reports, self.permit)
        routes = [Route(f"/agent/v1/{n}", h, methods=["POST"]) for n, h in zip(names, handlers, strict=True)]
        self.app = Starlette(routes=routes)

    @property
    def token(self) -> str:
        tenant = TENANT.replace("-", "")
        return EnrolmentToken(tenant, tenant, "s" * 40, self.authority.pinned, "-").text()

    def said(self, action_id: str) -> list[str]:
        """The states of an action in the order in which they were told."""
        told = sorted((r for r in self.reports.values() if r.kind == "progress"), key=lambda r: r.sequence)
        return [r.body["state"] for r in told if r.body["action_id"] == action_id]

    def scans(self) -> list[dict[str, Any]]:
        return [r.body for r in sorted(self.reports.values(), key=lambda r: r.sequence) if r.kind == "scan"]

    async def enrol(self, request: Request) -> JSONResponse:
        message = decode(EnrolRequest, await request.json())
        self.public_key = message.public_key
        self._require_signed("enrol", await request.json())
        answer = EnrolAnswer(TENANT, DEVICE, "first", [self.authority.root_document()], message.made_at_ms)
        return JSONResponse(encode(answer))

    async def session(self, request: Request) -> JSONResponse:
        self._require_signed("session", await request.json())
        self.session_count += 1
        return JSONResponse({"session": f"session-{self.session_count}", "server_at_ms": 0})

    async def check_in(self, request: Request) -> JSONResponse:
        if request.headers["authorization"] == "Bearer first" and self.offers:
            return JSONResponse({"kind": "session_expired", "detail": "over"}, 401)
        live = [offer for offer in self.offers if "finished" not in self.said(offer.action_id)]
        return JSONResponse(encode(CheckInAnswer(2, 0, not self.reports, live)))

    async def take_reports(self, request: Request) -> JSONResponse:
        value = await request.json()
        receipts = []
        for report, raw in zip(decode(Reports, value).reports, value["reports"], strict=True):
            self._require_signed("report", raw)
            repeated = report.report_id in self.reports
            self.reports.setdefault(report.report_id, report)
            receipts.append(Receipt(report.report_id, "repeated" if repeated else "accepted"))
        return JSONResponse(encode(ReportsAnswer(receipts)))

    async def permit(self, request: Request) -> JSONResponse:
        value = await request.json()
        self._require_signed("permit-request", value)
        if self.deny:
            return JSONResponse(encode(PermitAnswer(None, [], [Reason("halted", "halted")], 1)))
        self.permit_count += 1
        return JSONResponse(encode(self.authority.answer(decode(PermitRequest, value), f"permit-{self.permit_count}")))

    def _require_signed(self, kind: str, value: dict[str, Any]) -> None:
        unsigned = {name: entry for name, entry in value.items() if name != "signature"}
        assert signature_holds(self.public_key, kind, unsigned, value["signature"]), f"a {kind} message was not signed"


def offer(update: str, action: str = "install", probes: list[str] | None = None) -> Offer:
    """An offer of one of the catalogue's updates, or of the way back from it."""
    found = next(each for each in UPDATES if each.key == update)
    version = found.after if action == "install" else found.before
    packages = [] if action == "reboot" else [Package(PROVIDER, found.product, version)]
    return Offer(f"0198f000-0000-7000-8000-{len(update):04x}{len(action):08x}", action, packages, probes=probes or [])


@asynccontextmanager
async def device_of(
    server: OneTenant, kind: str, rates: FaultRates | None = None, seed: int = 1
) -> AsyncIterator[SimDevice]:
    """An enrolled device of this kind that lives until the end of the block."""
    place = Place("TEST-01", KINDS[kind])
    machine = Machine(place, "0.1.0+sim")
    machine.prepare(UPDATES)
    for update in UPDATES:
        machine.publish(update)
    faults = Faults(rates or FaultRates(), seed, place.name)
    clock = DeviceClock(SystemClock(), SPEED)
    transport = httpx.ASGITransport(server.app)
    async with httpx.AsyncClient(transport=transport, base_url="http://sim") as http:
        device = SimDevice(machine, Link(http, SigningKey.generate(), faults, clock.wall_ms), clock, faults)
        await device.enrol(server.token, server.authority.pinned)
        life = asyncio.create_task(device.live())
        try:
            yield device
            assert not life.done(), life.exception()
        finally:
            life.cancel()
            await asyncio.wait({life})


async def until(holds: Any) -> None:
    """Wait until something holds; a test that waits in vain fails."""
    async with asyncio.timeout(WAIT_S):
        while not holds():
            await asyncio.sleep(0.005)
