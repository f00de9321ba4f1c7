"""Installed on devices as the program of the lab's applications: answers every HTTP request with its version.

Reads the version once, at its start, so that what it answers is what runs, not what lies on the disk.
Usage: NAME PORT [FILE]: with FILE, the program fails at its start on devices that have that file.
"""

import http.server
import os
import socket
import sys

name, port = sys.argv[1], int(sys.argv[2])
with open(f"/usr/share/{name}/version") as file:
    version = file.read().strip()
if sys.argv[3:] and os.path.exists(sys.argv[3]):
    sys.exit(f"{name} {version} does not run on a device that has {sys.argv[3]}")


class Version(http.server.BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        body = f"{name} {version}\n".encode()
        self.send_response(200)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)


server = http.server.ThreadingHTTPServer(("", port), Version)
# systemd's readiness protocol (sd_notify): one datagram once the port is open.
with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as ready:
    ready.sendto(b"READY=1", os.environ["NOTIFY_SOCKET"])
server.serve_forever()
