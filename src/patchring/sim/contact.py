"""Effects that talk to the server, and the events that their answers are."""

import secrets
from typing import Any, Protocol, TypeVar

from patchring.sim.clocks import DeviceClock
from patchring.sim.disk import Disk
from patchring.sim.link import Rejected, Unanswered
from patchring.sim.machine import Machine
from patchring.wire.codec import decode, encode
from patchring.wire.messages import CheckIn, CheckInAnswer, PermitAnswer, PermitRequest, Report, Reports, ReportsAnswer
from patchring_agent.loop import (
    AskPermit,
    CheckInAnswered,
    Entry,
    Event,
    PermitAnswered,
    ReportsAnswered,
    ReportsRefused,
    SendCheckIn,
    SendReports,
    ServerUnreachable,
)

NONCE_BYTES = 16
A = TypeVar("A")


class Way(Protocol):
    """One device's way to the server: over HTTP (`link.Link`), or inside one process (`world.link.WorldLink`)."""

    def signed(self, kind: str, fields: dict[str, Any]) -> dict[str, Any]:
        """A message of this device with its names and its signature over all other fields."""
        ...

    async def ask(self, route: str, message: Any, shape: type[A]) -> A:
        """Raises Unanswered, Rejected."""
        ...


class Contact:
    """One device's."""

    def __init__(self, link: Way, machine: Machine, clock: DeviceClock, disk: Disk) -> None:
        self._link = link
        self._machine = machine
        self._clock = clock
        self._disk = disk

    async def send_check_in(self, effect: SendCheckIn) -> Event:
        message = CheckIn(
            boot_id=self._machine.boot_id,
            uptime_s=self._clock.boot_ms() // 1000,
            agent_version=self._machine.agent_version,
            scan_digest=effect.scan_digest,
            unsent_count=effect.unsent_count,
            busy_action_id=effect.busy_action_id,
        )
        try:
            answer = await self._link.ask("check-in", encode(message), CheckInAnswer)
        except (Unanswered, Rejected) as error:
            return _unreachable(error)
        return CheckInAnswered(answer, self._machine.state_digest())

    async def send_reports(self, effect: SendReports) -> Event:
        reports = [self._report(entry) for entry in effect.entries]
        try:
            answer = await self._link.ask("reports", encode(Reports(reports)), ReportsAnswer)
        except Unanswered as error:
            return _unreachable(error)
        except Rejected as error:
            return ReportsRefused([entry.report_id for entry in effect.entries], f"{error.kind}: {error.detail}")
        return ReportsAnswered(answer)

    async def ask_permit(self, effect: AskPermit) -> Event:
        fields = {
            "action_id": effect.offer.action_id,
            "action": effect.offer.action,
            "nonce": secrets.token_hex(NONCE_BYTES),
            "number": effect.number,
            "made_at_ms": self._clock.wall_ms(),
            "boot_id": self._machine.boot_id,
            "plan": encode(effect.plan),
        }
        request = decode(PermitRequest, self._link.signed("permit-request", fields))
        sent_boot_ms = self._clock.boot_ms()
        try:
            answer = await self._link.ask("permit", encode(request), PermitAnswer)
        except (Unanswered, Rejected) as error:
            return _unreachable(error)
        return PermitAnswered(request, answer, sent_boot_ms)

    def _report(self, entry: Entry) -> Report:
        """An entry of the journal as a signed report; a scan's body lies on the disk beside the journal."""
        body = entry.body
        if entry.kind == "scan":
            assert self._disk.scan is not None, "the loop sends a scan only while the driver holds it"
            body = encode(self._disk.scan)
        fields = {
            "report_id": entry.report_id,
            "sequence": entry.sequence,
            "kind": entry.kind,
            "made_at_ms": entry.made_at_ms,
            "body": body,
        }
        return decode(Report, self._link.signed("report", fields))


def _unreachable(error: Unanswered | Rejected) -> ServerUnreachable:
    if isinstance(error, Rejected):
        return ServerUnreachable(f"{error.kind}: {error.detail}", may_have_arrived=False)
    return ServerUnreachable(error.detail, error.retry_after_s, error.may_have_arrived)
