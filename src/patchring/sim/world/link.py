"""A device's way to the server inside one process: the server's own use cases behind it, and a bad network between."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any, TypeVar

from patchring.app.check_ins import CheckIns
from patchring.app.errors import AppError
from patchring.app.reports import Received, take_reports
from patchring.app.services import Services
from patchring.app.sessions import Session
from patchring.core.ids import DeviceId, TenantId
from patchring.sim.link import TIMEOUT_S, Rejected, Unanswered
from patchring.sim.world.breaking import ProcessDied
from patchring.sim.world.faults import Fault, WorldFaults
from patchring.store.errors import StoreError
from patchring.wire.codec import decode
from patchring.wire.messages import CheckIn, PermitRequest, Report
from patchring.wire.signing import SigningKey

A = TypeVar("A")
WAY_S = 1.0
LATE_S = 1_800.0
OFFLINE_S_MIN, OFFLINE_S_MAX = 60.0, 7_200.0


@dataclass
class Door:
    """The server's side, as `/agent/v1` hands messages in. `late` are copies that are still on their way."""

    services: Services
    check_ins: CheckIns = field(init=False)
    late: set[asyncio.Task[None]] = field(default_factory=set)

    def __post_init__(self) -> None:
        self.check_ins = CheckIns(self.services)

    async def take(self, route: str, session: Session, message: dict[str, Any]) -> Any:
        return await _ROUTES[route](self, session, message)

    async def take_check_in(self, session: Session, message: dict[str, Any]) -> Any:
        return await self.check_ins.take(session, decode(CheckIn, message), self.services.clock.now())

    async def take_reports(self, session: Session, message: dict[str, Any]) -> Any:
        received = [Received(each["report_id"], each, decode(Report, each)) for each in message["reports"]]
        return (await take_reports(self.services, session, received)).answer

    async def take_permit(self, session: Session, message: dict[str, Any]) -> Any:
        request = decode(PermitRequest, message)
        return await self.services.permits.ask(session.tenant_id, session.device_id, request)


_ROUTES: dict[str, Callable[[Door, Session, dict[str, Any]], Awaitable[Any]]] = {
    "check-in": Door.take_check_in,
    "reports": Door.take_reports,
    "permit": Door.take_permit,
}


class WorldLink:
    """One device's. Has what `sim.contact` asks of a link."""

    def __init__(
        self, door: Door, key: SigningKey, tenant_id: TenantId, device_id: DeviceId, faults: WorldFaults
    ) -> None:
        self._door = door
        self._key = key
        self._names = {"tenant_id": str(tenant_id), "device_id": str(device_id)}
        self._session = Session(tenant_id.hex, device_id.hex, 1, 2**40)
        self._faults = faults
        self._offline_until = 0.0

    def signed(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        message = {**self._names, **fields}
        return {**message, "signature": self._key.sign(kind, message)}

    async def ask(self, route: str, message: Any, shape: type[A]) -> A:
        """Raises Unanswered, Rejected."""
        await asyncio.sleep(self._faults.between(0.0, WAY_S))
        fault = self._without_network() or self._faults.on_the_way()
        if fault is Fault.OFFLINE:
            raise Unanswered("no connection: it has no network", may_have_arrived=False)
        if fault in (Fault.LATE, Fault.REPEATED):
            self._later(route, message)
        if fault in (Fault.REQUEST_LOST, Fault.LATE):
            await asyncio.sleep(TIMEOUT_S)
            raise Unanswered("nobody answered in time")
        answer: A = await self._taken(route, message)
        await asyncio.sleep(self._faults.between(0.0, WAY_S))
        if fault is Fault.ANSWER_LOST:
            await asyncio.sleep(TIMEOUT_S)
            raise Unanswered("nobody answered: the answer was lost on the way")
        return answer

    def _without_network(self) -> Fault | None:
        """A device that goes offline stays so for a while."""
        now_s = asyncio.get_running_loop().time()
        if now_s >= self._offline_until and self._faults.goes_offline():
            self._offline_until = now_s + self._faults.between(OFFLINE_S_MIN, OFFLINE_S_MAX)
        return Fault.OFFLINE if now_s < self._offline_until else None

    async def _taken(self, route: str, message: Any) -> Any:
        try:
            return await self._door.take(route, self._session, message)
        except (StoreError, ProcessDied) as error:
            raise Unanswered(f"no answer: {error}") from error
        except AppError as error:
            if error.status >= 500:
                raise Unanswered(error.detail) from error
            raise Rejected(error.kind, error.detail) from error

    def _later(self, route: str, message: Any) -> None:
        """The same message, or a copy of it, arrives when nobody waits for its answer any more."""

        async def arrive() -> None:
            await asyncio.sleep(self._faults.between(TIMEOUT_S, LATE_S))
            try:
                await self._taken(route, message)
            except (Unanswered, Rejected):
                return

        task = asyncio.create_task(arrive())
        self._door.late.add(task)
        task.add_done_callback(self._door.late.discard)
