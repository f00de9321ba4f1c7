"""The .deb, written without Debian's tools, so that any machine with Python can build it.

deb(5): an ar archive of `debian-binary`, `control.tar.xz` and `data.tar.xz`.
"""

from __future__ import annotations

import hashlib
import io
import lzma
import tarfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath

from agent_package import sources

FILES = Path(__file__).parent / "files"
LIBRARY = "usr/lib/patchring-agent"
SCRIPTS = ("postinst", "prerm", "postrm")
CONFFILE = "etc/patchring-agent/agent.conf"


@dataclass(frozen=True)
class Entry:
    name: str
    content: bytes
    mode: int = 0o644


def build(folder: Path, epoch_s: int) -> Path:
    version, data = sources.version(), _data()
    members = [
        ("debian-binary", b"2.0\n"),
        ("control.tar.xz", _tar(_control(version, data), epoch_s)),
        ("data.tar.xz", _tar(data, epoch_s)),
    ]
    path = folder / f"patchring-agent_{version}_all.deb"
    path.write_bytes(b"!<arch>\n" + b"".join(_member(name, content, epoch_s) for name, content in members))
    return path


def _data() -> list[Entry]:
    code = [Entry(f"{LIBRARY}/{name}", content) for name, content in sources.files()]
    return [
        *code,
        Entry("usr/bin/patchring-agent", _file("patchring-agent"), 0o755),
        Entry("usr/lib/systemd/system/patchring-agent.service", _file("patchring-agent.service")),
        Entry(CONFFILE, _file("agent.conf")),
        Entry("usr/share/doc/patchring-agent/copyright", _file("copyright")),
        Entry("usr/share/doc/patchring-agent/README.md", (sources.REPOSITORY / "docs/agent.md").read_bytes()),
    ]


def _control(version: str, data: Sequence[Entry]) -> list[Entry]:
    size_kib = sum(len(entry.content) // 1024 + 1 for entry in data)
    control = _file("control").decode().replace("@VERSION@", version).replace("@SIZE@", str(size_kib))
    sums = "".join(f"{hashlib.md5(e.content).hexdigest()}  {e.name}\n" for e in data)  # noqa: S324 - dpkg's own format
    return [
        Entry("control", control.encode()),
        Entry("conffiles", f"/{CONFFILE}\n".encode()),
        Entry("md5sums", sums.encode()),
        *(Entry(name, _file(name), 0o755) for name in SCRIPTS),
    ]


def _file(name: str) -> bytes:
    return (FILES / name).read_bytes()


def _tar(entries: Sequence[Entry], epoch_s: int) -> bytes:
    """Everything belongs to root and is as old as `epoch_s`; folders come before what is in them."""
    raw = io.BytesIO()
    with tarfile.open(fileobj=raw, mode="w", format=tarfile.GNU_FORMAT) as archive:
        folders = {parent for entry in entries for parent in PurePosixPath(entry.name).parents}
        for folder in sorted(str(f) for f in folders):
            info = tarfile.TarInfo("./" if folder == "." else f"./{folder}/")
            info.type, info.mode, info.mtime = tarfile.DIRTYPE, 0o755, epoch_s
            archive.addfile(info)
        for entry in sorted(entries, key=lambda e: e.name):
            info = tarfile.TarInfo(f"./{entry.name}")
            info.size, info.mode, info.mtime = len(entry.content), entry.mode, epoch_s
            archive.addfile(info, io.BytesIO(entry.content))
    return lzma.compress(raw.getvalue(), preset=6)


def _member(name: str, content: bytes, epoch_s: int) -> bytes:
    header = f"{name:<16}{epoch_s:<12}{0:<6}{0:<6}{0o100644:<8o}{len(content):<10}`\n".encode("ascii")
    return header + content + (b"\n" if len(content) % 2 else b"")
