"""The signer: the one process that holds the permit key. Started as `python -m patchring.serve.signer`.

It listens on a unix socket of its own, answers one kind of question, and decides each from its own reading of the
database under its own role. It releases a signature only after the commit. A bug while deciding ends that request
without a permit, is written to the log, and leaves the others alone.
"""

import asyncio
import os
from pathlib import Path
from typing import Any
from uuid import UUID

import structlog

from patchring.app.permits import PermitOffice
from patchring.core.ids import DeviceId, TenantId
from patchring.serve.child import run_process, say_ready, stop_event
from patchring.serve.clock import SystemClock
from patchring.serve.frames import FrameBroken, read_frame, write_frame
from patchring.serve.stores import open_database
from patchring.store.errors import CommitUnknown, StoreError
from patchring.wire.codec import Refused, decode, encode
from patchring.wire.messages import PermitRequest
from patchring.wire.signing import SigningKey

log = structlog.get_logger()


async def main(settings: dict[str, Any]) -> None:
    """`settings`: store (address and secrets), permit_key (file), socket (path)."""
    key = SigningKey.from_seed(bytes.fromhex(Path(settings["permit_key"]).read_text(encoding="utf-8").strip()))
    async with open_database(settings["store"]) as database:
        office = PermitOffice(database, SystemClock(), key)
        socket = Path(settings["socket"])
        socket.unlink(missing_ok=True)
        stop = stop_event()

        async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            try:
                await _converse(office, reader, writer)
            finally:
                writer.close()

        before = os.umask(0o177)
        try:
            server = await asyncio.start_unix_server(serve, path=str(socket))
        finally:
            os.umask(before)
        async with server:
            say_ready()
            await stop.wait()
        socket.unlink(missing_ok=True)


async def _converse(office: PermitOffice, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while True:
        try:
            message = await read_frame(reader)
        except FrameBroken as error:
            log.warning("frame_broken", detail=str(error))
            return
        if message is None:
            return
        await write_frame(writer, await _answer(office, message))


async def _answer(office: PermitOffice, message: Any) -> Any:
    try:
        tenant_id, device_id = TenantId(UUID(message["tenant_id"])), DeviceId(UUID(message["device_id"]))
        request = decode(PermitRequest, message["request"])
        return encode(await office.ask(tenant_id, device_id, request))
    except CommitUnknown as error:
        log.warning("commit_unknown", detail=str(error))
        return {"unknown": "the database went away while the permit was being saved; it was granted or not"}
    except StoreError as error:
        log.warning("store_error", kind=error.kind, detail=str(error))
        return {"unavailable": f"the signer could not read the database ({error.kind}); nothing was started, ask again"}
    except (Refused, KeyError, TypeError, ValueError) as error:
        log.warning("message_refused", detail=str(error))
        return {"unavailable": f"the signer could not read the request: {error}"}
    except Exception:  # the outermost loop of the signer: a bug grants nothing
        log.exception("bug")
        return {"unknown": "the signer failed on this request and released no permit; its log says why"}


if __name__ == "__main__":
    run_process("signer", main)
