"""The web process' way to the signer: forwards a device's signed request over a unix socket, adds nothing to it."""

import asyncio
from pathlib import Path
from typing import Any

from patchring.app.errors import OutcomeUnknown, Unavailable
from patchring.core.ids import DeviceId, TenantId
from patchring.serve.frames import FrameBroken, read_frame, write_frame
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import PermitAnswer, PermitRequest

ANSWER_WAIT = 10.0
REQUESTS_AT_ONCE_MAX = 64


class SignerDesk:
    """Implements `app.services.PermitDesk`. A signer that is away means: no permit, ask again."""

    def __init__(self, socket: Path) -> None:
        self._socket = socket
        self._places = asyncio.Semaphore(REQUESTS_AT_ONCE_MAX)

    async def ask(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        """Raises Unavailable when the signer surely granted nothing, OutcomeUnknown when it may have."""
        message = {"tenant_id": str(tenant_id), "device_id": str(device_id), "request": encode(request)}
        async with self._places:
            try:
                answer = await asyncio.wait_for(self._exchange(message), ANSWER_WAIT)
            except (OSError, TimeoutError, FrameBroken) as error:
                raise OutcomeUnknown(f"the signer does not answer ({error}); a permit may have been granted") from error
        if "unavailable" in answer:
            raise Unavailable(answer["unavailable"])
        if "unknown" in answer:
            raise OutcomeUnknown(answer["unknown"])
        try:
            return decode(PermitAnswer, answer)
        except Refused as error:
            raise OutcomeUnknown(f"the signer answered in a form that is not known: {error}") from error

    async def _exchange(self, message: Any) -> dict[str, Any]:
        try:
            reader, writer = await asyncio.open_unix_connection(self._socket)
        except OSError as error:
            raise Unavailable(f"the signer cannot be reached ({error}); nothing was started, ask again") from error
        try:
            await write_frame(writer, message)
            answer = await read_frame(reader)
        finally:
            writer.close()
        if not isinstance(answer, dict):
            raise FrameBroken("the signer ended the connection without an answer")
        return answer
