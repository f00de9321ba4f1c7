"""Messages over a unix socket: four bytes of length, then JSON. Small, bounded, and without a library."""

import asyncio
import json
from typing import Any

FRAME_BYTES_MAX = 4_194_304


class FrameBroken(ValueError):
    """The other side sent something that is no frame, or ended in the middle of one."""


async def read_frame(reader: asyncio.StreamReader) -> Any | None:
    """The next message, or None when the other side is done. Raises FrameBroken."""
    try:
        size = int.from_bytes(await reader.readexactly(4), "big")
        if size > FRAME_BYTES_MAX:
            raise FrameBroken(f"expected at most {FRAME_BYTES_MAX} bytes, got {size}")
        return json.loads(await reader.readexactly(size))
    except asyncio.IncompleteReadError as error:
        if error.partial:
            raise FrameBroken("the connection ended inside a message") from error
        return None
    except json.JSONDecodeError as error:
        raise FrameBroken(f"expected JSON: {error}") from error


async def write_frame(writer: asyncio.StreamWriter, message: Any) -> None:
    body = json.dumps(message, separators=(",", ":")).encode()
    writer.write(len(body).to_bytes(4, "big") + body)
    await writer.drain()
