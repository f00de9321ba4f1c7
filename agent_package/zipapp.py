"""One file that runs with python3 and python3-cryptography: a zip with a shebang line."""

from __future__ import annotations

import io
import time
import zipfile
from pathlib import Path

from agent_package import sources

SHEBANG = b"#!/usr/bin/python3 -I\n"
MAIN = b"import sys\n\nfrom patchring_agent.__main__ import main\n\nsys.exit(main())\n"


def build(folder: Path, epoch_s: int) -> Path:
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, data in [("__main__.py", MAIN), *sources.files()]:
            entry = zipfile.ZipInfo(name, time.gmtime(epoch_s)[:6])
            entry.external_attr = 0o644 << 16
            entry.create_system = 3
            archive.writestr(entry, data, zipfile.ZIP_DEFLATED, 9)
    path = folder / "patchring-agent.pyz"
    path.write_bytes(SHEBANG + content.getvalue())
    path.chmod(0o755)
    return path
