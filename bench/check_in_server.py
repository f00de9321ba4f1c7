"""A server to measure, as a process of its own: `python -m bench.check_in_server noop|agents`, settings on standard
input as one line of JSON, the port on standard output. Both kinds run on the very same uvicorn configuration."""

import json
import socket
import sys
from typing import Any

import uvicorn
import uvloop
from starlette.applications import Starlette
from starlette.types import ASGIApp, Receive, Scope, Send

from patchring.api.agent import agent_routes
from patchring.api.problem import problem_handlers
from patchring.app.errors import Unavailable
from patchring.app.services import Services
from patchring.core.ids import DeviceId, TenantId
from patchring.serve.clock import SystemClock
from patchring.serve.stores import open_database
from patchring.wire.messages import PermitAnswer, PermitRequest


class NoDesk:
    """No signer: nothing here asks for a permit."""

    async def ask(self, tenant_id: TenantId, device_id: DeviceId, request: PermitRequest) -> PermitAnswer:
        raise Unavailable("there is no signer in this benchmark")


async def noop(scope: Scope, receive: Receive, send: Send) -> None:
    """The least that an ASGI application can do with a request."""
    headers = [(b"content-type", b"application/json"), (b"content-length", b"2")]
    await send({"type": "http.response.start", "status": 200, "headers": headers})
    await send({"type": "http.response.body", "body": b"{}"})


async def serve(app: ASGIApp) -> None:
    listener = socket.create_server(("127.0.0.1", 0), backlog=2048)
    config = uvicorn.Config(
        app, loop="none", http="httptools", lifespan="off", log_config=None, access_log=False, server_header=False
    )
    print(listener.getsockname()[1], flush=True)
    await uvicorn.Server(config).serve(sockets=[listener])


async def main(kind: str, settings: dict[str, Any]) -> None:
    if kind == "noop":
        await serve(noop)
        return
    async with open_database(settings["store"]) as database:
        key = bytes.fromhex(settings["session_key"])
        services = Services(database, SystemClock(), NoDesk(), key)
        await serve(Starlette(routes=agent_routes(services), exception_handlers=problem_handlers()))


if __name__ == "__main__":
    uvloop.run(main(sys.argv[1], json.loads(sys.stdin.readline())))
