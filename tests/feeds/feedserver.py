"""A real HTTP server on this machine that does what a test tells it to, good and bad."""

import http.server
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

Handler = http.server.BaseHTTPRequestHandler
Route = Callable[[Handler], None]


@dataclass
class FeedServer:
    """`routes` by path; each request takes the first of its path's, the last one stays. `asked`: path and headers of
    each request, names in lower case."""

    routes: dict[str, list[Route]] = field(default_factory=dict)
    asked: list[tuple[str, dict[str, str]]] = field(default_factory=list)
    url: str = ""

    def answer(self, handler: Handler) -> None:
        self.asked.append((handler.path, {name.lower(): value for name, value in handler.headers.items()}))
        routes = self.routes[handler.path]
        (routes.pop(0) if len(routes) > 1 else routes[0])(handler)


def answering(status: int, body: bytes = b"", **headers: str) -> Route:
    """An answer with its length; `retry_after` is the header Retry-After."""

    def route(handler: Handler) -> None:
        handler.send_response(status)
        for name, value in headers.items():
            handler.send_header(name.replace("_", "-"), value)
        handler.send_header("Content-Length", str(len(body)))
        handler.end_headers()
        handler.wfile.write(body)

    return route


@contextmanager
def feed_server() -> Iterator[FeedServer]:
    server = FeedServer()

    class Answering(http.server.BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            server.answer(self)

        def finish(self) -> None:
            with suppress(ConnectionError):
                super().finish()

        def handle(self) -> None:
            """A client that has had enough and leaves is no error of the server."""
            with suppress(ConnectionError):
                super().handle()

        def log_message(self, format: str, *args: object) -> None:
            """Says nothing."""

    running = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answering)
    running.daemon_threads = True
    server.url = f"http://127.0.0.1:{running.server_port}"
    threading.Thread(target=running.serve_forever, args=(0.02,), daemon=True).start()
    try:
        yield server
    finally:
        running.shutdown()
        running.server_close()
